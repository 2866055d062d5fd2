#include "formats/imatrix/imatrix.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "support/gguf_builder.h"

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

/// Two experts of two columns; the second saw nothing.
test::GgufBuilder of_two_experts(std::int64_t counts) {
  test::GgufBuilder file;
  file.string("general.type", "imatrix").strings("imatrix.datasets", {"mine.txt", "more.txt"});
  file.tensor("blk.0.ffn_up_exps.weight.in_sum2", {2, 2}, 0,
              raw(8.0F) + raw(2.0F) + raw(0.0F) + raw(0.0F));
  if (counts > 0)
    file.tensor(
        "blk.0.ffn_up_exps.weight.counts", {1, counts}, 0,
        (raw(4.0F) + raw(0.0F) + raw(1.0F)).substr(0, static_cast<std::size_t>(counts) * 4));
  return file;
}

TEST(imatrix, a_gguf_gives_mean_squares_and_what_each_expert_saw) {
  const auto importance = read(of_two_experts(2).build());
  ASSERT_TRUE(importance) << describe(importance.error());
  ASSERT_EQ(importance->entries.size(), 1U);
  EXPECT_EQ(importance->entries[0].tensor, "blk.0.ffn_up_exps.weight");
  EXPECT_THAT(importance->entries[0].mean_squares, ElementsAre(2.0F, 0.5F, 0.0F, 0.0F));
  EXPECT_THAT(importance->entries[0].counts, ElementsAre(4, 0));
  EXPECT_EQ(importance->dataset, "mine.txt");
}

TEST(imatrix, a_gguf_of_something_else_is_refused) {
  for (const auto& [type, found] : {std::pair{"model", "model"}, std::pair{"", "none"}}) {
    test::GgufBuilder file;
    if (*type) file.string("general.type", type);
    const auto importance = read(file.build());
    ASSERT_FALSE(importance);
    EXPECT_EQ(describe(importance.error()),
              fmt::format("error[IMATRIX-005] made.dat, general.type: expected imatrix, found {}. "
                          "Give the file that llama-imatrix wrote.",
                          found));
  }
}

TEST(imatrix, sums_without_as_many_counts_are_refused) {
  for (const auto& [counts, found] : {std::pair{0, "none"}, {1, "1"}, {3, "3"}}) {
    const auto importance = read(of_two_experts(counts).build());
    ASSERT_FALSE(importance) << counts;
    EXPECT_EQ(importance.error().code, "IMATRIX-006");
    EXPECT_EQ(importance.error().found, found);
  }
}

}  // namespace
}  // namespace qualm
