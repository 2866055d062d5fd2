#include "codec/ggml_steps.h"

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "codec/ggml.h"

namespace qualm::codec {
namespace {

constexpr std::int64_t kLength = 256;

/// A few blocks of random bytes whose scales are finite and large enough to divide by.
std::string random_blocks(int type, std::size_t blocks) {
  const auto facts = *ggml_type_facts(type);
  std::mt19937 random(static_cast<unsigned>(type));
  std::string bytes(blocks * static_cast<std::size_t>(facts.bytes), '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

model::Tensor tensor_of(int type, const std::string& bytes) {
  const auto facts = *ggml_type_facts(type);
  const std::int64_t weights =
      static_cast<std::int64_t>(bytes.size()) / facts.bytes * facts.weights;
  const auto file = memory_file("t", bytes);
  model::Tensor tensor;
  tensor.name = "t";
  tensor.dims = {kLength, weights / kLength};
  tensor.encoding = {facts.name, type};
  tensor.data = *make_ggml(type, weights / kLength, kLength, file->bytes(), file);
  return tensor;
}

/// Distance of x from the nearest whole number.
double off_grid(double x) { return std::abs(x - std::round(x)); }

class UniformGrids : public ::testing::TestWithParam<int> {};

TEST_P(UniformGrids, weights_of_a_group_lie_whole_steps_apart) {
  const int type = GetParam();
  const model::Tensor tensor = tensor_of(type, random_blocks(type, 8192 / 32 * 8));
  const std::int64_t rows = tensor.row_count();
  std::vector<float> weights(static_cast<std::size_t>(rows * kLength));
  std::vector<float> steps(weights.size());
  ASSERT_TRUE(tensor.data->rows(0, rows, weights));
  ASSERT_TRUE(tensor.data->steps());
  ASSERT_TRUE(tensor.data->steps()->rows(0, rows, steps));
  std::int64_t tried = 0, single = 0;
  for (std::size_t i = 0; i + 1 < weights.size(); ++i) {
    const double step = steps[i];
    // Groups begin at multiples of 16 and have offsets of their own; subnormal scales leave no
    // digits to look at.
    if (i % 16 == 15 || steps[i + 1] != steps[i] || !(step > 1e-4) || !std::isfinite(weights[i]))
      continue;
    if (!std::isfinite(weights[i + 1]) || std::abs(weights[i]) > 1e5 * step) continue;
    const double apart = (static_cast<double>(weights[i + 1]) - weights[i]) / step;
    EXPECT_LT(off_grid(apart), 0.02) << ggml_type_name(static_cast<ggml_type>(type)) << " at " << i;
    ++tried;
    single += std::abs(std::abs(apart) - 1) < 0.02 ? 1 : 0;
  }
  EXPECT_GT(tried, 1000);
  EXPECT_GT(single, 0) << "the step is not a multiple of the true one";
}

INSTANTIATE_TEST_SUITE_P(All, UniformGrids,
                         ::testing::Values(GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_0,
                                           GGML_TYPE_Q5_1, GGML_TYPE_Q8_0, GGML_TYPE_Q2_K,
                                           GGML_TYPE_Q3_K, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K,
                                           GGML_TYPE_Q6_K, GGML_TYPE_TQ1_0, GGML_TYPE_TQ2_0),
                         [](const auto& type) {
                           return std::string(ggml_type_name(static_cast<ggml_type>(type.param)));
                         });

class Books : public ::testing::TestWithParam<int> {};

TEST_P(Books, a_step_reaches_to_the_farther_neighbour_of_the_same_scale) {
  const int type = GetParam();
  const model::Tensor tensor = tensor_of(type, random_blocks(type, 8192));
  const std::int64_t rows = tensor.row_count();
  std::vector<float> weights(static_cast<std::size_t>(rows * kLength));
  std::vector<float> steps(weights.size());
  ASSERT_TRUE(tensor.data->rows(0, rows, weights));
  ASSERT_TRUE(tensor.data->steps());
  ASSERT_TRUE(tensor.data->steps()->rows(0, rows, steps));
  int tried = 0;
  for (std::size_t at = 0; at < weights.size(); at += 32) {
    std::set<float> values(weights.begin() + static_cast<std::ptrdiff_t>(at),
                           weights.begin() + static_cast<std::ptrdiff_t>(at + 32));
    const std::size_t all = type == GGML_TYPE_MXFP4 ? 15 : 16;  // +0 and -0
    if (values.size() < all || !std::isnormal(steps[at]) || !std::isfinite(*values.rbegin()) ||
        !std::isfinite(*values.begin()))
      continue;
    for (std::size_t i = at; i < at + 32; ++i) {
      const auto here = values.find(weights[i]);
      float gap = here == values.begin() ? 0 : *here - *std::prev(here);
      if (std::next(here) != values.end()) gap = std::max(gap, *std::next(here) - *here);
      ASSERT_NEAR(steps[i], gap, 1e-5F * gap) << "weight " << i;
      ++tried;
    }
  }
  EXPECT_GT(tried, 1000);
}

INSTANTIATE_TEST_SUITE_P(All, Books,
                         ::testing::Values(GGML_TYPE_IQ4_NL, GGML_TYPE_IQ4_XS, GGML_TYPE_MXFP4),
                         [](const auto& type) {
                           return std::string(ggml_type_name(static_cast<ggml_type>(type.param)));
                         });

TEST(GgmlSteps, lattices_and_numbers_have_none) {
  for (const int type : {GGML_TYPE_F32, GGML_TYPE_F16, GGML_TYPE_IQ2_XS, GGML_TYPE_IQ1_S})
    EXPECT_FALSE(tensor_of(type, random_blocks(type, 1024)).data->steps());
}

TEST(GgmlSteps, rows_that_are_not_there_have_none) {
  const model::Tensor tensor = tensor_of(GGML_TYPE_Q4_K, random_blocks(GGML_TYPE_Q4_K, 4));
  const auto steps = tensor.data->steps();
  std::vector<float> out(kLength);
  EXPECT_FALSE(steps->rows(4, 1, out));
  EXPECT_FALSE(steps->rows(-1, 1, out));
  EXPECT_FALSE(steps->rows(0, 2, out));
}

}  // namespace
}  // namespace qualm::codec
