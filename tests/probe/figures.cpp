#include "probe/figures.h"

#include <gtest/gtest.h>

namespace qualm::probe {
namespace {

TEST(Symptoms, are_found_by_the_names_of_their_rows) {
  for (const SymptomRow& row : kSymptoms) EXPECT_EQ(symptom_named(row.name), row.id);
  for (const FigureRow& row : kFigures) EXPECT_EQ(figure_named(row.name), row.id);
  EXPECT_EQ(symptom_named("loops_greedy"), std::nullopt);
  EXPECT_EQ(figure_named("off_topic"), std::nullopt);
}

TEST(Symptoms, a_share_is_a_fraction_and_nothing_else_is) {
  for (const FigureRow& row : kFigures)
    EXPECT_EQ(row.unit == "fraction", row.statistic == Statistic::share) << row.name;
}

TEST(Symptoms, a_loss_that_grows_needs_no_texts) {
  EXPECT_FALSE(needs_texts(SymptomId::long_context));
  EXPECT_TRUE(needs_texts(SymptomId::off_topic));
}

TEST(SymptomChoice, not_given_is_all_of_them_unasked) {
  const auto choice = parse_symptoms("");
  ASSERT_TRUE(choice);
  EXPECT_FALSE(choice->asked);
  EXPECT_FALSE(choice->named());
  for (const SymptomRow& row : kSymptoms) EXPECT_TRUE(choice->wants(row.id)) << row.name;
}

TEST(SymptomChoice, a_name_wants_that_one) {
  for (const SymptomRow& row : kSymptoms) {
    const auto choice = parse_symptoms(row.name);
    ASSERT_TRUE(choice) << row.name;
    EXPECT_TRUE(choice->asked);
    EXPECT_EQ(choice->named(), row.id);
    for (const SymptomRow& other : kSymptoms)
      EXPECT_EQ(choice->wants(other.id), other.id == row.id) << row.name << ", " << other.name;
  }
}

TEST(SymptomChoice, none_wants_none_and_another_word_is_none_of_these) {
  for (const SymptomRow& row : kSymptoms) EXPECT_FALSE(parse_symptoms("none")->wants(row.id));
  EXPECT_TRUE(parse_symptoms("all")->asked);
  EXPECT_FALSE(parse_symptoms("off_topic"));
}

}  // namespace
}  // namespace qualm::probe
