// A small reference pack with random distributions.
#pragma once

#include <numeric>
#include <string>
#include <vector>

#include "evaluate/thinned_row.h"
#include "experiment/reference_pack.h"
#include "numeric/random.h"

namespace qualm::test {

inline constexpr std::int64_t kPackVocabulary = 400;

inline evaluate::TextWindows pack_windows(std::int32_t count) {
  evaluate::TextWindows windows{.tokens = {}, .ctx_size = 16, .first = 2, .last = 15, .order = {}};
  numeric::Random random(3);
  for (std::int32_t i = 0; i < count * windows.ctx_size; ++i)
    windows.tokens.push_back(static_cast<engine::Token>(random.below(kPackVocabulary)));
  windows.order.resize(static_cast<std::size_t>(count));
  std::iota(windows.order.rbegin(), windows.order.rend(), 0);
  return windows;
}

inline std::shared_ptr<const evaluate::KeptWindow> random_window(const evaluate::TextWindows& text,
                                                                 std::int32_t window) {
  numeric::Random random(static_cast<std::uint64_t>(window) + 1);
  const auto rows = static_cast<std::size_t>(text.rows());
  std::vector<float> logits(rows * static_cast<std::size_t>(kPackVocabulary));
  for (float& logit : logits) logit = static_cast<float>(6 * random.uniform());
  std::vector<std::uint64_t> seeds(rows);
  for (std::uint64_t& seed : seeds) seed = random.next();
  const auto targets = text.window(window).subspan(static_cast<std::size_t>(text.first) + 1, rows);
  evaluate::KeptWindow kept{kPackVocabulary, std::vector<evaluate::KeptRow>(rows)};
  evaluate::keep_rows({logits, kPackVocabulary, targets}, seeds, 1, kept.rows);
  return evaluate::thinned(kept, experiment::kPackTokens, random);
}

inline std::vector<evaluate::WindowScores> random_scores(const experiment::PackText& text) {
  numeric::Random random(11);
  std::vector<evaluate::WindowScores> all;
  for (std::int32_t w = 0; w < text.windows.count(); ++w) {
    evaluate::WindowScores window{.window = w, .scores = {}};
    for (const evaluate::KeptRow& row : text.kept[static_cast<std::size_t>(w)]->rows) {
      evaluate::Score score{.nll_p = row.nll, .nll_q = row.nll + 0.1 * random.uniform()};
      score.kld = static_cast<float>(0.05 * random.uniform());
      score.same_top = random.below(10) > 0;
      score.position = text.windows.first + static_cast<std::int32_t>(window.scores.size());
      window.scores.push_back(score);
    }
    all.push_back(std::move(window));
  }
  return all;
}

inline experiment::PackText pack_text(const std::string& name, std::int32_t windows) {
  experiment::PackText text;
  text.name = name;
  text.source = name + ".txt";
  text.text = "It was a dark night.";
  text.windows = pack_windows(windows);
  for (std::int32_t w = 0; w < windows; ++w) text.kept.push_back(random_window(text.windows, w));
  text.scores.push_back(random_scores(text));
  return text;
}

inline experiment::ReferencePack small_pack() {
  experiment::ReferencePack pack;
  pack.original = {"tiny-F16.gguf", "tiny", "llama", "F16", 1000, 2000, "0123"};
  pack.made_with = "qualm 0.1.0, libllama 7";
  pack.tokenizer_hash = "abcd";
  pack.vocab_size = kPackVocabulary;
  pack.types = {{"Q4_K_M", 600}};
  pack.noise_floor = {
      .estimate = numeric::Estimate{1e-6, 5e-7, 2e-6}, .unit = "nat/token", .absent = ""};
  pack.error = {"Q4_K_M",
                {2, 0.025, 0.0251, {numeric::Estimate{1e-4, -2e-4, 4e-4}, "nat/token", ""}}};
  pack.texts = {pack_text("prose", 3), pack_text("code", 2)};
  return pack;
}

}  // namespace qualm::test
