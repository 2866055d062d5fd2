#include "experiment/symptom_record.h"

#include <gtest/gtest.h>

#include <cmath>

namespace qualm::experiment {
namespace {

probe::Symptom loops() {
  auto s =
      probe::of_shares(probe::FigureId::loops_greedy, {true, true, false}, {false, true, false});
  s.says = "2 of 3";
  return s;
}

TEST(SymptomRecord, comes_back_as_it_was) {
  const std::vector<probe::Symptom> written{
      loops(), probe::of_shares(probe::FigureId::divergence, {true}, {})};
  const auto read = from_record(to_record(written));
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].symptom, probe::SymptomId::repetition);
  EXPECT_EQ((*read)[0].figure, probe::FigureId::loops_greedy);
  EXPECT_EQ((*read)[0].says, "2 of 3");
  EXPECT_EQ((*read)[0].difference.estimate->low, written[0].difference.estimate->low);
  EXPECT_EQ((*read)[0].p_value, written[0].p_value);
  EXPECT_EQ((*read)[0].finding, probe::Symptom::Finding::alike);
  EXPECT_EQ((*read)[1].control.absent, "nothing to compare with");
  EXPECT_FALSE((*read)[1].control.estimate);
  EXPECT_FALSE((*read)[1].p_value);
}

TEST(SymptomRecord, what_is_no_record_or_lost_a_number_is_not_taken) {
  probe::Symptom nan = loops();
  nan.candidate.estimate->low = NAN;
  const std::vector<probe::Symptom> written{nan};
  EXPECT_FALSE(from_record(to_record(written)));
  EXPECT_FALSE(from_record("[{}]"));
  EXPECT_FALSE(from_record("no JSON"));
}

}  // namespace
}  // namespace qualm::experiment
