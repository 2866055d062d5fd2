#include "diagnose/weights_in_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "base/units.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using weights::IntegrityFault;
using weights::Mismatch;
using weights::Origin;
using weights::Provenance;
using weights::UnquantizedTensors;

std::string percent(double share) { return format_value(share, {.percent = true}); }

/// " (99 % residual)"
std::string residual(const Mismatch& mismatch) {
  if (!mismatch.residual_share) return "";
  return fmt::format(" ({} residual)", percent(*mismatch.residual_share));
}

std::string unquantized_in_words(const UnquantizedTensors& unquantized) {
  if (unquantized.count() == 0) return "no unquantized norms to compare";
  if (unquantized.same == unquantized.count())
    return fmt::format("all {} norms equal to both", unquantized.same);
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(unquantized.fine_tune, "equal to the original's");
  add(unquantized.base, "equal to the base model's");
  add(unquantized.same, "equal to both");
  add(unquantized.between, "between the two");
  add(unquantized.neither, "of neither");
  return fmt::format("of {} norms {}", unquantized.count(), text);
}

std::string residual_in_words(const Provenance& found) {
  if (!found.residual_share) return "no quantized matrices to compare";
  std::string text = fmt::format("the weights differ from the original's ({} residual",
                                 percent(*found.residual_share));
  if (found.residual_over_step)
    text += fmt::format(", {} times what rounding leaves", format_value(*found.residual_over_step));
  return text + ")";
}

std::string norms_without_base(const UnquantizedTensors& unquantized) {
  if (unquantized.count() == 0) return "no unquantized norms to compare";
  if (unquantized.neither > 0)
    return fmt::format("{} of {} norms are not the original's", unquantized.neither,
                       unquantized.count());
  return unquantized.off.empty() ? "norms identical" : "the other norms identical";
}

std::string without_base(const Provenance& found) {
  const std::string norms = norms_without_base(found.unquantized);
  const bool more = found.residual_share &&
                    weights::more_than_rounding(*found.residual_share, found.residual_over_step);
  return more ? norms + "; " + residual_in_words(found)
              : norms + "; alpha not examined (no --base-model)";
}

}  // namespace

std::string in_words(const Mismatch& mismatch) {
  switch (mismatch.kind) {
    case Mismatch::Kind::unknown:
      return "differs from the original's tensor" + residual(mismatch);
    case Mismatch::Kind::other_tensor:
      return fmt::format("holds the original's {}{}", mismatch.other, residual(mismatch));
    case Mismatch::Kind::row_order:
      return "same values as the original in a different row order" + residual(mismatch);
    case Mismatch::Kind::shifted:
      return fmt::format("the original's values {} {:.3g}", mismatch.number < 0 ? "minus" : "plus",
                         std::abs(mismatch.number));
    case Mismatch::Kind::scaled:
      return fmt::format("the original's values times {:.3g}", mismatch.number);
    case Mismatch::Kind::rows_overwritten:
      return fmt::format("rows {} to {} differ from the original's ({} residual, elsewhere {})",
                         mismatch.first_row, mismatch.last_row,
                         percent(mismatch.residual_share.value_or(0)),
                         percent(mismatch.usual_share));
  }
  return "";
}

std::string in_words(const IntegrityFault& fault) {
  if (fault.kind == IntegrityFault::Kind::zeros && fault.whole)
    return fmt::format("all {} weights are zero", fault.weights);

  const char* original = fault.of_original ? "; the original's are not" : "";
  switch (fault.kind) {
    case IntegrityFault::Kind::not_finite:
      return fmt::format("{} weights are NaN or infinite, the first in row {}", fault.weights,
                         fault.row);
    case IntegrityFault::Kind::zeros:
      return fmt::format("{} weights are zero, from row {} on{}", fault.weights, fault.row,
                         original);
    case IntegrityFault::Kind::constant:
      return fmt::format("{} rows hold one value each, the first is row {}{}", fault.rows,
                         fault.row, fault.of_original ? "; the original's do not" : "");
    case IntegrityFault::Kind::too_large:
      return fmt::format("a weight in row {} is {:.1e} times as large as its matrix's rms",
                         fault.row, fault.times);
    case IntegrityFault::Kind::few_values:
      return fmt::format(
          "neighbouring weights are equal ({} of them): the packed words hold one "
          "value",
          percent(fault.times));
  }
  return "";
}

std::string in_words(const Provenance& found) {
  if (!found.base_given) return without_base(found);
  const std::string alpha =
      found.alpha ? "alpha " + numeric::format_estimate(*found.alpha) : "alpha not examined";
  const std::string evidence = alpha + "; " + unquantized_in_words(found.unquantized);
  switch (found.origin) {
    case Origin::fine_tune:
      return "a quant of the original: " + evidence;
    case Origin::base:
      return "a quant of the base model: " + evidence;
    case Origin::merge:
      return "a quant of a merge of both: " + evidence;
    case Origin::neither:
      return fmt::format("a quant of neither: {}; {}", residual_in_words(found),
                         unquantized_in_words(found.unquantized));
    case Origin::cannot_tell:
      break;
  }
  if (found.by_matrices != Origin::cannot_tell && found.by_unquantized != Origin::cannot_tell)
    return "matrices and norms contradict each other: " + evidence;
  if (!found.delta || *found.delta == 0)
    return "original and base model do not differ: " + evidence;
  return fmt::format("original and base model differ by {} (rms), too little to tell: {}",
                     percent(*found.delta), evidence);
}

std::string in_words(const weights::TensorComparison& tensor) {
  std::string text;
  if (tensor.padded)
    text = fmt::format("the first {} rows: the model has {}, the original {}",
                       std::min(tensor.padded->model, tensor.padded->baseline),
                       tensor.padded->model, tensor.padded->baseline);
  if (tensor.unscaled == weights::Unscaled::no) return text;
  if (!text.empty()) text += "; ";
  return text + (tensor.unscaled == weights::Unscaled::exactly
                     ? "AWQ's scales were undone"
                     : "compared up to a scale per channel");
}

std::string in_words(const weights::NotCompared& tensor) {
  if (tensor.dims == tensor.baseline_dims)
    return fmt::format("a row of {} weights is longer than any known model's",
                       tensor.dims.empty() ? 1 : tensor.dims.front());
  return fmt::format("[{}] in the model, [{}] in the original", fmt::join(tensor.dims, ", "),
                     fmt::join(tensor.baseline_dims, ", "));
}

}  // namespace qualm::diagnose
