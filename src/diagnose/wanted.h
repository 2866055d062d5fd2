// What has to be found out before a question can be answered.
//
// The diagnosis is a function of facts. Where a fact is not known yet, the function says which, and
// ends; whoever runs it finds the fact out, adds it, and asks again. So what is measured is data,
// and depends on nothing but the facts so far.
#pragma once

#include <expected>
#include <string>
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
/// What the candidate and its control write.
struct WantedTexts {};

using Wanted =
    std::variant<WantedMeasurements, WantedSize, WantedCacheSize, WantedEquality, WantedTexts>;

/// A value, or what has to be found out to know it.
template <class T>
using Known = std::expected<T, Wanted>;

}  // namespace qualm::diagnose
