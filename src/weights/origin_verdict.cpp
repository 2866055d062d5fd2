// The deciding of check 5, apart from all reading.
#include "weights/origin.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

using numeric::Estimate;

bool more_than_rounding(const Provenance& found) {
  return found.residual_share &&
         weights::more_than_rounding(*found.residual_share, found.residual_over_step);
}

/// What the matrices say.
Origin by_alpha(const Provenance& found) {
  if (more_than_rounding(found)) return Origin::neither;
  if (!found.alpha) return Origin::cannot_tell;
  const Estimate& alpha = *found.alpha;
  const auto reaches = [&](double at) {
    return alpha.low <= at + kAlphaTolerance && alpha.high >= at - kAlphaTolerance;
  };
  const bool one = reaches(1), none = reaches(0);
  if (alpha.high - alpha.low > kWidestAlpha || (one && none)) return Origin::cannot_tell;
  if (one) return alpha.low > kMiddleAlpha ? Origin::fine_tune : Origin::cannot_tell;
  if (none) return alpha.high < kMiddleAlpha ? Origin::base : Origin::cannot_tell;
  return Origin::merge;
}

/// What the tensors say that were left as they were; cannot_tell: nothing.
Origin by_unquantized(const UnquantizedTensors& unquantized) {
  const std::int64_t witnesses = unquantized.count() - unquantized.same;
  if (witnesses == 0) return Origin::cannot_tell;
  if (unquantized.fine_tune == witnesses) return Origin::fine_tune;
  if (unquantized.base == witnesses) return Origin::base;
  return unquantized.neither > 0 ? Origin::neither : Origin::merge;
}

/// Matrices and unquantized tensors together.
Origin together(Origin matrices, Origin unquantized) {
  if (unquantized == Origin::cannot_tell || unquantized == matrices) return matrices;
  switch (matrices) {
    case Origin::cannot_tell:
      return unquantized;
    case Origin::neither:
    case Origin::merge:  // norms are often left out of a merge; norms of nobody are not
      return unquantized == Origin::neither ? unquantized : matrices;
    default:
      return Origin::cannot_tell;  // they contradict each other
  }
}

/// Without a base model there is no alpha: what rounding leaves and the norms decide.
Origin without_base(const Provenance& found) {
  const UnquantizedTensors& unquantized = found.unquantized;
  const bool norms_differ = unquantized.neither > 0;
  // Low-bit rounding and scales that were not undone leave much too; other norms do not go with it.
  if (more_than_rounding(found))
    return norms_differ || unquantized.count() == 0 ? Origin::neither : Origin::cannot_tell;
  return norms_differ || (unquantized.count() == 0 && !found.residual_over_step)
             ? Origin::cannot_tell
             : Origin::fine_tune;
}

}  // namespace

std::string_view to_string(Origin origin) noexcept {
  switch (origin) {
    case Origin::fine_tune:
      return "fine_tune";
    case Origin::base:
      return "base";
    case Origin::merge:
      return "merge";
    case Origin::neither:
      return "neither";
    case Origin::cannot_tell:
      return "cannot_tell";
  }
  return "cannot_tell";
}

bool more_than_rounding(double residual_share, std::optional<double> residual_over_step) {
  if (residual_share > kNothingOfIt) return true;
  return residual_over_step ? *residual_over_step > kMostOverStep : residual_share > kMostResidual;
}

void decide(Provenance& found) {
  found.by_unquantized = by_unquantized(found.unquantized);
  if (found.base_given) {
    found.by_matrices = by_alpha(found);
    found.origin = together(found.by_matrices, found.by_unquantized);
  } else {
    found.origin = without_base(found);
  }
  // alpha may be 1 where something was added to the fine-tune; norms are the same after a LoRA.
  const bool open = found.origin == Origin::cannot_tell && !found.base_given;
  if (found.differing && (open || found.origin == Origin::fine_tune))
    found.origin = Origin::neither;
}

}  // namespace qualm::weights
