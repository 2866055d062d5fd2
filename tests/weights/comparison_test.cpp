#include "weights/comparison.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>

#include "support/checkpoints.h"
#include "weights/blocks.h"
#include "weights/unscale.h"

namespace qualm::weights {
namespace {

using test::float_tensor;
using test::noise;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

model::Checkpoint checkpoint(std::vector<model::Tensor> tensors) {
  model::Checkpoint made;
  made.path = "memory";
  made.tensors = std::move(tensors);
  return made;
}

WeightComparison compared(const model::Checkpoint& model, const model::Checkpoint& baseline,
                          int threads = 1) {
  Progress progress;
  auto result = compare(model, baseline, threads, progress);
  EXPECT_TRUE(result) << describe(result.error());
  return result.value_or(WeightComparison{});
}

TEST(Compare, a_model_against_itself_shows_no_difference) {
  const auto model = checkpoint({float_tensor("blk.0.attn_q.weight", {64, 64}, noise(4096, 1, 1)),
                                 float_tensor("output_norm.weight", {64}, noise(64, 1, 2))});
  const auto result = compared(model, model);
  EXPECT_EQ(*relative_error(result.whole.sums), 0);
  EXPECT_TRUE(result.offenders.empty());
  EXPECT_EQ(result.whole.tensors, 2);
}

TEST(Compare, classes_layers_and_offenders_are_told_apart) {
  const auto b = noise(4096, 1, 1);
  const auto model = checkpoint(
      {float_tensor("blk.0.attn_q.weight", {64, 64}, test::plus(b, 0.1, noise(4096, 1, 5))),
       float_tensor("blk.7.ffn_up.weight", {64, 64}, test::plus(b, 0.3, noise(4096, 1, 6))),
       float_tensor("output.weight", {64, 64}, b)});
  const auto baseline = checkpoint({float_tensor("blk.0.attn_q.weight", {64, 64}, b),
                                    float_tensor("blk.7.ffn_up.weight", {64, 64}, b),
                                    float_tensor("output.weight", {64, 64}, b)});
  const auto result = compared(model, baseline);
  EXPECT_THAT(result.offenders, ElementsAre(1, 0));
  EXPECT_NEAR(*relative_error(result.layers.at(7).sums), 0.3, 0.01);
  EXPECT_NEAR(*relative_error(result.classes.at(model::TensorClass::attn_q).sums), 0.1, 0.005);
  EXPECT_EQ(result.layers.size(), 2U);
  EXPECT_EQ(result.whole.max_tensor, "blk.7.ffn_up.weight");
}

TEST(Compare, the_answer_does_not_depend_on_threads) {
  const std::int64_t rows = 1024;  // 8 blocks of 32768 weights
  const auto b = noise(static_cast<std::size_t>(256 * rows), 1, 1);
  const auto model = checkpoint(
      {float_tensor("output.weight", {256, rows}, test::plus(b, 0.1, noise(b.size(), 1, 2)))});
  const auto baseline = checkpoint({float_tensor("output.weight", {256, rows}, b)});
  const auto one = compared(model, baseline, 1), many = compared(model, baseline, 7);
  EXPECT_EQ(one.whole.sums.error, many.whole.sums.error);
  EXPECT_EQ(one.whole.sums.product, many.whole.sums.product);
  EXPECT_EQ(one.whole.sums.max_row, many.whole.sums.max_row);
}

TEST(Compare, padded_embeddings_are_compared_in_their_common_rows) {
  auto long_rows = noise(64 * 12, 1, 1);
  const std::vector<float> short_rows(long_rows.begin(), long_rows.begin() + 64 * 10);
  const auto model = checkpoint({float_tensor("token_embd.weight", {64, 10}, short_rows)});
  const auto baseline = checkpoint({float_tensor("token_embd.weight", {64, 12}, long_rows)});
  const auto result = compared(model, baseline);
  EXPECT_EQ(result.whole.parameters, 640);
  EXPECT_EQ(*relative_error(result.whole.sums), 0);
  ASSERT_TRUE(result.tensors[0].padded);
  EXPECT_EQ(result.tensors[0].padded->model, 10);
  EXPECT_EQ(result.tensors[0].padded->baseline, 12);
  EXPECT_DOUBLE_EQ(result.whole.baseline_bytes, 640 * 4);
  EXPECT_EQ(compared(baseline, model).whole.parameters, 640);
}

TEST(Compare, other_shapes_and_lonely_tensors_are_listed_and_not_fatal) {
  const auto model = checkpoint({float_tensor("blk.0.attn_q.weight", {64, 2}, noise(128, 1, 1)),
                                 float_tensor("only.model", {4}, noise(4, 1, 1))});
  const auto baseline = checkpoint({float_tensor("blk.0.attn_q.weight", {32, 4}, noise(128, 1, 1)),
                                    float_tensor("only.baseline", {4}, noise(4, 1, 1))});
  const auto result = compared(model, baseline);
  EXPECT_THAT(result.only_in_model, ElementsAre("only.model"));
  EXPECT_THAT(result.only_in_baseline, ElementsAre("only.baseline"));
  ASSERT_EQ(result.not_compared.size(), 1U);
  EXPECT_EQ(result.not_compared[0].dims, (std::vector<std::int64_t>{64, 2}));
  EXPECT_EQ(result.not_compared[0].baseline_dims, (std::vector<std::int64_t>{32, 4}));
  EXPECT_TRUE(result.tensors.empty());
}

/// Claims more than any memory holds.
class Endless final : public model::TensorData {
 public:
  Result<void> rows(std::int64_t, std::int64_t, std::span<float>) const override {
    return fail({Kind::input, "FAKE-004", "", "", "not to be asked", "", ""});
  }
};

TEST(Compare, a_row_longer_than_memory_is_listed_and_not_read) {
  model::Tensor tensor;
  tensor.name = "output.weight";
  tensor.dims = {std::int64_t{1} << 40};
  tensor.data = std::make_shared<Endless>();
  const auto model = checkpoint({tensor});
  const auto result = compared(model, model);
  ASSERT_EQ(result.not_compared.size(), 1U);
  EXPECT_EQ(result.not_compared[0].dims, result.not_compared[0].baseline_dims);
}

TEST(Compare, a_decoder_that_fails_names_file_and_tensor) {
  model::Tensor tensor;
  tensor.name = "output.weight";
  tensor.dims = {64, 64};
  tensor.data = std::make_shared<Endless>();
  Progress progress;
  const auto model = checkpoint({tensor});
  const auto result = compare(model, model, 2, progress);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "FAKE-004");
  EXPECT_EQ(result.error().place, "tensor output.weight");
  EXPECT_EQ(result.error().file, "memory");
}

class Stopped final : public Progress {
 public:
  bool cancelled() const override { return true; }
};

TEST(Compare, a_stop_is_obeyed) {
  Stopped progress;
  const auto model = checkpoint({float_tensor("output.weight", {64, 64}, noise(4096, 1, 1))});
  const auto result = compare(model, model, 2, progress);
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, "COMPARE-001");
  EXPECT_EQ(result.error().kind, Kind::cancelled);
}

