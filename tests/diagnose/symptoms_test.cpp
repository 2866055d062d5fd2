#include <gtest/gtest.h>

#include "diagnose/symptoms.h"

namespace qualm::diagnose {
namespace {

/// Ten windows of 64 positions; kld as the position says.
evaluate::Measurement measured(auto&& kld) {
  evaluate::Measurement measurement;
  for (std::int32_t w = 0; w < 10; ++w) {
    evaluate::WindowScores window{w, {}};
    for (std::int32_t position = 8; position < 64; ++position) {
      evaluate::Score score;
      score.position = position;
      score.kld = kld(w, position);
      window.scores.push_back(score);
    }
    measurement.windows.push_back(window);
  }
  return measurement;
}

TEST(LongContext, a_loss_that_grows_is_worse_late) {
  const auto s = long_context(measured([](int w, int position) {
    return static_cast<float>(position) * (1 + 0.01F * static_cast<float>(w));
  }));
  EXPECT_EQ(s.finding, probe::Symptom::Finding::worse);
  EXPECT_NEAR(s.difference.estimate->value, 28 * 1.045, 1e-4);  // means of 32..63 and of 8..31
}

TEST(LongContext, an_even_loss_is_alike) {
  const auto s = long_context(measured(
      [](int w, int position) { return static_cast<float>((w * 31 + position * 17) % 13); }));
  EXPECT_EQ(s.finding, probe::Symptom::Finding::alike);
}

TEST(LongContext, one_window_does_not_tell) {
  auto measurement = measured([](int, int position) { return static_cast<float>(position); });
  measurement.windows.resize(1);
  EXPECT_EQ(long_context(measurement).finding, probe::Symptom::Finding::not_examined);
}

}  // namespace
}  // namespace qualm::diagnose
