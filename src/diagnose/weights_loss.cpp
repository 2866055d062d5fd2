#include "diagnose/weights_loss.h"

#include <algorithm>
#include <array>
#include <vector>

#include "diagnose/calibration_study.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"
#include "evaluate/joint.h"
#include "evaluate/summary.h"
#include "model/file_type.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

/// So small that the runtime's share matters. Floats have none.
bool small(const model::Checkpoint& candidate, const Measurement& as_run) {
  const auto& kld = as_run.metrics[MetricId::kld_mean].estimate;
  const bool quantized = std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
    return tensor.dims.size() >= 2 && !tensor.encoding.is_float();
  });
  return quantized && kld && kld->value < kRuntimeMatters;
}

Variant decoded(const Variant& variant) {
  return experiment::with_f16_cache(experiment::decoded(variant.weights));
}

double ratio(std::span<const double> totals) { return totals[0] / totals[1]; }

/// Nothing by round-to-nearest can be made in these types, or it would have other bits.
bool without_counterpart(const model::Checkpoint& candidate) {
  return no_counterpart(candidate) ||
         std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
           return tensor.encoding.type->needs_importance;
         });
}

/// Round-to-nearest in the same types, to hold the loss against; absent where there is none, or
/// where the candidate is that.
Known<std::optional<Variant>> counterpart(const Facts& facts, Loss& loss) {
  if (without_counterpart(*facts.given.candidate)) return std::nullopt;
  QUALM_TRY(const auto same, facts.same_weights({}, experiment::round_to_nearest()));
  if (!same.value_or(false)) return Facts::by_rtn();
  loss.excess = numeric::Estimate{1, 1, 1};
  loss.excessive = Side::below;
  return std::nullopt;
}

/// In one pass: the candidate decoded, where `small`, and what it is held against.
Known<void> compare(const Facts& facts, bool small, WeightsLoss& found) {
  QUALM_TRY(const auto rtn, counterpart(facts, found.loss));
  std::vector<Variant> variants;
  if (small) variants.push_back(decoded(Facts::weights_only()));
  if (rtn) variants.push_back(small ? decoded(*rtn) : *rtn);
  QUALM_TRY(const WindowRange windows, facts.selection(small ? kForRuntime : kForClasses));
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  if (small) {
    found.judged = measured.front();
    found.loss.runtime_share =
        evaluate::kld_difference(*found.as_run, 1.0, *found.judged, kCheckConfidence);
  }
  if (!rtn) return {};
  const std::array pair{found.judged, measured.back()};
  found.loss.excess = evaluate::estimate(evaluate::join(pair), ratio, kCheckConfidence);
  found.loss.excessive = excessive(*found.judged, *measured.back());
  return {};
}

/// Where the loss is over the line and its type does not explain it.
Known<void> compare_with_surrogate(const Facts& facts, WeightsLoss& found) {
  if (!facts.estimates_beside_pack() || found.loss.excessive == Side::below ||
      found.loss.line != Side::above)
    return {};
  QUALM_TRY(const WindowRange windows, facts.selection(kForEstimate));
  const std::array variants{Facts::weights_only()};
  QUALM_TRY(const auto measured, facts.measured(windows, facts.taken_from(), variants));
  const Measurement& usual = *measured.front();
  if (!usual.truth_over_estimate) return {};  // it cannot be run
  const std::array pair{found.as_run, &usual};
  const auto times = evaluate::estimate(evaluate::join(pair), ratio, kCheckConfidence);
  if (!times) return {};
  const numeric::Estimate& truth = *usual.truth_over_estimate;
  found.over_steps = numeric::Estimate{times->value / truth.value, times->low / truth.high,
                                       times->high / truth.low};
  return {};
}

/// With a pack: the pack's figures of the candidate's own type, as run.
Known<void> compare_with_pack(const Facts& facts, bool small, WeightsLoss& found) {
  if (small) {
    const std::array variants{decoded(Facts::weights_only())};
    QUALM_TRY(const WindowRange windows, facts.selection(kForRuntime));
    QUALM_TRY(const auto measured, facts.measured(windows, variants));
    found.judged = measured.front();
    found.loss.runtime_share =
        evaluate::kld_difference(*found.as_run, 1.0, *found.judged, kCheckConfidence);
  }
  const model::Checkpoint& candidate = *facts.given.candidate;
  const auto label = model::file_type_label(candidate.metadata);
  // What the file calls itself counts where most of its weights say so too.
  if (!label || label->made != model::Made::plainly || type_of_rest(candidate, {}) != label->name)
    return {};
  QUALM_TRY(const auto* same, facts.measured(Facts::as_type(std::string(label->name))));
  if (!same->unavailable.empty()) return {};
  const std::array pair{found.as_run, same};
  found.loss.excess = evaluate::estimate(evaluate::join(pair), ratio, kCheckConfidence);
  found.loss.excessive = excessive(*found.as_run, *same);
  return {};
}

}  // namespace

bool explained_by_bits(const WeightsLoss& found) {
  return !below_original(*found.judged) &&
         (found.loss.excessive == Side::below || as_its_steps(found));
}

Known<WeightsLoss> weights_loss(const Facts& facts) {
  WeightsLoss found;
  QUALM_TRY(found.as_run, facts.measured(Facts::weights_only()));
  QUALM_TRY(found.floor, floor_for(facts, *found.as_run));
  found.judged = found.as_run;
  const bool is_small = small(*facts.given.candidate, *found.as_run);
  Known<void> compared;
  if (!facts.estimated())  // what its types cost a surrogate says nothing of how they were made
    compared =
        facts.swaps() ? compare(facts, is_small, found) : compare_with_pack(facts, is_small, found);
  set_size(*found.judged, found.loss);
  found.loss.line = harm(facts.given, *found.judged, *found.floor);
  if (compared) compared = compare_with_surrogate(facts, found);
  // Without it a loss over the limit is one, and no other loss is fine.
  if (!left_out(compared) || found.loss.line != Side::above) QUALM_CHECK(compared);
  return found;
}

}  // namespace qualm::diagnose
