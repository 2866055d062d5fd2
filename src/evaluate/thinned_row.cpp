#include "evaluate/thinned_row.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace qualm::evaluate {
namespace {

/// Tokens of a row that are no longer kept one by one.
class LeftOut {
 public:
  explicit LeftOut(std::span<const TokenLogP> tokens) : tokens_(tokens) {
    up_to_.reserve(tokens.size());
    for (const TokenLogP& at : tokens) up_to_.push_back(mass() + std::exp(at.log_p));
  }
  [[nodiscard]] double mass() const { return up_to_.empty() ? 0 : up_to_.back(); }
  /// The token that holds the point, which lies in [0, mass()).
  [[nodiscard]] TokenLogP at(double point) const {
    const auto it = std::ranges::upper_bound(up_to_, point);
    return tokens_[std::min(static_cast<std::size_t>(it - up_to_.begin()), tokens_.size() - 1)];
  }

 private:
  std::span<const TokenLogP> tokens_;
  std::vector<double> up_to_;
};

/// The likeliest token first, then the others.
KeptRow sorted(KeptRow row) {
  const auto is_top = [&](const TokenLogP& at) { return at.token == row.top.token; };
  if (std::ranges::none_of(row.tokens, is_top)) {  // of a flat row no token was kept
    row.tokens.insert(row.tokens.begin(), row.top);
    row.rest = std::max(0.0, row.rest - std::exp(static_cast<double>(row.top.log_p)));
    std::erase_if(row.drawn, is_top);
  }
  std::ranges::sort(row.tokens, [](const TokenLogP& a, const TokenLogP& b) {
    return a.log_p != b.log_p ? a.log_p > b.log_p : a.token < b.token;
  });
  // Logits that differ may be one number here.
  const auto top = std::ranges::find_if(row.tokens, is_top);
  std::rotate(row.tokens.begin(), top, top + 1);
  return row;
}

}  // namespace

KeptRow thinned(const KeptRow& kept, std::size_t most, numeric::Random random) {
  if (!kept.finite) return kept;
  const KeptRow row = sorted(kept);
  KeptRow out = row;
  if (out.tokens.size() <= most) return out;
  const LeftOut left(std::span(out.tokens).subspan(most));
  out.rest = row.rest + left.mass();
  out.drawn.clear();
  // The draws of the old rest stand for it, each once.
  auto old = row.drawn.begin();
  for (std::size_t i = 0; i < kDraws; ++i) {
    const double point = random.uniform() * out.rest;
    const bool of_old = point >= left.mass() && old != row.drawn.end();
    out.drawn.push_back(of_old ? *old++ : left.at(point));
  }
  out.tokens.resize(most);
  return out;
}

std::shared_ptr<const KeptWindow> thinned(const KeptWindow& kept, std::size_t most,
                                          numeric::Random seeds) {
  auto out = std::make_shared<KeptWindow>();
  out->vocab_size = kept.vocab_size;
  out->rows.reserve(kept.rows.size());
  for (const KeptRow& row : kept.rows)
    out->rows.push_back(thinned(row, most, numeric::Random(seeds.next())));
  return out;
}

}  // namespace qualm::evaluate
