#include "diagnose/attribution.h"

#include <algorithm>
#include <functional>

#include "diagnose/class_study.h"
#include "diagnose/thresholds.h"
#include "evaluate/joint.h"
#include "numeric/shapley.h"

namespace qualm::diagnose {
namespace {

enum class Factor { rest, crushed, cache };

/// The variant in which the factors of `mask` are the candidate's and the others the original's.
Variant variant_of(const Facts& facts, const std::vector<Factor>& factors,
                   const ClassGroup* crushed, std::size_t mask) {
  const auto has = [&](Factor factor) {
    const auto it = std::ranges::find(factors, factor);
    return it != factors.end() && ((mask >> (it - factors.begin())) & 1U) != 0;
  };
  Variant variant = Facts::original();
  if (!crushed || has(Factor::rest) == has(Factor::crushed)) {
    if (has(Factor::rest)) variant = Facts::weights_only();
  } else {
    variant = has(Factor::rest) ? with_restored(*crushed) : with_alone(*crushed);
  }
  if (has(Factor::cache)) {
    variant.type_k = facts.given.type_k;
    variant.type_v = facts.given.type_v;
  }
  return variant;
}

/// Shapley shares of the worths of all coalitions but the empty one, whose worth is 0.
std::vector<double> shares_of(std::span<const double> totals) {
  std::vector<double> worth{0.0};
  worth.insert(worth.end(), totals.begin(), totals.end());
  auto values = numeric::shapley_values(worth);
  for (double& value : values) value /= worth.back();  // NaN or infinite where nothing is lost
  return values;
}

bool two_largest_separate(const evaluate::Joint& joint,
                          const std::vector<numeric::Estimate>& shares) {
  std::vector<std::size_t> order(shares.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::ranges::sort(order, std::greater<>(), [&](std::size_t i) { return shares[i].value; });
  const auto difference = evaluate::estimate(
      joint,
      [&](std::span<const double> totals) {
        const auto values = shares_of(totals);
        return values[order[0]] - values[order[1]];
      },
      kCheckConfidence);
  return difference && difference->low > 0;
}

std::optional<Shares> shares_of(const evaluate::Joint& joint, const std::vector<Factor>& factors) {
  std::vector<numeric::Estimate> shares;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    const auto share =
        estimate(joint, [i](std::span<const double> totals) { return shares_of(totals)[i]; });
    if (!share) return std::nullopt;
    shares.push_back(*share);
  }
  Shares result{shares[0], {}, {}, two_largest_separate(joint, shares)};
  for (std::size_t i = 1; i < factors.size(); ++i) {
    if (factors[i] == Factor::crushed) result.architecture = shares[i];
    if (factors[i] == Factor::cache) result.kv_cache = shares[i];
  }
  return result;
}

/// Whether the candidate as run certainly costs something, or certainly saves it.
bool differs(const evaluate::Joint& joint) {
  const auto all = evaluate::estimate(
      joint, [](std::span<const double> totals) { return totals.back(); }, kCheckConfidence);
  return all && (all->low > 0 || all->high < 0);
}

}  // namespace

Known<std::optional<Attribution>> attribute(const Facts& facts, const ClassGroup* crushed) {
  std::vector<Factor> factors{Factor::rest};
  if (crushed) factors.push_back(Factor::crushed);
  if (facts.cache_quantized()) factors.push_back(Factor::cache);
  std::vector<Variant> variants;
  for (std::size_t mask = 1; mask < std::size_t{1} << factors.size(); ++mask)
    variants.push_back(variant_of(facts, factors, crushed, mask));
  QUALM_TRY(const WindowRange windows, crushed ? facts.selection(kForClasses) : facts.selection());
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  const auto of_kld = shares_of(evaluate::join(measured), factors);
  if (!of_kld) return std::nullopt;
  Attribution result{*of_kld, std::nullopt};
  const evaluate::Joint likelihood = evaluate::join(measured, evaluate::lost_likelihood);
  if (differs(likelihood)) result.ln_ppl = shares_of(likelihood, factors);
  return result;
}

}  // namespace qualm::diagnose
