// What has to be found out before a question can be answered.
//
// The diagnosis is a function of facts. Where a fact is not known yet, the function says which, and
// ends; whoever runs it finds the fact out, adds it, and asks again. So what is measured is data,
// and depends on nothing but the facts so far.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "evaluate/score_pairs.h"
#include "experiment/experiment.h"

namespace qualm::diagnose {

/// Variants against a reference, in one pass of it.
struct WantedMeasurements {
  experiment::Variant reference;
  std::vector<experiment::Variant> variants;
  experiment::WindowRange windows;
  evaluate::StopRule rule = {};
  bool selects = false;   ///< the windows that are read become the selection
  bool optional = false;  ///< where it cannot be run the measurements say why
};
/// Bytes of the model file of these weights.
struct WantedSize {
  experiment::Weights weights;
};
/// Bytes of a cache of these types at the context the user runs with.
struct WantedCacheSize {
  std::string type_k;
  std::string type_v;
};
/// Whether the two hold the same bytes.
struct WantedEquality {
  experiment::Weights a;
  experiment::Weights b;
};
/// Whether the candidate is what llama-quantize's `type` makes of this model, by its tensors'
/// types.
struct WantedType {
  std::string type;
};
/// What this machine cannot tell apart: evaluate/noise_floor.h.
struct WantedNoiseFloor {};
/// Whether the user's devices compute what the CPU does: evaluate/cross_check.h.
struct WantedCrossCheck {};
/// What the candidate's matrices get as inputs on a few windows.
struct WantedInputs {
  std::int32_t windows = 0;
};
/// What the candidate and its control write.
struct WantedTexts {};

/// The steps of a diagnosis, after the files were read.
enum class Stage {
  as_run,   ///< the candidate as the user runs it: the selection windows
  factors,  ///< weights alone, cache alone, the types that set the two thresholds
  causes,   ///< what each check asks beyond that
  shares,   ///< all combinations of the factors
  fixes,    ///< remedies on the holdout windows
  texts,    ///< what it writes
};
inline constexpr std::int32_t kStages = static_cast<std::int32_t>(Stage::texts) + 1;

struct Wanted {
  std::variant<WantedMeasurements, WantedSize, WantedCacheSize, WantedEquality, WantedType,
               WantedNoiseFloor, WantedCrossCheck, WantedInputs, WantedTexts>
      what;
  Stage stage = Stage::causes;
  bool left_out = false;  ///< it will not be found out: Facts::leave_out

  template <class T>
  requires(!std::is_same_v<std::remove_cvref_t<T>, Wanted>) Wanted(T&& wish)
      : what(std::forward<T>(wish)) {}  // NOLINT: a wish is wanted
};

/// A value, or what has to be found out to know it.
template <class T>
using Known = std::expected<T, Wanted>;

/// What is not known is wanted for this stage.
template <class T>
[[nodiscard]] Known<T> in_stage(Stage stage, Known<T> known) {
  if (!known) known.error().stage = stage;
  return known;
}

/// What it needs was left out.
template <class T>
[[nodiscard]] bool left_out(const Known<T>& known) noexcept {
  return !known && known.error().left_out;
}

}  // namespace qualm::diagnose
