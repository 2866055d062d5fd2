// Provenance on real quantizers: the bundled base and fine-tune through libllama, in every scheme.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "assemble/recipe.h"
#include "engine/llama_engine.h"
#include "formats/read.h"
#include "support/checkpoints.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

const std::string kModels = std::string(QUALM_SOURCE_DIR) + "/models/";

struct Bundled {
  model::Checkpoint base = *formats::read(kModels + "qualm-tiny-base-F16.gguf");
  model::Checkpoint tuned = *formats::read(kModels + "qualm-tiny-finetune-F16.gguf");
};

/// base + factor (tuned - base), in F32.
model::Checkpoint mixed(const Bundled& models, double factor) {
  return test::made_from(models.base, [&](const model::Tensor& base) {
    const auto b = test::values_of(base);
    const auto difference = test::plus(test::values_of(*models.tuned.find(base.name)), -1, b);
    return test::plus(b, factor, difference);
  });
}

/// Every input as important as any other: what the mixes below 3 bits want is there, and says
/// nothing.
model::Importance even_importance(const model::Checkpoint& of) {
  model::Importance importance;
  for (const model::Tensor& tensor : of.tensors)
    if (tensor.row_count() > 1)
      importance.entries.push_back(
          {tensor.name, std::vector<float>(static_cast<std::size_t>(tensor.row_length()), 1), {}});
  return importance;
}

/// A checkpoint, quantized by libllama and read back.
class Quant {
 public:
  Quant(const model::Checkpoint& of, const std::string& mix) {
    Progress progress;
    const model::Importance even = even_importance(of);
    const auto source = assemble::assemble(of, nullptr, {}, progress);
    EXPECT_TRUE(source) << describe(source.error());
    auto made = engine::make_llama_quantizer()->quantize(
        source->path(), {.mix = mix,
                         .token_embedding_type = {},
                         .output_tensor_type = {},
                         .overrides = {},
                         .pure = false,
                         .allow_requantize = true,
                         .threads = 2,
                         .importance = mix == "IQ2_S" ? &even : nullptr});
    EXPECT_TRUE(made) << describe(made.error());
    image_.emplace(std::move(*made));
    checkpoint_ = *formats::read(image_->path());
  }
  [[nodiscard]] const model::Checkpoint& checkpoint() const { return checkpoint_; }

 private:
  std::optional<assemble::Image> image_;
  model::Checkpoint checkpoint_;
};

Provenance examined(const model::Checkpoint& candidate, const model::Checkpoint& tuned,
                    const model::Checkpoint* base) {
  Progress progress;
  auto found = provenance(candidate, tuned, base, 2, progress);
  EXPECT_TRUE(found) << describe(found.error());
  return *std::move(found);
}

class Mixes : public ::testing::TestWithParam<const char*> {};

TEST_P(Mixes, of_the_fine_tune_the_base_and_an_even_merge_are_told_apart) {
  const Bundled models;
  const auto expect = [&](const model::Checkpoint& of, double alpha, Origin origin) {
    const Quant quant(of, GetParam());
    const auto found = examined(quant.checkpoint(), models.tuned, &models.base);
    EXPECT_EQ(found.origin, origin) << to_string(found.origin);
    ASSERT_TRUE(found.alpha);
    EXPECT_LE(found.alpha->low, alpha) << to_string(found.origin);
    EXPECT_GE(found.alpha->high, alpha) << to_string(found.origin);
    EXPECT_LT(*found.smallest_delta, 2e-4) << "of the base's weights; the pair differs by 0.13";
    EXPECT_LT(*found.residual_share, 0.1);
  };
  expect(models.base, 0, Origin::base);
  expect(mixed(models, 0.5), 0.5, Origin::merge);
  expect(models.tuned, 1, Origin::fine_tune);
}

// Floats, uniform grids, a book (IQ4), lattices (IQ3_S, IQ2_S), which have no step.
INSTANTIATE_TEST_SUITE_P(All, Mixes,
                         ::testing::Values("Q8_0", "Q6_K", "Q4_K_M", "Q4_0", "Q3_K_S", "Q2_K",
                                           "IQ4_XS", "IQ3_S", "IQ2_S"),
                         [](const auto& mix) { return std::string(mix.param); });

class SmallDeltas : public ::testing::TestWithParam<const char*> {};

TEST_P(SmallDeltas, a_fine_tune_a_hundred_times_weaker_is_still_told) {
  const Bundled models;
  const auto tuned = mixed(models, 0.01);  // 0.13 % of the base's weights, far below a step
  const auto hidden = [&](const model::Checkpoint& of) {  // norms give nothing away
    return test::made_from(of, [&](const model::Tensor& tensor) {
      return test::values_of(tensor.row_count() == 1 ? *models.base.find(tensor.name) : tensor);
    });
  };
  const auto of_tuned =
      examined(Quant(hidden(tuned), GetParam()).checkpoint(), hidden(tuned), &models.base);
  EXPECT_EQ(of_tuned.origin, Origin::fine_tune) << to_string(of_tuned.origin);
  EXPECT_EQ(of_tuned.unquantized.same, 13);
  const auto of_base =
      examined(Quant(models.base, GetParam()).checkpoint(), hidden(tuned), &models.base);
  EXPECT_EQ(of_base.origin, Origin::base) << to_string(of_base.origin);
}

INSTANTIATE_TEST_SUITE_P(All, SmallDeltas,
                         ::testing::Values("Q8_0", "Q4_K_M", "Q2_K", "IQ3_S", "IQ2_S"),
                         [](const auto& mix) { return std::string(mix.param); });

TEST(ProvenanceEngine, a_model_of_the_same_shape_with_other_weights_is_of_neither) {
  const Bundled models;
  std::uint32_t seed = 1;
  const auto other = test::made_from(models.base, [&](const model::Tensor& tensor) {
    return test::noise(static_cast<std::size_t>(tensor.parameters()), 0.05, ++seed);
  });
  const Quant quant(other, "Q4_K_M");
  const auto found = examined(quant.checkpoint(), models.tuned, &models.base);
  EXPECT_EQ(found.origin, Origin::neither) << to_string(found.origin);
  const auto alone = examined(quant.checkpoint(), models.tuned, nullptr);
  EXPECT_EQ(alone.origin, Origin::neither) << to_string(alone.origin);
}

TEST(ProvenanceEngine, the_baseline_alone_clears_its_own_quant_and_not_the_bases) {
  const Bundled models;
  const auto own = examined(Quant(models.tuned, "Q4_K_M").checkpoint(), models.tuned, nullptr);
  EXPECT_EQ(own.origin, Origin::fine_tune) << to_string(own.origin);
  const auto base = examined(Quant(models.base, "Q4_K_M").checkpoint(), models.tuned, nullptr);
  EXPECT_EQ(base.origin, Origin::neither) << to_string(base.origin);
}

}  // namespace
}  // namespace qualm::weights
