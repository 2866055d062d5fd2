#include "experiment/pack_columns.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "experiment/reference_pack.h"

namespace qualm::experiment {
namespace {

using evaluate::KeptRow;
using evaluate::KeptWindow;
using evaluate::Score;
using evaluate::TextWindows;
using evaluate::TokenLogP;
using evaluate::WindowScores;

constexpr std::uint8_t kSameTop = 1;
constexpr std::uint8_t kFinite = 2;
constexpr std::uint8_t kLost = 4;

constexpr double kMassError = 1e-4;    // of a row's whole mass: what rounding may do
constexpr double kLogPError = 1e-3;    // nat
constexpr double kMostLost = 1e4;      // nat: no logits of 32 bits that mean something say more
constexpr double kNothingLeft = 1e-6;  // a rest that needs no draws

void put(std::span<const TokenLogP> tokens, TokenColumns& out) {
  for (std::size_t i = 0; i < out.width; ++i) {
    const TokenLogP at = i < tokens.size() ? tokens[i] : TokenLogP{-1, 0};
    out.ids.push_back(at.token);
    out.log_p.push_back(at.log_p);
  }
}

/// The tokens of a row; absent where one has no place in the vocabulary or says no log-probability.
std::optional<std::vector<TokenLogP>> take(const TokenColumns& columns, std::size_t row,
                                           std::int64_t vocab_size) {
  std::vector<TokenLogP> tokens;
  for (std::size_t i = row * columns.width; i < (row + 1) * columns.width; ++i) {
    const TokenLogP at{columns.ids[i], columns.log_p[i]};
    if (at.token == -1) break;
    const bool sound =
        at.token >= 0 && at.token < vocab_size && std::isfinite(at.log_p) && at.log_p <= kLogPError;
    if (!sound) return std::nullopt;
    tokens.push_back(at);
  }
  return tokens;
}

double mass_of(std::span<const TokenLogP> tokens) {
  double mass = 0;
  for (const TokenLogP& at : tokens) mass += std::exp(static_cast<double>(at.log_p));
  return mass;
}

bool unique(std::vector<TokenLogP> tokens) {
  std::ranges::sort(tokens, {}, &TokenLogP::token);
  return std::ranges::adjacent_find(tokens, {}, &TokenLogP::token) == tokens.end();
}

/// Falling, up to rounding.
bool falls(std::span<const TokenLogP> tokens) {
  return std::ranges::adjacent_find(tokens, [](const TokenLogP& a, const TokenLogP& b) {
           return b.log_p > a.log_p;
         }) == tokens.end();
}

std::string wrong_draws(const KeptRow& row) {
  const float least = row.tokens.back().log_p;
  if (row.rest > kNothingLeft && row.drawn.size() < 2) return "a rest without tokens drawn from it";
  for (const TokenLogP& at : row.drawn) {
    if (std::ranges::find(row.tokens, at.token, &TokenLogP::token) != row.tokens.end())
      return fmt::format("token {} is drawn from a rest that it is not in", at.token);
    if (at.log_p > least + kLogPError || std::exp(at.log_p) > row.rest + kMassError)
      return fmt::format("token {} of the rest is too likely", at.token);
  }
  return {};
}

/// The token that follows has one log-probability.
std::string wrong_nll(const KeptRow& row, engine::Token target) {
  const auto kept = std::ranges::find(row.tokens, target, &TokenLogP::token);
  if (kept != row.tokens.end() && std::abs(row.nll + kept->log_p) > kLogPError * (1 + row.nll))
    return fmt::format("nll {} of a token whose ln P is {}", row.nll, kept->log_p);
  if (kept == row.tokens.end() && row.nll < -row.tokens.back().log_p - kLogPError)
    return fmt::format("nll {} of a token that is not among the likeliest", row.nll);
  return {};
}

std::string wrong_in(const KeptRow& row, engine::Token target) {
  if (row.nll < -kLogPError || row.nll > kMostLost) return fmt::format("nll {}", row.nll);
  if (!(row.rest >= 0 && row.rest <= 1)) return fmt::format("a rest of mass {}", row.rest);
  if (row.tokens.empty()) return "no tokens";
  if (!unique(row.tokens)) return "a token twice";
  if (!falls(row.tokens)) return "tokens that are not in the order of their probability";
  const double mass = mass_of(row.tokens) + row.rest;
  if (std::abs(mass - 1) > kMassError) return fmt::format("a mass of {} instead of 1", mass);
  if (auto wrong = wrong_draws(row); !wrong.empty()) return wrong;
  return wrong_nll(row, target);
}

std::optional<WhatIsWrong> take_row(const RowColumns& columns, std::size_t at,
                                    std::int64_t vocab_size, engine::Token target, KeptRow& row) {
  row.nll = columns.nll[at];
  row.rest = columns.rest[at];
  row.finite = !std::isnan(row.nll);
  if (!row.finite) {
    row = KeptRow{.finite = false};
    return std::nullopt;
  }
  auto tokens = take(columns.top, at, vocab_size);
  auto drawn = take(columns.drawn, at, vocab_size);
  if (!tokens || !drawn) return "a token that the vocabulary does not have, or its probability";
  row.tokens = *std::move(tokens);
  row.drawn = *std::move(drawn);
  if (auto wrong = wrong_in(row, target); !wrong.empty()) return wrong;
  row.top = row.tokens.front();
  return std::nullopt;
}

std::size_t rows_of(const TextWindows& text) { return static_cast<std::size_t>(text.rows()); }

std::string at_row(std::int32_t window, std::size_t row, const std::string& what) {
  return fmt::format("window {}, row {}: {}", window, row, what);
}

/// Against the original's row.
Score score_of(const ScoreColumns& columns, std::size_t at, const KeptRow& original) {
  Score score;
  score.finite = (columns.flags[at] & kFinite) != 0;
  score.lost = (columns.flags[at] & kLost) != 0;
  if (!score.finite) return score;
  score.nll_p = original.nll;
  score.nll_q = static_cast<double>(columns.nll[at]);
  score.kld = columns.kld[at];
  score.delta_p = static_cast<float>(std::exp(-score.nll_q) - std::exp(-score.nll_p));
  score.confidence = std::exp(original.top.log_p);
  score.same_top = (columns.flags[at] & kSameTop) != 0;
  return score;
}

bool sound(const Score& score, const KeptRow& original) {
  if (!score.finite) return score.lost == original.finite;
  return original.finite && !score.lost && score.nll_q >= -kLogPError && score.nll_q <= kMostLost &&
         std::abs(score.kld) <= kMostLost;
}

}  // namespace

RowColumns to_columns(std::span<const std::shared_ptr<const KeptWindow>> windows) {
  RowColumns columns{
      .nll = {}, .rest = {}, .top = {kPackTokens, {}, {}}, .drawn = {evaluate::kDraws, {}, {}}};
  for (const auto& window : windows)
    for (const KeptRow& row : window->rows) {
      columns.nll.push_back(row.finite ? row.nll : std::numeric_limits<double>::quiet_NaN());
      columns.rest.push_back(row.rest);
      put(row.tokens, columns.top);
      put(row.drawn, columns.drawn);
    }
  return columns;
}

std::optional<WhatIsWrong> from_columns(const RowColumns& columns, const TextWindows& text,
                                        std::int64_t vocab_size,
                                        std::vector<std::shared_ptr<const KeptWindow>>& out) {
  const std::size_t rows = rows_of(text);
  for (std::int32_t w = 0; w < text.count(); ++w) {
    auto window = std::make_shared<KeptWindow>(KeptWindow{vocab_size, std::vector<KeptRow>(rows)});
    const auto tokens = text.window(w);
    for (std::size_t r = 0; r < rows; ++r) {
      const engine::Token target = tokens[static_cast<std::size_t>(text.first) + r + 1];
      const std::size_t at = static_cast<std::size_t>(w) * rows + r;
      if (auto wrong = take_row(columns, at, vocab_size, target, window->rows[r]))
        return at_row(w, r, *wrong);
    }
    out.push_back(std::move(window));
  }
  return std::nullopt;
}

ScoreColumns to_columns(std::span<const WindowScores> windows) {
  ScoreColumns columns;
  for (const WindowScores& window : windows)
    for (const Score& score : window.scores) {
      columns.nll.push_back(static_cast<float>(score.nll_q));
      columns.kld.push_back(score.kld);
      columns.flags.push_back(static_cast<std::uint8_t>((score.same_top ? kSameTop : 0) |
                                                        (score.finite ? kFinite : 0) |
                                                        (score.lost ? kLost : 0)));
    }
  return columns;
}

std::optional<WhatIsWrong> from_columns(const ScoreColumns& columns, const TextWindows& text,
                                        std::span<const std::shared_ptr<const KeptWindow>> original,
                                        std::vector<WindowScores>& out) {
  const std::size_t rows = rows_of(text);
  for (std::int32_t w = 0; w < text.count(); ++w) {
    WindowScores window{.window = w, .scores = {}};
    for (std::size_t r = 0; r < rows; ++r) {
      const KeptRow& row = original[static_cast<std::size_t>(w)]->rows[r];
      Score score = score_of(columns, static_cast<std::size_t>(w) * rows + r, row);
      if (!sound(score, row)) return at_row(w, r, "a score that cannot be");
      score.position = text.first + static_cast<std::int32_t>(r);
      window.scores.push_back(score);
    }
    out.push_back(std::move(window));
  }
  return std::nullopt;
}

}  // namespace qualm::experiment
