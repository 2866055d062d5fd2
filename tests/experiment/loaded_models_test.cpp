#include "experiment/loaded_models.h"

#include <gtest/gtest.h>

#include "support/fake_engine.h"

namespace qualm::experiment {
namespace {

/// Loads fakes, and knows how many of them were alive at once.
class CountingEngine final : public engine::Engine {
 public:
  Result<std::shared_ptr<engine::Model>> load(const engine::ModelFile&,
                                              const engine::Settings&) override {
    ++loads;
    std::erase_if(alive_, [](const auto& model) { return model.expired(); });
    auto model = std::make_shared<test::FakeModel>(test::FakeBehaviour{});
    alive_.push_back(model);
    most = std::max(most, alive_.size());
    return model;
  }
  Result<std::shared_ptr<engine::Model>> load_tokenizer(const engine::ModelFile& file) override {
    return load(file, {});
  }
  std::string version() const override { return "fake"; }
  int loads = 0;
  std::size_t most = 0;

 private:
  std::vector<std::weak_ptr<engine::Model>> alive_;
};

Result<engine::ModelFile> any_file() { return engine::ModelFile{"m.gguf", "m"}; }

const Weights kMade = requantized("Q4_K_M");

TEST(LoadedModels, stay_loaded_side_by_side) {
  CountingEngine engine;
  LoadedModels models(engine, {}, Hold::all);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(models.get({}, any_file));
    ASSERT_TRUE(models.get(baseline_weights(), any_file));
  }
  EXPECT_EQ(engine.loads, 2);
  EXPECT_EQ(engine.most, 2U);
}

TEST(LoadedModels, that_are_held_one_at_a_time_leave_before_the_next_comes) {
  CountingEngine engine;
  LoadedModels models(engine, {}, Hold::one);
  for (int i = 0; i < 2; ++i) {
    ASSERT_TRUE(models.get({}, any_file));
    ASSERT_TRUE(models.get({}, any_file));
    ASSERT_TRUE(models.get(baseline_weights(), any_file));
  }
  EXPECT_EQ(engine.loads, 4);
  EXPECT_EQ(engine.most, 1U);
}

TEST(LoadedModels, one_that_is_loaded_to_make_another_leaves_too) {
  CountingEngine engine;
  LoadedModels models(engine, {}, Hold::one);
  ASSERT_TRUE(models.get(kMade, [&]() -> Result<engine::ModelFile> {
    QUALM_CHECK(models.get(baseline_weights(), any_file));  // an importance matrix is made of it
    return any_file();
  }));
  EXPECT_EQ(engine.most, 1U);
}

TEST(LoadedModels, made_to_try_something_are_loaded_alone) {
  CountingEngine engine;
  LoadedModels models(engine, {}, Hold::all);
  ASSERT_TRUE(models.get({}, any_file));
  ASSERT_TRUE(models.get(kMade, any_file));
  EXPECT_EQ(engine.most, 1U);
}

TEST(LoadedModels, made_ones_are_forgotten_alone) {
  CountingEngine engine;
  LoadedModels models(engine, {}, Hold::all);
  ASSERT_TRUE(models.get(kMade, any_file));
  ASSERT_TRUE(models.get({}, any_file));
  models.forget_made();
  ASSERT_TRUE(models.get({}, any_file));
  EXPECT_EQ(engine.loads, 2);
  ASSERT_TRUE(models.get(kMade, any_file));
  EXPECT_EQ(engine.loads, 3);
}

}  // namespace
}  // namespace qualm::experiment