TEST(Blocks, each_is_run_once_and_the_first_error_wins) {
  Progress progress;
  std::vector<std::atomic<int>> runs(100);
  const auto fine = for_each_block(100, 4, progress, [&](std::int64_t block, int) -> Result<void> {
    ++runs[static_cast<std::size_t>(block)];
    return {};
  });
  EXPECT_TRUE(fine);
  for (const auto& count : runs) EXPECT_EQ(count, 1);
  for (int attempt = 0; attempt < 20; ++attempt) {
    const auto bad = for_each_block(100, 4, progress, [&](std::int64_t block, int) -> Result<void> {
      if (block < 5) return {};
      return fail({Kind::input, std::to_string(block), "", "", "", "", ""});
    });
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error().code, "5");
  }
}

// AWQ: an attention and a feed-forward block whose scales were folded as AutoAWQ folds them.
struct Folded {
  model::Checkpoint original, folded;
  explicit Folded(double rounding) {
    constexpr std::size_t kIn = 64, kUp = 96;
    std::vector<float> s(kIn), s_up(kUp);
    for (std::size_t i = 0; i < kIn; ++i) s[i] = 0.5F + static_cast<float>(i % 7);
    for (std::size_t i = 0; i < kUp; ++i) s_up[i] = 0.3F + static_cast<float>(i % 5);
    const auto norm = test::plus(std::vector<float>(kIn, 1.0F), 0.1, noise(kIn, 1, 1));
    auto small = norm;
    for (std::size_t i = 0; i < kIn; ++i) small[i] /= s[i];
    const auto add = [&](const char* name, std::size_t rows, std::size_t columns,
                         std::uint32_t seed, const std::vector<float>* by_column,
                         const std::vector<float>* by_row) {
      const auto w = noise(rows * columns, 1, seed);
      auto changed = test::plus(w, rounding, noise(w.size(), 1, seed + 100));
      for (std::size_t i = 0; i < w.size(); ++i) {
        if (by_column) changed[i] *= (*by_column)[i % columns];
        if (by_row) changed[i] /= (*by_row)[i / columns];
      }
      const std::vector<std::int64_t> dims{static_cast<std::int64_t>(columns),
                                           static_cast<std::int64_t>(rows)};
      original.tensors.push_back(float_tensor(name, dims, w));
      folded.tensors.push_back(float_tensor(name, dims, changed));
    };
    for (const char* name : {"blk.0.attn_norm.weight", "blk.0.ffn_norm.weight"}) {
      original.tensors.push_back(float_tensor(name, {kIn}, norm));
      folded.tensors.push_back(float_tensor(name, {kIn}, small));
    }
    add("blk.0.attn_q.weight", kIn, kIn, 2, &s, nullptr);
    add("blk.0.attn_v.weight", 32, kIn, 3, &s, nullptr);
    add("blk.0.attn_output.weight", kIn, kIn, 4, nullptr, nullptr);  // grouped heads: not folded
    add("blk.0.ffn_gate.weight", kUp, kIn, 5, &s, nullptr);
    add("blk.0.ffn_up.weight", kUp, kIn, 6, &s, &s_up);
    add("blk.0.ffn_down.weight", kIn, kUp, 7, &s_up, nullptr);
  }
};

