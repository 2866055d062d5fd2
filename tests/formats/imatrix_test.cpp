#include "formats/imatrix/imatrix.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

namespace qualm {
namespace {

using testing::ElementsAre;

template <class T>
std::string raw(T value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}
std::string text(const std::string& value) {
  return raw(static_cast<std::int32_t>(value.size())) + value;
}

std::string legacy() {
  return raw<std::int32_t>(1) + text("blk.0.ffn_up.weight") + raw<std::int32_t>(4) +
         raw<std::int32_t>(2) + raw(8.0F) + raw(2.0F);
}

auto read(const std::string& bytes) {
  return formats::read_imatrix(memory_file("made.dat", bytes));
}

TEST(imatrix, a_legacy_file_gives_mean_squares_and_no_counts) {
  const auto importance = read(legacy() + raw<std::int32_t>(4) + text("groups.txt"));
  ASSERT_TRUE(importance) << describe(importance.error());
  ASSERT_EQ(importance->entries.size(), 1U);
  EXPECT_EQ(importance->entries[0].tensor, "blk.0.ffn_up.weight");
  EXPECT_THAT(importance->entries[0].mean_squares, ElementsAre(2.0F, 0.5F));
  EXPECT_TRUE(importance->entries[0].counts.empty());
  EXPECT_EQ(importance->dataset, "groups.txt");
}

TEST(imatrix, a_legacy_file_of_an_old_version_ends_after_its_entries) {
  const auto importance = read(legacy());
  ASSERT_TRUE(importance) << describe(importance.error());
  EXPECT_EQ(importance->dataset, "");
}

TEST(imatrix, a_count_the_file_cannot_hold_is_refused_before_allocating) {
  const auto importance = read(raw<std::int32_t>(0x7fffffff) + std::string(64, 'x'));
  ASSERT_FALSE(importance);
  EXPECT_EQ(importance.error().code, "IMATRIX-004");
}

TEST(imatrix, a_negative_length_is_refused) {
  const auto importance = read(raw<std::int32_t>(1) + raw<std::int32_t>(-5) + std::string(64, 'x'));
  ASSERT_FALSE(importance);
  EXPECT_EQ(importance.error().code, "IMATRIX-004");
}

TEST(imatrix, a_file_that_ends_inside_its_values_is_refused) {
  const std::string whole = legacy();
  const auto importance = read(whole.substr(0, whole.size() - 1));
  ASSERT_FALSE(importance);
  EXPECT_EQ(importance.error().code, "IMATRIX-004");
}

}  // namespace
}  // namespace qualm
