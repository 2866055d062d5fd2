// What a GPTQ file says of its zero points, groups and order, against its tensors.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/packed_models.h"

namespace qualm::codec {
namespace {

const test::Plain kWeights{64, 256, test::noise(64 * 256, 0.05, 7)};

struct Read {
  std::vector<float> values;
  std::vector<model::Note> notes;
};

/// 4 bits, asymmetric; v1 stores zero points `less` one.
Read read(const GptqConfig& config, unsigned less, int bits = 4) {
  auto matrix = test::as_gptq(kWeights, bits, config, less);
  EXPECT_TRUE(matrix) << describe(matrix.error());
  Read found{std::vector<float>(kWeights.values.size()), matrix->notes};
  EXPECT_TRUE(matrix->data->rows(0, kWeights.n, found.values));
  std::erase_if(found.notes, [](const model::Note& note) {
    return note.kind != model::Note::Kind::mislabelled;
  });
  return found;
}

constexpr GptqConfig kV1{.zeros_less_one = true, .symmetric = false};
constexpr GptqConfig kV2{.zeros_less_one = false, .symmetric = false};

TEST(GptqLabel, asymmetric_zero_points_are_believed_over_either_label) {
  for (const int bits : {2, 4}) {
    const auto right = read(kV2, 0, bits);
    EXPECT_TRUE(right.notes.empty());
    EXPECT_TRUE(read(kV1, 1, bits).notes.empty());
    const auto v2_as_v1 = read(kV1, 0, bits), v1_as_v2 = read(kV2, 1, bits);
    ASSERT_EQ(v2_as_v1.notes.size(), 1U);
    EXPECT_EQ(v2_as_v1.notes[0].says,
              "labelled GPTQ v1, but the zero points are those of v2, and are read as v2 "
              "(checkpoint_format should be gptq_v2)");
    EXPECT_EQ(v1_as_v2.notes.size(), 1U);
    EXPECT_EQ(v2_as_v1.values, right.values);
    EXPECT_EQ(v1_as_v2.values, right.values);
  }
}

TEST(GptqLabel, a_label_of_symmetric_with_other_zero_points_is_seen_through_too) {
  EXPECT_EQ(read({.zeros_less_one = true, .symmetric = true}, 0).values, read(kV2, 0).values);
}

TEST(GptqLabel, a_group_size_that_the_tensors_do_not_have_is_told) {
  auto config = kV2;
  config.group_size = 64;
  EXPECT_TRUE(read(config, 0).notes.empty());
  config.group_size = 128;
  const auto found = read(config, 0);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_EQ(found.notes[0].says,
            "group_size is 128 in the configuration, the tensors have groups of 64");
}

TEST(GptqLabel, an_order_that_is_claimed_and_missing_is_told) {
  auto config = kV2;
  config.ordered = true;
  const auto found = read(config, 0);
  ASSERT_EQ(found.notes.size(), 1U);
  EXPECT_TRUE(found.notes[0].says.starts_with("desc_act is true"));
}

}  // namespace
}  // namespace qualm::codec
