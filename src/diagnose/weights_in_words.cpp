#include "diagnose/weights_in_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "base/units.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using weights::Differing;
using weights::IntegrityFault;
using weights::Mismatch;
using weights::Origin;
using weights::Provenance;
using weights::UnquantizedTensors;

constexpr std::size_t kSharesShown = 4;  // of classes

std::string percent(double share) { return format_value(share, {.percent = true}); }

/// " (99 % residual)"
std::string residual(const Mismatch& mismatch) {
  if (!mismatch.residual_share) return "";
  return fmt::format(" ({} residual)", percent(*mismatch.residual_share));
}

std::string unquantized_in_words(const UnquantizedTensors& unquantized) {
  if (unquantized.count() == 0) return "no unquantized norms to compare";
  if (unquantized.same == unquantized.count())
    return fmt::format("all {} norms equal both models'", unquantized.same);
  if (unquantized.fine_tune == unquantized.count())
    return fmt::format("all {} norms equal the original's", unquantized.count());
  if (unquantized.base == unquantized.count())
    return fmt::format("all {} norms equal the base model's", unquantized.count());
  std::string text;
  const auto add = [&](std::int64_t count, const char* what) {
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, what);
  };
  add(unquantized.fine_tune, "equal the original's");
  add(unquantized.base, "equal the base model's");
  add(unquantized.same, "equal both");
  add(unquantized.between, "lie between the two");
  add(unquantized.neither, "equal neither");
  return fmt::format("of {} norms, {}", unquantized.count(), text);
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
  return unquantized.off.empty() ? "unquantized tensors equal the original's"
                                 : "the other unquantized tensors equal the original's";
}

std::string layers_in_words(const weights::DifferingClass& one) {
  if (one.layers.empty()) return fmt::format(" of all {} layers", one.in_layers);
  return fmt::format(" of layer{} {}", one.layers.size() == 1 ? "" : "s",
                     fmt::join(one.layers, ", "));
}

/// "attn_q and attn_v of all 6 layers": classes that differ in the same layers are told together.
std::string classes_in_words(const Differing& differing) {
  std::string text;
  for (std::size_t i = 0; i < differing.classes.size(); ++i) {
    const auto& one = differing.classes[i];
    const std::string where = one.in_layers == 0 ? "" : layers_in_words(one);
    const bool last = i + 1 == differing.classes.size();
    const bool shared = !last && differing.classes[i + 1].in_layers > 0 &&
                        layers_in_words(differing.classes[i + 1]) == where;
    const bool before_last = i + 2 == differing.classes.size();
    text += one.name + (shared ? "" : where) + (last ? "" : before_last ? " and " : ", ");
  }
  return text;
}

std::string within_in_words(const Differing& differing) {
  if (!differing.within) return "more than rounding leaves";
  std::string shares;
  for (const auto& one : differing.classes)
    if (one.within) shares += (shares.empty() ? "" : " / ") + percent(*one.within);
  if (differing.all_of_layers || differing.classes.size() > kSharesShown)
    shares = percent(*differing.within);
  std::string text = shares + " within half a step";
  if (differing.within_elsewhere)
    text += fmt::format(", {} elsewhere", percent(*differing.within_elsewhere));
  else if (differing.left_by_type)
    text += fmt::format(", where its types leave {}", percent(*differing.left_by_type));
  return text;
}

std::string differing_in_words(const Differing& differing) {
  const bool all = differing.all_of_layers;
  const bool single =
      differing.classes.size() == 1 && differing.classes.front().layers.size() == 1 && !all;
  const std::string what = all ? "the matrices of all layers" : classes_in_words(differing);
  const char* cause = differing.quant_of_quant() ? "a quant of a quant"
                      : single ? "one matrix that was changed, damaged or converted wrongly"
                      : all    ? "a quant of another fine-tune, of a merge, or of a quant"
                               : "a missing or other LoRA, or another merge";
  return fmt::format("{} differ{} from the original's ({}); probably {}", what, single ? "s" : "",
                     within_in_words(differing), cause);
}

std::string without_base(const Provenance& found) {
  if (found.differing && found.origin == Origin::neither)
    return differing_in_words(*found.differing) + "; " + norms_without_base(found.unquantized);
  const std::string norms = norms_without_base(found.unquantized);
  const bool more = found.residual_share &&
                    weights::more_than_rounding(*found.residual_share, found.residual_over_step);
  return more ? norms + "; " + residual_in_words(found)
              : norms + "; not compared with a base model";
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
    case Mismatch::Kind::experts_exchanged:
      return fmt::format("experts {} exchanged", fmt::join(mismatch.experts, " and "));
    case Mismatch::Kind::expert_order:
      return fmt::format("the original's experts in another order ({} of them)",
                         mismatch.experts.size());
    case Mismatch::Kind::experts_unknown:
      return fmt::format("experts {} differ from the original's",
                         fmt::join(mismatch.experts, ", "));
    case Mismatch::Kind::not_scaled:
      return fmt::format("lacks the scales that were divided out of {}, which feeds it",
                         mismatch.other);
    case Mismatch::Kind::other_norm:
      return fmt::format("its scales were divided out of {}, which does not feed it",
                         mismatch.other);
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
    case Origin::base:
    case Origin::merge:
      return evidence;
    case Origin::neither:
      if (found.differing && found.by_matrices != Origin::neither)
        return differing_in_words(*found.differing) + "; " + evidence;
      return fmt::format("{}; {}", residual_in_words(found),
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

std::string whose_in_words(const Provenance& found) {
  const auto whose = [&]() -> std::string {
    if (!found.base_given) return "";
    switch (found.origin) {
      case Origin::fine_tune:
        return "a quant of the original: ";
      case Origin::base:
        return "a quant of the base model, not of the original: ";
      case Origin::merge:
        return "a quant of a merge of both: ";
      case Origin::neither:
        return "a quant of neither model: ";
      case Origin::cannot_tell:
        break;
    }
    return "";
  };
  return whose() + in_words(found);
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
