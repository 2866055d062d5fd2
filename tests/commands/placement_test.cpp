// On which devices models lie.
#include "commands/placement.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_engine.h"
#include "support/notes.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm::commands {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

constexpr std::int64_t kGiB = std::int64_t{1} << 30;

/// A machine with these devices.
struct DeviceMachine : engine::Engine {
  Result<std::vector<engine::Device>> devices(const engine::Devices&) override { return all; }
  Result<std::shared_ptr<engine::Model>> load(const engine::ModelFile&,
                                              const engine::Settings&) override {
    return nullptr;
  }
  Result<std::shared_ptr<engine::Model>> load_tokenizer(const engine::ModelFile&) override {
    return nullptr;
  }
  std::string version() const override { return {}; }
  std::vector<engine::Device> all;
};

TEST(Placement, without_a_device_all_stays_on_the_cpu) {
  DeviceMachine machine;
  engine::Settings settings;
  settings.gpu_layers = 99;
  test::Notes said;
  ASSERT_TRUE(settle_devices(machine, settings, said));
  EXPECT_EQ(settings.gpu_layers, 0);
  EXPECT_THAT(settings.devices.names, ElementsAre(engine::kNoDevice));
  EXPECT_EQ(settings.devices.what, "");
  EXPECT_THAT(said.notes, ElementsAre());
}

TEST(Placement, devices_are_named_described_and_their_memory_is_counted_with_a_reserve) {
  DeviceMachine machine;
  machine.all = {{"Vulkan0", "A", 5 * kGiB, 8 * kGiB}, {"RPC0", "10.0.0.1:1", kGiB / 2, kGiB}};
  engine::Settings settings;
  settings.devices.rpc = {"10.0.0.1:1"};
  test::Notes said;
  ASSERT_TRUE(settle_devices(machine, settings, said));
  EXPECT_THAT(settings.devices.names, ElementsAre("Vulkan0", "RPC0"));
  EXPECT_EQ(settings.devices.what, "Vulkan0 (A),RPC0 (10.0.0.1:1)");
  EXPECT_EQ(settings.devices.memory, 4 * kGiB);
  EXPECT_THAT(said.notes, ElementsAre(HasSubstr("Vulkan0 (A), RPC0"), HasSubstr("not encrypted")));
}

TEST(Placement, as_many_layers_as_fit) {
  engine::Devices one{.names = {"Vulkan0"}, .memory = 8 * kGiB};
  EXPECT_EQ(layers_that_fit(32, 8 * kGiB, one), 33);
  EXPECT_EQ(layers_that_fit(32, 16 * kGiB, one), 16);
  one.names.emplace_back("Vulkan1");  // the same memory in two parts
  EXPECT_EQ(layers_that_fit(32, 16 * kGiB, one), 15);
  one.memory = 0;
  EXPECT_EQ(layers_that_fit(32, 16 * kGiB, one), 0);
}

TEST(Placement, models_that_are_held_together_share_the_devices) {
  const test::Scratch folder;
  test::write(folder.path("m.gguf"), test::RunnableGguf{}.build());
  const auto model = *experiment::OpenedModel::open(folder.path("m.gguf"));
  engine::Settings settings;
  const auto need = experiment::need_of_model(
      model->checkpoint(), settings, experiment::RunsAs::file, experiment::KeptTwice::none);
  settings.devices = {.names = {"Vulkan0"}, .memory = need.weights + need.context};
  const std::array both{model.get(), model.get()};
  const auto layers = [&](experiment::Hold hold) {
    engine::Settings tried = settings;
    test::Notes said;
    settle_layers(tried, both, hold, said);
    EXPECT_EQ(said.notes.empty(), hold == experiment::Hold::one);
    return tried.gpu_layers;
  };
  const auto all = *model->checkpoint().arch_integer("block_count");
  EXPECT_EQ(layers(experiment::Hold::one), all + 1);
  EXPECT_EQ(layers(experiment::Hold::all), all / 2);
  settings.gpu_layers = 1;
  EXPECT_EQ(layers(experiment::Hold::one), 1) << "as it was said";
}

}  // namespace
}  // namespace qualm::commands
