// Provenance in the packings of other tools: two layers of the bundled base and fine-tune, rounded
// to the nearest.
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <string>
#include <string_view>

#include "formats/read.h"
#include "support/packed_models.h"
#include "weights/origin.h"
#include "weights/quantization_error.h"

namespace qualm::weights {
namespace {

model::Checkpoint two_layers(const std::string& name) {
  auto model = *formats::read(std::string(QUALM_SOURCE_DIR) + "/models/" + name);
  std::erase_if(model.tensors, [](const model::Tensor& tensor) {
    return !tensor.name.starts_with("blk.0.") && !tensor.name.starts_with("blk.3.");
  });
  return model;
}

struct Pair {
  model::Checkpoint base = two_layers("qualm-tiny-base-F16.gguf");
  model::Checkpoint tuned = two_layers("qualm-tiny-finetune-F16.gguf");

  /// base + factor (tuned - base); `norms`: false leaves the base's.
  [[nodiscard]] model::Checkpoint at(double factor, bool norms = true) const {
    return test::made_from(base, [&](const model::Tensor& tensor) {
      const auto b = test::values_of(tensor);
      if (!norms && tensor.row_count() == 1) return b;
      return test::plus(b, factor, test::plus(test::values_of(*tuned.find(tensor.name)), -1, b));
    });
  }
};

Provenance examined_packed(const model::Checkpoint& of, const char* scheme,
                           const model::Checkpoint& tuned, const model::Checkpoint& base) {
  Progress progress;
  auto found = provenance(test::packed(of, scheme), tuned, &base, 1, progress);
  EXPECT_TRUE(found) << describe(found.error());
  return *std::move(found);
}

class Schemes : public ::testing::TestWithParam<const char*> {};

TEST_P(Schemes, of_the_fine_tune_the_base_a_merge_and_another_model_are_told_apart) {
  const Pair pair;
  const auto expect = [&](double alpha, Origin origin) {
    const auto found = examined_packed(pair.at(alpha), GetParam(), pair.tuned, pair.base);
    EXPECT_EQ(found.origin, origin) << to_string(found.origin);
    ASSERT_TRUE(found.alpha && found.within_difference && found.residual_over_step);
    // Three standard errors: of thirty intervals of 95 % one or two miss.
    EXPECT_NEAR(found.alpha->value, alpha, 0.75 * (found.alpha->high - found.alpha->low))
        << to_string(found.origin);
    EXPECT_LT(*found.residual_over_step, 1.2);  // plain rounding, a few weights cut
    if (alpha == 1) {
      EXPECT_GT(found.within_difference->low, 0) << "nearer to the fine-tune";
      EXPECT_GT(found.within_fine_tune->value, 0.98);
    }
    if (alpha == 0) {
      EXPECT_LT(found.within_difference->high, 0) << "nearer to the base";
      EXPECT_GT(found.within_base->value, 0.98);
    }
  };
  expect(1, Origin::fine_tune);
  expect(0, Origin::base);
  expect(0.5, Origin::merge);
  std::uint32_t seed = 1;
  const auto other = test::made_from(pair.base, [&](const model::Tensor& tensor) {
    return test::noise(static_cast<std::size_t>(tensor.parameters()), 0.05, ++seed);
  });
  const auto found = examined_packed(other, GetParam(), pair.tuned, pair.base);
  EXPECT_EQ(found.origin, Origin::neither) << to_string(found.origin);
}

/// The weakest fine-tune that was told from its base, as a part of the real one (which is 0.11 of
/// the base's weights), each tried a tenth of the one before: the table in
/// docs/results/formats.md.
const std::map<std::string_view, double> kWeakest{
    {"GPTQ4", 1e-2}, {"GPTQ2", 1e-1}, {"AWQ", 1e-2},  {"EXL2", 1e-2}, {"NF4", 1e-2},
    {"HQQ8", 1e-3},  {"INT4", 1e-2},  {"INT8", 1e-3}, {"FP8", 1e-2},  {"MXFP4", 1e-2}};

TEST_P(Schemes, weaker_fine_tunes_are_told_down_to_a_limit_and_below_it_not_mistaken) {
  const Pair pair;
  const double weakest = kWeakest.at(GetParam());
  for (const double factor : {weakest, weakest / 10}) {
    const auto tuned = pair.at(factor, false);  // the base's norms, which give nothing away
    for (const bool own : {true, false}) {
      const auto found = examined_packed(own ? tuned : pair.base, GetParam(), tuned, pair.base);
      const Origin right = own ? Origin::fine_tune : Origin::base;
      EXPECT_TRUE(found.origin == right || found.origin == Origin::cannot_tell)
          << factor << ": " << to_string(found.origin);
      if (factor == weakest) {
        EXPECT_EQ(found.origin, right) << factor << ": " << to_string(found.origin);
      }
    }
  }
}

TEST_P(Schemes, the_error_of_an_even_grid_is_estimated_from_the_file_alone) {
  const Pair pair;
  const auto packed = test::packed(pair.base, GetParam());
  const std::string_view scheme = GetParam();
  const bool even = scheme != "NF4" && scheme != "FP8" && scheme != "MXFP4";
  for (const model::Tensor& tensor : packed.tensors) {
    if (tensor.row_count() == 1) continue;
    const auto estimate = quantization_error_of(tensor).relative_error();
    ASSERT_EQ(estimate.has_value(), even) << tensor.encoding.name;
    if (!even) continue;
    const auto w = test::values_of(tensor), of = test::values_of(*pair.base.find(tensor.name));
    double error = 0, power = 0;
    for (std::size_t i = 0; i < w.size(); ++i) {
      error += (double{w[i]} - of[i]) * (double{w[i]} - of[i]);
      power += double{of[i]} * of[i];
    }
    const double ratio = *estimate / std::sqrt(error / power);
    RecordProperty(tensor.name, std::to_string(ratio));
    EXPECT_GT(ratio, kEstimateOverTrueLow) << tensor.name;
    EXPECT_LT(ratio, kEstimateOverTrueHigh) << tensor.name;
  }
}

INSTANTIATE_TEST_SUITE_P(All, Schemes, ::testing::ValuesIn(test::kSchemes),
                         [](const auto& scheme) { return std::string(scheme.param); });

}  // namespace
}  // namespace qualm::weights
