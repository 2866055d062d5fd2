#include "evaluate/token_study.h"

#include <gtest/gtest.h>

#include "evaluate/token_tops.h"

namespace qualm::evaluate {
namespace {

TEST(TokenClass, is_told_by_the_text_of_the_token) {
  using enum TokenClass;
  const std::vector<std::pair<const char*, TokenClass>> expected{
      {"", special},
      {"<|im_end|>", special},
      {" \n", space},
      {" 42", digits},
      {"();", punctuation},
      {"\xE2\x80\x94", punctuation},
      {" Anna", name},
      {"Anna", name},
      {" the", word},
      {"ing", word_part},
      {" \xD0\xB4\xD0\xB0", other_script},
      {"\xC3\xA9", other_script},
      {"<", punctuation},
      {"x1", word_part}};
  for (const auto& [piece, wanted] : expected)
    EXPECT_EQ(class_of_token(piece), wanted) << '"' << piece << '"';
}

/// Ten windows of three tokens, of which positions 0 and 1 are scored; token 9 loses nine times as
/// much as the others.
struct Study : testing::Test {
  Study() {
    text.ctx_size = 3;
    text.last = 2;
    for (std::int32_t w = 0; w < 10; ++w) {
      text.tokens.insert(text.tokens.end(), {1, w % 2 == 0 ? 9 : 2, 3});
      text.order.push_back(w);
      WindowScores window{.window = w, .scores = {}};
      const float kld = w % 2 == 0 ? 0.9F : 0.1F;
      window.scores.push_back({.kld = kld, .delta_p = -kld, .position = 0});
      window.scores.push_back({.kld = 0.1F, .delta_p = 0.1F, .position = 1});
      measured.windows.push_back(window);
    }
    measured.windows[3].scores.push_back({.kld = 99, .position = 1, .finite = false});
  }
  static TokenClass class_of(engine::Token token) {
    return token == 9 ? TokenClass::digits : TokenClass::word;
  }
  TextWindows text;
  Measurement measured;
};

TEST_F(Study, shares_of_the_loss_add_up_and_the_largest_comes_first) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  ASSERT_EQ(study.classes.size(), 2U);
  EXPECT_EQ(study.classes[0].id, TokenClass::digits);
  EXPECT_EQ(study.classes[0].tokens, 5);
  EXPECT_NEAR(study.classes[0].token_share, 0.25, 1e-12);
  EXPECT_NEAR(study.classes[0].loss_share.estimate->value, 0.75, 1e-6);
  EXPECT_NEAR(study.classes[1].loss_share.estimate->value, 0.25, 1e-6);
}

TEST_F(Study, the_worst_tokens_carry_their_share) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  ASSERT_EQ(study.worst.size(), kWorst);
  EXPECT_EQ(study.worst[0].window % 2, 0);
  EXPECT_EQ(study.worst[0].token, 1);
  EXPECT_NEAR(study.worst[0].share, 0.9 / 6.0, 1e-6);
  EXPECT_NEAR(study.worst_share, 1, 1e-6);
}

TEST_F(Study, bands_are_quantiles_of_finite_positions) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  ASSERT_EQ(study.kld_bands.size(), kBandRanks.size());
  EXPECT_NEAR(study.kld_bands[0], 0.1, 1e-6);
  EXPECT_NEAR(study.kld_bands[4], 0.9, 1e-6);
  EXPECT_NEAR(study.delta_p_bands[4], 0.9, 1e-6);
}

TEST_F(Study, tokens_above_a_band_carry_that_share_of_the_loss) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  ASSERT_EQ(study.share_bands.size(), kShareRanks.size());
  EXPECT_NEAR(study.share_bands[4], 0.9, 1e-6);  // one of them is 15 %
  EXPECT_NEAR(study.share_bands[2], 0.9, 1e-6);  // four are 60 %
  EXPECT_NEAR(study.share_bands[0], 0.1, 1e-6);
}

TEST_F(Study, too_few_windows_with_a_class_give_no_interval) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  EXPECT_FALSE(study.classes[0].kld_mean.estimate);  // in five windows
  EXPECT_TRUE(study.classes[1].kld_mean.estimate);
}

TEST_F(Study, windows_to_show_hold_the_worst_tokens_first) {
  const TokenStudy study = study_tokens(measured, text, class_of);
  EXPECT_EQ(windows_to_show(measured, study, 5), (std::vector<std::int32_t>{0, 2, 4, 6, 8}));
  EXPECT_EQ(windows_to_show(measured, study, 99).size(), 10U);
}

TEST(Tops, are_the_most_likely_first_five_at_most) {
  KeptRow row;
  for (int i = 0; i < 7; ++i) row.tokens.push_back({i, std::log(i == 4 ? 0.4F : 0.1F)});
  const Tops tops = tops_of(row);
  ASSERT_EQ(tops.size(), kTops);
  EXPECT_EQ(tops[0].token, 4);
  EXPECT_NEAR(tops[0].p, 0.4, 1e-6);
  EXPECT_EQ(tops[1].token, 0);
  row.finite = false;
  EXPECT_TRUE(tops_of(row).empty());
}

}  // namespace
}  // namespace qualm::evaluate
