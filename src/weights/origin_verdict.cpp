// The deciding of check 5, apart from all reading.
#include <fmt/format.h>

#include "numeric/format.h"
#include "weights/origin.h"

namespace qualm::weights {
namespace {

using numeric::Estimate;

bool unexplained(const Provenance& found) {
  return found.residual_share &&
         weights::unexplained(*found.residual_share, found.residual_over_step);
}

/// What the matrices say.
Origin by_alpha(const Provenance& found) {
  if (unexplained(found)) return Origin::neither;
  if (!found.alpha) return Origin::cannot_tell;
  const Estimate& alpha = *found.alpha;
  const auto reaches = [&](double at) {
    return alpha.low <= at + kAlphaTolerance && alpha.high >= at - kAlphaTolerance;
  };
  const bool one = reaches(1), none = reaches(0);
  if (alpha.high - alpha.low > 1 || (one && none)) return Origin::cannot_tell;
  if (one) return alpha.low > 0.5 ? Origin::fine_tune : Origin::cannot_tell;
  if (none) return alpha.high < 0.5 ? Origin::base : Origin::cannot_tell;
  return Origin::merge;
}

/// What the tensors say that were left as they were; cannot_tell: nothing.
Origin by_kept(const UnquantizedTensors& unquantized) {
  const std::int64_t witnesses = unquantized.count() - unquantized.same;
  if (witnesses == 0) return Origin::cannot_tell;
  if (unquantized.fine_tune == witnesses) return Origin::fine_tune;
  if (unquantized.base == witnesses) return Origin::base;
  return unquantized.neither > 0 ? Origin::neither : Origin::merge;
}

std::string kept_in_words(const UnquantizedTensors& unquantized) {
  if (unquantized.count() == 0) return "no unquantized norms to go by";
  if (unquantized.same == unquantized.count())
    return fmt::format("all {} norms equal to both", unquantized.same);
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(unquantized.fine_tune, "equal to the baseline's");
  add(unquantized.base, "equal to the base model's");
  add(unquantized.same, "equal to both");
  add(unquantized.between, "between the two");
  add(unquantized.neither, "of neither");
  return fmt::format("of {} norms {}", unquantized.count(), text);
}

std::string residual_in_words(const Provenance& found) {
  if (!found.residual_share) return "no quantized matrices to go by";
  std::string text = fmt::format("{} of its weights' power is unexplained",
                                 format_value(*found.residual_share, {.percent = true}));
  if (found.residual_over_step)
    text += fmt::format(", {} times what rounding leaves", format_value(*found.residual_over_step));
  return text;
}

std::string alpha_in_words(const Provenance& found) {
  return found.alpha ? "alpha " + numeric::format_estimate(*found.alpha) : "alpha not examined";
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

void decide_without_base(Provenance& found) {
  const bool norms_differ = found.unquantized.neither > 0;
  const std::string norms = found.unquantized.count() == 0 ? "no unquantized norms to go by"
                            : norms_differ
                                ? fmt::format("{} of {} norms are not the baseline's",
                                              found.unquantized.neither, found.unquantized.count())
                            : found.unquantized.off.empty() ? "norms identical"
                                                            : "the other norms identical";
  if (unexplained(found)) {
    // Low-bit rounding and scales that were folded leave much too; other norms do not go with it.
    found.origin =
        norms_differ || found.unquantized.count() == 0 ? Origin::neither : Origin::cannot_tell;
    found.says = norms + "; " + residual_in_words(found);
    return;
  }
  found.origin = norms_differ || (found.unquantized.count() == 0 && !found.residual_over_step)
                     ? Origin::cannot_tell
                     : Origin::fine_tune;
  found.says = norms + "; alpha not examined (no --base-model)";
}

std::string headline(const Provenance& found, Origin matrices, Origin unquantized) {
  const std::string evidence = alpha_in_words(found) + "; " + kept_in_words(found.unquantized);
  switch (found.origin) {
    case Origin::fine_tune:
      return "a quant of the baseline: " + evidence;
    case Origin::base:
      return "a quant of the base model: " + evidence;
    case Origin::merge:
      return "a quant of a merge of both: " + evidence;
    case Origin::neither:
      return fmt::format("a quant of neither: {}; {}", residual_in_words(found),
                         kept_in_words(found.unquantized));
    case Origin::cannot_tell:
      break;
  }
  if (matrices != Origin::cannot_tell && unquantized != Origin::cannot_tell)
    return "matrices and norms contradict each other: " + evidence;
  if (!found.delta || *found.delta == 0)
    return "baseline and base model do not differ: " + evidence;
  return fmt::format("baseline and base model differ by {} (rms), too little to tell: {}",
                     format_value(*found.delta, {.percent = true}), evidence);
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

bool unexplained(double residual_share, std::optional<double> residual_over_step) {
  if (residual_share > kNothingExplained) return true;
  return residual_over_step ? *residual_over_step > kMostOverStep
                            : residual_share > kMostUnexplained;
}

void decide(Provenance& found, bool base_given) {
  if (!base_given) return decide_without_base(found);
  const Origin matrices = by_alpha(found);
  const Origin unquantized = by_kept(found.unquantized);
  found.origin = together(matrices, unquantized);
  found.says = headline(found, matrices, unquantized);
}

}  // namespace qualm::weights
