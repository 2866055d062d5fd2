#include "evaluate/token_study.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <map>
#include <numeric>

#include "numeric/cluster.h"

namespace qualm::evaluate {
namespace {

using numeric::ClusterSum;

constexpr const char* kNoLoss = "nothing was lost";
constexpr const char* kFewWindows = "fewer than 8 windows have such tokens";

bool ascii(unsigned char c, int (*is)(int)) { return c < 0x80 && is(c) != 0; }

/// By linear interpolation at p (n - 1), as numeric::clustered_quantiles. Sorts.
std::vector<double> quantiles(std::vector<double>& values) {
  std::vector<double> found;
  if (values.empty()) return found;
  std::ranges::sort(values);
  for (const double rank : kBandRanks) {
    const double at = rank * static_cast<double>(values.size() - 1);
    const auto below = static_cast<std::size_t>(at);
    const std::size_t above = std::min(below + 1, values.size() - 1);
    found.push_back(std::lerp(values[below], values[above], at - static_cast<double>(below)));
  }
  return found;
}

/// Of ascending values.
std::vector<double> shares(const std::vector<double>& values, double sum) {
  std::vector<double> found;
  if (sum <= 0) return found;
  double carried = 0;
  std::size_t at = values.size();
  for (auto rank = kShareRanks.rbegin(); rank != kShareRanks.rend(); ++rank) {
    while (at > 0 && carried < *rank * sum) carried += values[--at];
    found.insert(found.begin(), values[std::min(at, values.size() - 1)]);
  }
  return found;
}

template <class Take>
void for_scored(const Measurement& measurement, Take&& take) {
  for (std::size_t w = 0; w < measurement.windows.size(); ++w)
    for (const Score& score : measurement.windows[w].scores)
      if (score.finite) take(w, measurement.windows[w].window, score);
}

/// Sums of one class by window.
struct ClassSums {
  std::int64_t tokens = 0;
  std::vector<ClusterSum> kld;    ///< over its tokens
  std::vector<ClusterSum> share;  ///< its kld over the kld of all
};

numeric::Metric mean_of(const std::vector<ClusterSum>& sums, const char* unit) {
  const auto used = std::ranges::count_if(sums, [](const ClusterSum& s) { return s.count > 0; });
  if (used < numeric::kFewestClusters) return {std::nullopt, unit, kFewWindows};
  return {numeric::cluster_mean(sums), unit, kFewWindows};
}

std::vector<ClassLoss> classes_of(const Measurement& measurement, const TextWindows& text,
                                  const std::function<TokenClass(engine::Token)>& class_of) {
  const std::size_t windows = measurement.windows.size();
  std::map<TokenClass, ClassSums> sums;
  std::vector<double> whole(windows);
  double tokens = 0;
  for_scored(measurement, [&](std::size_t w, std::int32_t window, const Score& score) {
    const auto token = text.window(window)[static_cast<std::size_t>(score.position) + 1];
    ClassSums& own = sums[class_of(token)];
    own.kld.resize(windows);
    own.kld[w].sum += static_cast<double>(score.kld);
    own.kld[w].count += 1;
    whole[w] += static_cast<double>(score.kld);
    ++own.tokens;
    ++tokens;
  });
  const auto share_of = [](const std::vector<ClusterSum>& share) {
    numeric::Metric found = mean_of(share, "fraction");
    if (auto& e = found.estimate)
      for (double* bound : {&e->value, &e->low, &e->high}) *bound = std::clamp(*bound, 0.0, 1.0);
    return found;
  };
  const double loss = std::accumulate(whole.begin(), whole.end(), 0.0);
  std::vector<ClassLoss> all;
  for (auto& [id, own] : sums) {
    for (std::size_t w = 0; w < windows; ++w) own.share.push_back({own.kld[w].sum, whole[w]});
    all.push_back(
        {id, own.tokens, static_cast<double>(own.tokens) / tokens,
         loss > 0 ? share_of(own.share) : numeric::Metric{std::nullopt, "fraction", kNoLoss},
         mean_of(own.kld, "nat/token")});
  }
  const auto value = [](const ClassLoss& one) {
    return one.loss_share.estimate ? one.loss_share.estimate->value : one.token_share - 1;
  };
  std::ranges::sort(all, std::ranges::greater(), value);
  return all;
}

}  // namespace

TokenClass class_of_token(std::string_view piece) {
  const bool marked = piece.size() > 2 && piece.starts_with('<') && piece.ends_with('>') &&
                      !piece.starts_with("<0x");
  if (piece.empty() || marked) return TokenClass::special;
  bool letter = false;
  bool digit = false;
  bool foreign = false;
  bool space = true;
  for (const char at : piece) {
    const auto c = static_cast<unsigned char>(at);
    foreign |= c >= 0xC3 && c != 0xE2;  // 0xC2, 0xE2: Latin-1 signs, dashes, quotation marks
    letter |= ascii(c, std::isalpha);
    digit |= ascii(c, std::isdigit);
    space &= ascii(c, std::isspace);
  }
  if (space) return TokenClass::space;
  if (foreign) return TokenClass::other_script;
  if (!letter) return digit ? TokenClass::digits : TokenClass::punctuation;
  const bool begins = ascii(static_cast<unsigned char>(piece.front()), std::isspace);
  const auto first = static_cast<unsigned char>(piece[begins ? 1 : 0]);
  if (ascii(first, std::isupper)) return TokenClass::name;
  return begins ? TokenClass::word : TokenClass::word_part;
}

TokenStudy study_tokens(const Measurement& measurement, const TextWindows& text,
                        const std::function<TokenClass(engine::Token)>& class_of) {
  TokenStudy study;
  std::vector<double> kld;
  std::vector<double> delta_p;
  double loss = 0;
  for_scored(measurement, [&](std::size_t, std::int32_t window, const Score& score) {
    const auto lost = static_cast<double>(score.kld);
    kld.push_back(lost);
    delta_p.push_back(std::abs(static_cast<double>(score.delta_p)));
    loss += lost;
    study.worst.push_back({window, score.position + 1, lost, 0});
  });
  study.kld_bands = quantiles(kld);
  study.delta_p_bands = quantiles(delta_p);
  study.share_bands = shares(kld, loss);  // sorted by now
  const std::size_t count = std::min(kWorst, study.worst.size());
  std::ranges::partial_sort(study.worst, study.worst.begin() + static_cast<std::ptrdiff_t>(count),
                            std::ranges::greater(), &WorstToken::kld);
  study.worst.resize(count);
  if (loss > 0)
    for (WorstToken& one : study.worst) study.worst_share += one.share = one.kld / loss;
  study.classes = classes_of(measurement, text, class_of);
  return study;
}

std::vector<std::int32_t> windows_to_show(const Measurement& measurement, const TokenStudy& study,
                                          std::size_t most) {
  std::vector<std::int32_t> wanted;
  const auto add = [&](std::int32_t window) {
    if (wanted.size() < most && std::ranges::find(wanted, window) == wanted.end())
      wanted.push_back(window);
  };
  for (const WorstToken& one : study.worst) add(one.window);
  std::map<std::int32_t, double> loss;
  for_scored(measurement, [&](std::size_t, std::int32_t window, const Score& score) {
    loss[window] += static_cast<double>(score.kld);
  });
  std::vector<std::pair<double, std::int32_t>> by_loss;  // ascending
  by_loss.reserve(loss.size());
  for (const auto& [window, sum] : loss) by_loss.emplace_back(-sum, window);
  std::ranges::sort(by_loss);
  for (const auto& [sum, window] : by_loss) add(window);
  std::ranges::sort(wanted);
  return wanted;
}

}  // namespace qualm::evaluate
