#include "diagnose/class_study.h"

#include <algorithm>
#include <array>
#include <functional>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/joint.h"
#include "model/activations.h"

namespace qualm::diagnose {
namespace {

double value_of(const ClassFinding& finding) { return finding.gain ? finding.gain->value : -1.0; }

/// totals: kld of the candidate, and of the candidate with the class restored.
double gained(std::span<const double> totals) { return (totals[0] - totals[1]) / totals[0]; }

ClassFinding compare(const ClassGroup& group, const evaluate::Measurement& as_it_is,
                     const evaluate::Measurement& put_right, double confidence) {
  ClassFinding finding{.group = group, .gain = {}};
  const std::array pair{&as_it_is, &put_right};
  const evaluate::Joint joint = evaluate::join(pair);
  finding.gain = estimate(joint, gained, confidence);
  // damage(class) / weights(class) > kOutweighs * damage(rest) / weights(rest), without divisions
  const double share = group.share;
  const auto margin = estimate(
      joint,
      [share](std::span<const double> totals) {
        return (totals[0] - totals[1]) * (1 - share) - kOutweighs * totals[1] * share;
      },
      confidence);
  finding.outweighs = margin && margin->low > 0;
  return finding;
}

/// Quantization errors, a over b. Absent where either is not known.
std::optional<double> coarser(const weights::QuantizationError& a,
                              const weights::QuantizationError& b) {
  const auto x = a.relative_error();
  const auto y = b.relative_error();
  if (!x || !y || *y == 0) return std::nullopt;
  return *x / *y;
}

Known<const evaluate::Measurement*> as_it_is(const Facts& facts, WindowRange windows) {
  if (!facts.estimates_beside_pack()) return facts.measured(Facts::weights_only());
  const std::array variants{Facts::weights_only()};
  QUALM_TRY(const auto measured, facts.measured(windows, facts.taken_from(), variants));
  return measured.front();
}

}  // namespace

const ClassFinding* ClassStudy::culprit() const noexcept {
  const auto it = std::ranges::find_if(classes, [](const ClassFinding& finding) {
    return finding.group.crushed && finding.outweighs;
  });
  return it == classes.end() ? nullptr : &*it;
}

bool ClassStudy::explains() const noexcept { return culprit() && culprit()->after == Side::below; }

ClassErrors errors_of(const Facts& facts, const ClassGroup& group) {
  ClassErrors errors;
  for (const auto& [of, error] : facts.read_weights.quantization_error)
    (std::ranges::find(group.classes, of) != group.classes.end() ? errors.own : errors.rest)
        .add(error);
  return errors;
}

std::optional<SuspectedClass> suspected_class(const Facts& facts) {
  std::optional<SuspectedClass> found;
  for (const ClassGroup& group : class_groups(*facts.given.candidate, nullptr)) {
    const ClassErrors errors = errors_of(facts, group);
    const auto times = coarser(errors.own, errors.rest);
    if (group.crushed && times && *times > (found ? found->times : kCoarse))
      found = SuspectedClass{group, *times};
  }
  return found;
}

Variant with_restored(const ClassGroup& group) {
  return experiment::with_f16_cache(experiment::assembled(restored(group)));
}

Variant with_alone(const ClassGroup& group) {
  return experiment::with_f16_cache(experiment::assembled(alone(group)));
}

Known<ClassStudy> study_classes(const Facts& facts) {
  auto groups = class_groups(*facts.given.candidate,
                             facts.given.baseline ? facts.given.baseline : facts.given.surrogate);
  // Only a class with clearly fewer bits than the rest can be to blame, and a run of each costs
  // one.
  std::erase_if(groups, [](const ClassGroup& group) { return !group.crushed; });
  if (!model::rotation_key(*facts.given.candidate).empty()) groups.clear();
  if (groups.empty()) return ClassStudy{};
  QUALM_TRY(const auto* floor, facts.measured(Facts::as_type(kFloorType)));
  // Beside a pack the candidate as it is has to be estimated too, to compare with.
  const bool beside_pack = facts.estimates_beside_pack();
  QUALM_TRY(const WindowRange first, facts.selection(beside_pack ? kForEstimate : kForClasses));
  std::vector<Variant> variants;
  for (const ClassGroup& group : groups) variants.push_back(with_restored(group));
  QUALM_TRY(const auto measured, facts.measured(first, facts.taken_from(), variants));
  QUALM_TRY(const auto* weights, as_it_is(facts, first));
  ClassStudy study;
  for (std::size_t i = 0; i < groups.size(); ++i) {
    auto finding = compare(groups[i], *weights, *measured[i], confidence_for(groups.size()));
    finding.after = harm(facts.given, *measured[i], *floor);
    const bool suspect = finding.group.crushed && finding.outweighs;
    if (suspect && finding.after == Side::not_separated && !beside_pack) {
      QUALM_TRY(const auto* on_all, facts.measured(variants[i]));
      finding.after = harm(facts.given, *on_all, *floor);
    }
    study.classes.push_back(std::move(finding));
  }
  std::ranges::stable_sort(study.classes, std::greater<>(), value_of);
  return study;
}

}  // namespace qualm::diagnose
