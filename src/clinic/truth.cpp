#include "clinic/truth.h"

#include <algorithm>
#include <array>
#include <span>

#include "evaluate/joint.h"
#include "evaluate/summary.h"
#include "numeric/shapley.h"

namespace qualm::clinic {
namespace {

using evaluate::Measurement;
using experiment::Variant;
using experiment::Weights;

/// The named tensors from `inside`, all others from `outside`.
Weights mixed(const std::vector<std::string>& tensors, assemble::Action inside,
              assemble::Action outside) {
  assemble::Recipe recipe;
  for (const std::string& pattern : tensors) recipe.rules.push_back({pattern, inside, ""});
  recipe.rules.push_back({"*", outside, ""});
  return experiment::assembled(std::move(recipe));
}

/// Factors of a full factorial, by bits of a mask: 1 the weights (without the class), 2 and 4 the
/// class and the cache, where they are factors.
struct Factorial {
  const AsRun& run;
  bool has_class = false;
  bool has_cache = false;

  [[nodiscard]] std::size_t count() const noexcept {
    return 1U + (has_class ? 1U : 0U) + (has_cache ? 1U : 0U);
  }
  [[nodiscard]] std::size_t cache_index() const noexcept { return has_class ? 2U : 1U; }

  [[nodiscard]] Variant variant(std::size_t mask) const {
    using enum assemble::Action;
    const bool rest = (mask & 1U) != 0;
    const bool of_class = has_class ? (mask & 2U) != 0 : rest;
    Variant variant = experiment::with_f16_cache(experiment::baseline_weights());
    if (rest && of_class) variant.weights = {};
    if (rest && !of_class) variant.weights = mixed(run.tensors, from_baseline, keep);
    if (!rest && of_class) variant.weights = mixed(run.tensors, keep, from_baseline);
    if (has_cache && ((mask >> cache_index()) & 1U) != 0) {
      variant.type_k = run.type_k;
      variant.type_v = run.type_v;
    }
    return variant;
  }
};

std::optional<TrueShares> shares_of(const evaluate::Joint& joint, const Factorial& factorial) {
  std::vector<numeric::Estimate> shares;
  for (std::size_t i = 0; i < factorial.count(); ++i) {
    const auto share = evaluate::estimate(joint, [i](std::span<const double> totals) {
      std::vector<double> worth{0.0};
      worth.insert(worth.end(), totals.begin(), totals.end());
      return numeric::shapley_values(worth)[i] / worth.back();
    });
    if (!share) return std::nullopt;
    shares.push_back(*share);
  }
  TrueShares result{.weights = shares[0], .cache = {}, .tensors = {}};
  if (factorial.has_class) result.tensors = shares[1];
  if (factorial.has_cache) result.cache = shares[factorial.cache_index()];
  return result;
}

class TruthBench {
 public:
  TruthBench(experiment::Experiment& experiment, experiment::WindowRange windows)
      : experiment_(experiment), windows_(windows) {}

  Result<std::vector<Measurement>> against_original(std::span<const Variant> variants) {
    return experiment_.measure(experiment::with_f16_cache(experiment::baseline_weights()), variants,
                               windows_, {});
  }
  /// Whether the weights lose too much for their types, where round-to-nearest in these can be
  /// made.
  Result<std::optional<Matters>> over_rounding() {
    const std::array variants{experiment::with_f16_cache({}),
                              experiment::with_f16_cache(experiment::round_to_nearest())};
    QUALM_TRY(const auto measured, against_original(variants));
    if (!measured.back().unavailable.empty()) return std::nullopt;
    return over(measured.front(), measured.back());
  }
  /// The cache alone: the same weights with F16 as reference.
  Result<Measurement> cache_alone(const AsRun& run) {
    const Variant own{{}, run.type_k, run.type_v};
    QUALM_TRY(auto measured, experiment_.measure(experiment::with_f16_cache({}), std::span(&own, 1),
                                                 windows_, {}));
    return std::move(measured.front());
  }

 private:
  experiment::Experiment& experiment_;
  experiment::WindowRange windows_;
};

bool quantized(const std::string& type) { return type != "f16" && type != "bf16" && type != "f32"; }

}  // namespace

Matters matters(const Measurement& loss, double line) {
  const auto& kld = loss.metrics[evaluate::MetricId::kld_mean].estimate;
  if (!kld || (kld->low <= line && kld->high >= line)) return Matters::unclear;
  return kld->low > line ? Matters::yes : Matters::no;
}

Matters over(const Measurement& loss, const Measurement& rounding) {
  const auto excess =
      evaluate::kld_difference(loss, kMostOfRounding, rounding, numeric::kConfidence);
  if (!excess) return Matters::unclear;
  if (excess->high <= 0) return Matters::no;
  return excess->low > 0 ? matters(loss, kLeastOfRounding) : Matters::unclear;
}

Result<Truth> measure_truth(experiment::Experiment& experiment, const AsRun& run) {
  Truth truth;
  const std::int32_t total = experiment.texts().front().windows;
  const std::int32_t end =
      std::min(run.first_unread + kTruthWindows, total - experiment::calibration_windows(total));
  if (end - run.first_unread < 2) return truth;
  truth.windows = end - run.first_unread;
  TruthBench bench(experiment, {run.first_unread, end});
  const bool cache = quantized(run.type_k) || quantized(run.type_v);
  const Variant as_run{{}, run.type_k, run.type_v};
  QUALM_TRY(const auto measured, bench.against_original(std::span(&as_run, 1)));
  truth.loss = matters(measured.front(), run.accepted);
  if (cache) {
    QUALM_TRY(const Measurement alone, bench.cache_alone(run));
    truth.cache = matters(alone, kOfCache * run.accepted);
  }
  if (run.against_rounding && truth.loss != Matters::yes) {
    QUALM_TRY(truth.over_rounding, bench.over_rounding());
  }
  const Factorial factorial{run, !run.tensors.empty(), cache};
  if (factorial.count() < 2) return truth;
  std::vector<Variant> variants;
  for (std::size_t mask = 1; mask < std::size_t{1} << factorial.count(); ++mask)
    variants.push_back(factorial.variant(mask));
  QUALM_TRY(const auto all, bench.against_original(variants));
  std::vector<const Measurement*> pointers;
  for (const Measurement& one : all) pointers.push_back(&one);
  truth.shares = shares_of(evaluate::join(pointers), factorial);
  return truth;
}

}  // namespace qualm::clinic
