#include "diagnose/other_model.h"

#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "weights/thresholds.h"

namespace qualm::diagnose {
namespace {

/// No scales of AWQ were undone, and yet there is far more than rounding to its bits
/// leaves, or there are other norms.
bool far_from_original(const weights::Provenance& origin) {
  return origin.unscaled == 0 &&
         (origin.unquantized.neither > 0 ||
          (origin.residual_over_step && *origin.residual_over_step > weights::kMostOverStep));
}

}  // namespace

Status status_of(const Facts& facts) {
  const weights::Provenance& origin = *facts.read_weights.origin;
  // A damaged matrix is no rounding of the original's either, and is nobody's.
  if (origin.differing && !origin.base_given && !facts.files.integrity.found.empty())
    return Status::cannot_tell;
  switch (origin.origin) {
    case weights::Origin::fine_tune:
      return Status::cleared;
    case weights::Origin::base:
    case weights::Origin::merge:
    case weights::Origin::neither:
      return Status::cause;
    case weights::Origin::cannot_tell:
      break;
  }
  return Status::cannot_tell;
}

Known<bool> of_another_model(const Facts& facts) {
  if (!facts.read_weights.origin) return false;
  const weights::Provenance& origin = *facts.read_weights.origin;
  const Status status = status_of(facts);
  if (status != Status::cannot_tell) return status == Status::cause;
  // Weights that were broken since (check 0) are as far off, and are nobody's.
  if (!facts.files.integrity.found.empty() || !far_from_original(origin) || !facts.paired())
    return false;
  QUALM_TRY(const auto* weights, facts.measured(Facts::weights_only()));
  QUALM_TRY(const auto* floor, floor_for(facts, *weights));
  return harm(facts.given, *weights, *floor) == Side::above;
}

void not_attributable(Finding& finding) {
  finding.status = Status::cannot_tell;
  finding.share.reset();
  finding.headline = "these weights come from another model, so this cannot be judged";
  finding.needs.emplace_back("a quant of the right model");
}

}  // namespace qualm::diagnose
