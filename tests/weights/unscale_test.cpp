#include "weights/unscale.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/checkpoints.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

using test::float_tensor;
using test::noise;
using test::plus;

constexpr std::size_t kIn = 64;

float scale(std::size_t column) { return 0.5F + 0.3F * static_cast<float>(column % 7); }

/// A layer of experts whose names in `scaled` have their columns times s, and `divided` by it.
model::Checkpoint layer(const std::vector<std::string>& scaled, const std::string& divided) {
  model::Checkpoint made;
  std::uint32_t seed = 1;
  const auto has = [&](const std::string& name) {
    return std::ranges::find(scaled, name) != scaled.end();
  };
  const auto add = [&](const std::string& name, std::vector<std::int64_t> dims, float at) {
    std::size_t count = 1;
    for (const std::int64_t dim : dims) count *= static_cast<std::size_t>(dim);
    auto values = plus(std::vector<float>(count, at), 1, noise(count, 0.05, ++seed));
    for (std::size_t i = 0; i < count; ++i) {
      if (has(name)) values[i] *= scale(i % kIn);
      if (name == divided) values[i] /= scale(i % kIn);
    }
    made.tensors.push_back(float_tensor("blk.0." + name + ".weight", std::move(dims), values));
  };
  add("attn_norm", {kIn}, 1);
  add("attn_q", {kIn, 64}, 0);
  add("attn_k", {kIn, 32}, 0);
  add("ffn_norm", {kIn}, 1);
  add("ffn_gate_inp", {kIn, 8}, 0);
  add("ffn_gate_exps", {kIn, 32, 8}, 0);
  add("ffn_up_exps", {kIn, 32, 8}, 0);
  add("ffn_up_shexp", {kIn, 32}, 0);
  return made;
}

const std::vector<std::string> kAll{"ffn_gate_inp", "ffn_gate_exps", "ffn_up_exps", "ffn_up_shexp"};

TEST(Unscale, every_reader_of_a_scaled_norm_in_a_mixture_is_undone) {
  std::vector<MismatchedTensor> mismatched;
  const auto found = find_unscaling(layer(kAll, "ffn_norm"), layer({}, ""), &mismatched);
  EXPECT_EQ(found->size(), 5U);
  EXPECT_TRUE(mismatched.empty());
}

TEST(Unscale, a_router_that_was_left_out_is_named) {
  std::vector<MismatchedTensor> mismatched;
  const auto found =
      find_unscaling(layer({"ffn_gate_exps", "ffn_up_exps", "ffn_up_shexp"}, "ffn_norm"),
                     layer({}, ""), &mismatched);
  EXPECT_EQ(found->size(), 4U);
  ASSERT_EQ(mismatched.size(), 1U);
  EXPECT_EQ(mismatched[0].tensor, "blk.0.ffn_gate_inp.weight");
  EXPECT_EQ(mismatched[0].mismatch.kind, Mismatch::Kind::not_scaled);
}

TEST(Unscale, scales_in_the_wrong_norm_are_named_as_that) {
  std::vector<MismatchedTensor> mismatched;
  const auto found = find_unscaling(layer(kAll, "attn_norm"), layer({}, ""), &mismatched);
  EXPECT_TRUE(found->empty());
  ASSERT_EQ(mismatched.size(), 4U);
  EXPECT_EQ(mismatched[0].mismatch.kind, Mismatch::Kind::other_norm);
  EXPECT_EQ(mismatched[0].mismatch.other, "blk.0.attn_norm.weight");
}

}  // namespace
}  // namespace qualm::weights
