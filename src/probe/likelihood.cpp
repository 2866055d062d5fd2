#include "probe/likelihood.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace qualm::probe {
namespace {

/// -ln softmax(logits)[token], sums in float64; NaN where a logit is NaN.
double nll(std::span<const float> logits, engine::Token token) {
  const float top = std::ranges::max(logits);
  double sum = 0;
  for (const float x : logits) sum += std::exp(static_cast<double>(x) - top);
  return std::log(sum) + top - logits[static_cast<std::size_t>(token)];
}

double mean_over(std::span<const float> rows, std::int64_t vocab, const Tokens& text) {
  double sum = 0;
  for (std::size_t i = 0; i < text.size(); ++i)
    sum += nll(rows.subspan(i * static_cast<std::size_t>(vocab), static_cast<std::size_t>(vocab)),
               text[i]);
  const double mean = sum / static_cast<double>(text.size());
  return std::isfinite(mean) ? mean : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

Result<std::vector<double>> mean_nll(engine::Model& model, std::span<const Passage> passages,
                                     const engine::Settings& settings, Progress& progress) {
  std::vector<double> means(passages.size(), std::numeric_limits<double>::quiet_NaN());
  std::vector<std::size_t> scored;
  std::size_t longest = 0;
  for (std::size_t i = 0; i < passages.size(); ++i) {
    if (passages[i].text.empty() || passages[i].context.empty()) continue;
    scored.push_back(i);
    longest = std::max(longest, passages[i].context.size() + passages[i].text.size());
  }
  if (scored.empty()) return means;
  QUALM_TRY(const auto source, model.open(settings_for(settings, static_cast<std::int64_t>(longest),
                                                       static_cast<std::int64_t>(scored.size()))));
  const auto together = static_cast<std::size_t>(std::max(source->windows_per_call(), 1));
  for (std::size_t at = 0; at < scored.size(); at += together) {
    if (progress.cancelled()) return fail(stopped());
    progress.update("scoring texts", static_cast<std::int64_t>(at),
                    static_cast<std::int64_t>(scored.size()));
    const auto group = std::span(scored).subspan(at, std::min(together, scored.size() - at));
    std::vector<Tokens> whole;
    std::vector<engine::Piece> pieces;
    for (const std::size_t i : group) {
      whole.push_back(passages[i].context);
      whole.back().insert(whole.back().end(), passages[i].text.begin(), passages[i].text.end());
    }
    for (std::size_t j = 0; j < group.size(); ++j) {
      const auto begin = static_cast<std::int32_t>(passages[group[j]].context.size());
      pieces.push_back({whole[j], 0, begin - 1, static_cast<std::int32_t>(whole[j].size()) - 1});
    }
    QUALM_TRY(auto rows, source->logits(pieces));
    for (const std::size_t i : group) {
      const std::size_t wanted =
          passages[i].text.size() * static_cast<std::size_t>(source->vocab_size());
      means[i] = mean_over(rows.first(wanted), source->vocab_size(), passages[i].text);
      rows = rows.subspan(wanted);
    }
  }
  return means;
}

}  // namespace qualm::probe
