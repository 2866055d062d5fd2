#include "experiment/scores_blob.h"

#include <gtest/gtest.h>

#include "support/same_scores.h"

namespace qualm::experiment {
namespace {

using evaluate::Score;

std::vector<Score> scores() {
  return {{1.25, 2.5, 0.125F, -0.5F, 0.75F, 64, true, true},
          {1e-300, 700, 3e-9F, 0.25F, 1, 511, false, true},
          {0, 0, 0, 0, 0, 1 << 20, false, false, true}};
}

TEST(ScoresBlob, every_field_comes_back) {
  const auto before = scores();
  const auto back = unpack(pack(before));
  ASSERT_TRUE(back);
  ASSERT_EQ(back->size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) test::expect_same((*back)[i], before[i]);
}

TEST(ScoresBlob, no_scores_are_scores) {
  const auto back = unpack(pack({}));
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->empty());
}

TEST(ScoresBlob, any_flipped_bit_is_noticed) {
  const auto bytes = pack(scores());
  for (std::size_t i = 0; i < bytes.size() * 8; ++i) {
    auto damaged = bytes;
    damaged[i / 8] ^= std::byte{1} << (i % 8);
    EXPECT_FALSE(unpack(damaged)) << "bit " << i;
  }
}

TEST(ScoresBlob, any_other_length_is_noticed) {
  const auto bytes = pack(scores());
  for (std::size_t length = 0; length < bytes.size(); ++length)
    EXPECT_FALSE(unpack(std::span(bytes).first(length))) << length;
  auto longer = bytes;
  longer.push_back(std::byte{0});
  EXPECT_FALSE(unpack(longer));
}

}  // namespace
}  // namespace qualm::experiment
