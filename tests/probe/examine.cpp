// Texts of the fake model, whose logits depend on token and position alone.
#include "probe/examine.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "probe/likelihood.h"
#include "support/fake_engine.h"

namespace qualm::probe {
namespace {

using test::fake_logits;
using test::FakeBehaviour;
using test::FakeModel;

std::vector<Tokens> prompts(int n) {
  std::vector<Tokens> all;
  for (int i = 0; i < n; ++i) all.push_back(Tokens(static_cast<std::size_t>(1 + i % 5), 2 + i % 7));
  return all;
}

engine::Token top(const FakeBehaviour& how, engine::Token token, std::int32_t position) {
  const auto row = fake_logits(how, token, position);
  return static_cast<engine::Token>(std::ranges::max_element(row) - row.begin());
}

TEST(Generate, greedy_takes_the_likeliest_token_after_each) {
  const FakeBehaviour how;
  FakeModel model(how);
  Progress progress;
  const auto written = generate(model, prompts(40), {.length = 12}, {}, progress);
  ASSERT_TRUE(written);
  ASSERT_EQ(written->size(), 40U);
  for (std::size_t i = 0; i < 40; ++i) {
    const Tokens prompt = prompts(40)[i];
    engine::Token last = prompt.back();
    auto position = static_cast<std::int32_t>(prompt.size()) - 1;
    for (const engine::Token token : (*written)[i].tokens) {
      EXPECT_EQ(token, top(how, last, position++));
      last = token;
    }
    EXPECT_EQ((*written)[i].tokens.size(), 12U);
  }
}

TEST(Generate, prompts_run_together) {
  FakeModel model({});
  Progress progress;
  ASSERT_TRUE(generate(model, prompts(kTogether), {.length = 10}, {}, progress));
  EXPECT_EQ(model.counts().calls, 10);
}

TEST(Generate, equal_models_draw_equal_tokens_and_noise_parts_them) {
  FakeModel one({});
  FakeModel other({});
  FakeModel noisy({.noise = 3});
  Progress progress;
  const Sampling sampled{.greedy = false};
  const auto a = generate(one, prompts(8), sampled, {}, progress);
  const auto b = generate(other, prompts(8), sampled, {}, progress);
  const auto c = generate(noisy, prompts(8), sampled, {}, progress);
  ASSERT_TRUE(a && b && c);
  int parted = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    EXPECT_FALSE(first_divergence((*a)[i], (*b)[i]));
    parted += first_divergence((*a)[i], (*c)[i]) ? 1 : 0;
  }
  EXPECT_EQ(parted, 8);
  EXPECT_NE((*a)[0].tokens,
            generate(one, prompts(8), {.length = 32}, {}, progress)->front().tokens);
}

TEST(Generate, a_nan_is_never_chosen) {
  FakeModel model({.vocab_size = 2, .nan_position = 3});
  Progress progress;
  const auto written = generate(model, std::vector<Tokens>{{1}}, {.length = 8}, {}, progress);
  ASSERT_TRUE(written);
  EXPECT_EQ(written->front().tokens.at(3), 1);  // token 0 of that row is the NaN
  EXPECT_FALSE(written->front().broken);
}

TEST(Generate, errors_of_the_engine_come_back) {
  FakeModel model({.fail_from_call = 3});
  Progress progress;
  const auto written = generate(model, prompts(2), {.length = 8}, {}, progress);
  ASSERT_FALSE(written);
  EXPECT_EQ(written.error().code, "FAKE-001");
}

TEST(FirstDivergence, is_the_first_token_that_differs_or_the_end_of_one) {
  EXPECT_EQ(first_divergence({{1, 2, 3}}, {{1, 9, 3}}), 1);
  EXPECT_EQ(first_divergence({{1, 2}, true}, {{1, 2, 3}, false}), 2);
  EXPECT_EQ(first_divergence({{1, 2}, true}, {{1, 2}, true}), std::nullopt);
}

TEST(MeanNll, is_the_mean_over_the_text_behind_its_context) {
  const FakeBehaviour how;
  FakeModel model(how);
  Progress progress;
  const std::vector<Passage> passages{{{3, 4}, {5, 6}}, {{3}, {}}, {{1}, {2}}};
  const auto means = mean_nll(model, passages, {}, progress);
  ASSERT_TRUE(means);
  const auto nll = [&](engine::Token before, std::int32_t position, engine::Token token) {
    const auto row = fake_logits(how, before, position);
    double sum = 0;
    for (const float x : row) sum += std::exp(double{x});
    return std::log(sum) - row[static_cast<std::size_t>(token)];
  };
  EXPECT_NEAR((*means)[0], (nll(4, 1, 5) + nll(5, 2, 6)) / 2, 1e-9);
  EXPECT_TRUE(std::isnan((*means)[1]));
  EXPECT_NEAR((*means)[2], nll(1, 0, 2), 1e-9);
}

const Symptom& of(const std::vector<Symptom>& all, FigureId figure) {
  static const Symptom kNone;
  const auto it = std::ranges::find(all, figure, &Symptom::figure);
  return it == all.end() ? kNone : *it;
}

/// A model that is loaded when it is asked for.
Side side_of(test::FakeBehaviour how) {
  return {
      [how] { return Result<std::shared_ptr<engine::Model>>(std::make_shared<FakeModel>(how)); },
      {}};
}

TEST(Examine, a_model_against_itself_shows_nothing) {
  Progress progress;
  auto found = examine({.prompts = prompts(12)}, side_of({}), side_of({}), side_of({}), progress);
  ASSERT_TRUE(found);
  settle(found->symptoms);
  EXPECT_EQ(found->symptoms.size(), 7U);
  ASSERT_EQ(found->texts.size(), 12U);
  EXPECT_FALSE(found->texts[0].parts_at);
  EXPECT_EQ(found->texts[0].candidate.text, found->texts[0].control->text);
  for (const Symptom& s : found->symptoms) {
    EXPECT_NE(s.finding, Symptom::Finding::worse) << figure_name(s);
    if (s.difference.estimate) {
      EXPECT_EQ(s.difference.estimate->value, 0) << figure_name(s);
    }
  }
  EXPECT_EQ(of(found->symptoms, FigureId::divergence).candidate.estimate->value, 0);
}

TEST(Examine, the_judge_is_surprised_at_what_a_noisy_model_writes) {
  Progress progress;
  auto found =
      examine({.prompts = prompts(24)}, side_of({.noise = 4}), side_of({}), side_of({}), progress);
  ASSERT_TRUE(found);
  settle(found->symptoms);
  const Symptom& nll = of(found->symptoms, FigureId::nll);
  EXPECT_EQ(nll.finding, Symptom::Finding::worse);
  EXPECT_GT(nll.difference.estimate->low, 0.1);
  EXPECT_EQ(of(found->symptoms, FigureId::divergence).candidate.estimate->value, 1);
  for (const WrittenText& text : found->texts) {
    ASSERT_TRUE(text.parts_at);
    const auto begin = text.candidate.text.substr(0, *text.parts_at);
    EXPECT_TRUE(text.control->text.starts_with(begin));
  }
}

TEST(Examine, without_a_control_loops_stand_alone) {
  Progress progress;
  const auto found =
      examine({.prompts = prompts(6)}, side_of({}), std::nullopt, std::nullopt, progress);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->symptoms.size(), 4U);
  EXPECT_FALSE(found->texts.at(0).control);
  for (const Symptom& s : found->symptoms)
    EXPECT_EQ(s.finding, Symptom::Finding::no_control) << figure_name(s);
}

}  // namespace
}  // namespace qualm::probe
