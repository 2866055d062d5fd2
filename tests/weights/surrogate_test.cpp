#include "weights/surrogate.h"

#include <gtest/gtest.h>

#include <cmath>

#include "support/gridded.h"
#include "support/plain_checkpoint.h"

namespace qualm::weights {
namespace {

using test::gridded;
using test::values_of;

model::Checkpoint plain() {
  model::Checkpoint all;
  all.tensors = {
      test::plain_tensor("blk.0.ffn_up.weight", 256, test::plain_values(std::size_t{256} * 400)),
      test::plain_tensor("output_norm.weight", 256, test::plain_values(256))};
  return all;
}

double rms_of_difference(const model::Tensor& a, const model::Tensor& b) {
  const auto x = values_of(a);
  const auto y = values_of(b);
  double squares = 0;
  for (std::size_t i = 0; i < x.size(); ++i)
    squares += (double{x[i]} - double{y[i]}) * (double{x[i]} - double{y[i]});
  return std::sqrt(squares / static_cast<double>(x.size()));
}

TEST(Surrogate, is_as_far_from_the_candidate_as_that_is_from_its_original) {
  const model::Checkpoint original = plain();
  // 127 levels a side: few weights lie at the end of their grid.
  const model::Checkpoint candidate = gridded(original, "Q8_0");
  const model::Checkpoint surrogate = surrogate_of(candidate, 1);
  EXPECT_NEAR(rms_of_difference(surrogate.tensors[0], candidate.tensors[0]) /
                  rms_of_difference(original.tensors[0], candidate.tensors[0]),
              1, 0.03);
  EXPECT_EQ(values_of(surrogate.tensors[1]), values_of(candidate.tensors[1])) << "a norm";
}

TEST(Surrogate, is_the_same_for_the_same_draw_whichever_rows_are_read_together) {
  const model::Checkpoint candidate = gridded(plain(), "Q4_0");
  const auto first = surrogate_of(candidate, 1);
  const auto again = surrogate_of(candidate, 1);
  const auto other = surrogate_of(candidate, 2);
  const auto whole = values_of(first.tensors[0]);
  EXPECT_EQ(whole, values_of(again.tensors[0]));
  EXPECT_NE(whole, values_of(other.tensors[0]));
  std::vector<float> row(256);
  ASSERT_TRUE(again.tensors[0].data->rows(7, 1, row));
  EXPECT_TRUE(std::equal(row.begin(), row.end(), whole.begin() + 7 * 256));
}

TEST(Surrogate, of_a_head_larger_than_all_layers_is_measured_at_each_fourth_position) {
  model::Checkpoint candidate;
  candidate.tensors = {
      test::plain_tensor("token_embd.weight", 256, test::plain_values(std::size_t{256} * 40)),
      test::plain_tensor("blk.0.ffn_up.weight", 256, test::plain_values(std::size_t{256} * 50))};
  EXPECT_EQ(stride_of_estimate(candidate), 1);
  candidate.tensors.push_back(
      test::plain_tensor("output.weight", 256, test::plain_values(std::size_t{256} * 51)));
  EXPECT_EQ(stride_of_estimate(candidate), 4);
  candidate.tensors[0] =
      test::plain_tensor("token_embd.weight", 256, test::plain_values(std::size_t{256} * 60));
  candidate.tensors.pop_back();
  EXPECT_EQ(stride_of_estimate(candidate), 4) << "tied";
}

TEST(Surrogate, has_noise_that_is_independent_from_row_to_row) {
  const model::Checkpoint candidate = gridded(plain(), "Q4_0");
  const auto surrogate = surrogate_of(candidate, 1);
  const auto before = values_of(candidate.tensors[0]);
  const auto after = values_of(surrogate.tensors[0]);
  const auto noise = [&](std::size_t row, std::size_t i) {
    return double{after[row * 256 + i]} - double{before[row * 256 + i]};
  };
  // Also shifted by one: seeds that follow each other must not give the same draws a place on.
  for (const std::size_t shift : {0U, 1U, 2U}) {
    double product = 0;
    double squares = 0;
    for (std::size_t row = 0; row + 1 < 400; ++row)
      for (std::size_t i = 0; i + shift < 256; ++i) {
        product += noise(row, i + shift) * noise(row + 1, i);
        squares += noise(row + 1, i) * noise(row + 1, i);
      }
    EXPECT_NEAR(product / squares, 0, 0.02) << shift;
  }
}

TEST(Surrogate, is_there_only_where_something_was_rounded_by_a_known_amount) {
  model::Checkpoint model = plain();
  EXPECT_EQ(no_surrogate(model), "its weights are floats: nothing was rounded");
  EXPECT_EQ(no_surrogate(gridded(model, "Q4_0")), "");
  model.tensors[0].encoding = model::Encoding("EXL3 3.00 bit");
  EXPECT_EQ(no_surrogate(model), "the rounding error of EXL3 3.00 bit is not known here");
}

TEST(Surrogate, says_what_the_trials_of_its_estimates_did_not_have) {
  model::Checkpoint model = gridded(plain(), "Q4_0");
  EXPECT_EQ(not_in_trials(plain()), "");
  model.tensors[0].encoding = model::Encoding("Q4_0", 2);
  EXPECT_EQ(not_in_trials(model), "");
  model.metadata.set("general.architecture", std::string("llama"));
  model.metadata.set("llama.expert_count", std::int64_t{8});
  EXPECT_EQ(not_in_trials(model), "mixtures of experts that were trained so");
  model.tensors[0].encoding = model::Encoding("AWQ 4 bit g128");
  EXPECT_EQ(not_in_trials(model), "AWQ 4 bit g128");
}

TEST(Surrogate, of_a_file_made_with_an_importance_matrix_is_told_apart) {
  model::Checkpoint model = gridded(plain(), "Q4_0");
  EXPECT_FALSE(made_with_importance(model));
  const numeric::Estimate without = truth_over_estimate(model);
  model.metadata.set("quantize.imatrix.file", std::string("calibration.dat"));
  EXPECT_TRUE(made_with_importance(model));
  EXPECT_LT(truth_over_estimate(model).value, without.value);
}

// GPTQ that read the text it is measured on loses a quarter of what plain rounding does.
TEST(Surrogate, of_a_package_that_may_have_read_the_text_the_range_is_wide) {
  model::Checkpoint model = gridded(plain(), "Q4_0");
  for (const char* name : {"GPTQ 4 bit g128", "AWQ 4 bit g128", "EXL2 4.00 bit"}) {
    model.tensors[0].encoding = model::Encoding(name);
    EXPECT_LT(truth_over_estimate(model).low, 0.25) << name;
  }
  for (const char* name : {"HQQ 4 bit g64", "bitsandbytes nf4"}) {  // these read none
    model.tensors[0].encoding = model::Encoding(name);
    EXPECT_GT(truth_over_estimate(model).low, 0.5) << name;
  }
}

}  // namespace
}  // namespace qualm::weights