TEST(Unscale, scales_that_awq_folded_are_undone_before_comparing) {
  const Folded pair(0.02);
  const auto result = compared(pair.folded, pair.original);
  for (const TensorComparison& tensor : result.tensors)
    EXPECT_LT(*relative_error(tensor.sums), 0.03) << tensor.name;
  const auto unscaled = [&](std::string_view name) {
    return std::ranges::find(result.tensors, name, &TensorComparison::name)->unscaled;
  };
  EXPECT_EQ(unscaled("blk.0.attn_q.weight"), Unscaled::exactly);
  EXPECT_EQ(unscaled("blk.0.attn_output.weight"), Unscaled::no);
  EXPECT_EQ(unscaled("blk.0.ffn_down.weight"), Unscaled::per_channel);
}

TEST(Unscale, mild_scales_are_undone_where_both_sides_were_rounded) {
  const auto w = noise(64 * 64, 1, 1);
  std::vector<float> norm(64, 1.0F), by_column(64);
  for (std::size_t i = 0; i < 64; ++i) by_column[i] = 0.7F + 0.1F * static_cast<float>(i % 7);
  auto folded = test::plus(w, 0.14, noise(w.size(), 1, 2));
  for (std::size_t i = 0; i < w.size(); ++i) folded[i] *= by_column[i % 64];
  const auto baseline = checkpoint(
      {float_tensor("blk.0.attn_norm.weight", {64}, norm),
       float_tensor("blk.0.attn_q.weight", {64, 64}, test::plus(w, 0.13, noise(w.size(), 1, 3)))});
  for (std::size_t i = 0; i < 64; ++i) norm[i] /= by_column[i];
  const auto model = checkpoint({float_tensor("blk.0.attn_norm.weight", {64}, norm),
                                 float_tensor("blk.0.attn_q.weight", {64, 64}, folded)});
  EXPECT_TRUE(find_unscaling(model, baseline)->contains("blk.0.attn_q.weight"));
}

TEST(Unscale, norms_that_were_trained_are_no_folded_scales) {
  const auto w = noise(64 * 64, 1, 1);
  const auto norm = std::vector<float>(64, 1.0F);
  const auto baseline = checkpoint({float_tensor("blk.0.attn_norm.weight", {64}, norm),
                                    float_tensor("blk.0.attn_q.weight", {64, 64}, w)});
  const auto tuned = checkpoint(
      {float_tensor("blk.0.attn_norm.weight", {64}, test::plus(norm, 0.05, noise(64, 1, 9))),
       float_tensor("blk.0.attn_q.weight", {64, 64}, test::plus(w, 0.1, noise(64 * 64, 1, 8)))});
  EXPECT_TRUE(find_unscaling(tuned, baseline)->empty());
}

}  // namespace
}  // namespace qualm::weights
