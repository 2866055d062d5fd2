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
  probe::WrittenText text{.prompt = "Once", .greedy = true};
  text.candidate = {"a a a", probe::WrittenSide::Place{1, 2}};
  text.control = probe::WrittenSide{"b", {}};
  text.parts_at = 3;
  const probe::Examined written{
      {loops(), probe::of_shares(probe::FigureId::divergence, {true}, {})}, {text}};
  const auto record = from_record(to_record(written));
  ASSERT_TRUE(record);
  ASSERT_EQ(record->texts.size(), 1U);
  EXPECT_EQ(record->texts[0].prompt, "Once");
  EXPECT_EQ(record->texts[0].candidate.loop->period, 2U);
  EXPECT_EQ(record->texts[0].control->text, "b");
  EXPECT_FALSE(record->texts[0].control->loop);
  EXPECT_EQ(record->texts[0].parts_at, 3U);
  const auto* const read = &record->symptoms;
  ASSERT_EQ(read->size(), 2U);
  EXPECT_EQ((*read)[0].symptom, probe::SymptomId::repetition);
  EXPECT_EQ((*read)[0].figure, probe::FigureId::loops_greedy);
  EXPECT_EQ((*read)[0].says, "2 of 3");
  EXPECT_EQ((*read)[0].difference.estimate->low, written.symptoms[0].difference.estimate->low);
  EXPECT_EQ((*read)[0].p_value, written.symptoms[0].p_value);
  EXPECT_EQ((*read)[0].finding, probe::Symptom::Finding::alike);
  EXPECT_EQ((*read)[1].control.absent, "nothing to compare with");
  EXPECT_FALSE((*read)[1].control.estimate);
  EXPECT_FALSE((*read)[1].p_value);
}

TEST(SymptomRecord, what_is_no_record_or_lost_a_number_is_not_taken) {
  probe::Symptom nan = loops();
  nan.candidate.estimate->low = NAN;
  const probe::Examined written{{nan}, {}};
  EXPECT_FALSE(from_record(to_record(written)));
  EXPECT_FALSE(from_record("[{}]"));
  EXPECT_FALSE(from_record("no JSON"));
}

}  // namespace
}  // namespace qualm::experiment
