#include "diagnose/lab.h"

#include <fmt/format.h>

#include <algorithm>

namespace qualm::diagnose {
namespace {

constexpr std::int32_t kMostCalibration = 96;  // windows; llama-imatrix is run with about as many

std::string_view name(assemble::Action action) {
  switch (action) {
    case assemble::Action::keep:
      return "keep";
    case assemble::Action::from_baseline:
      return "baseline";
    case assemble::Action::encode:
      return "encode";
    case assemble::Action::encode_baseline:
      return "encode-baseline";
    case assemble::Action::encode_like_candidate:
      return "encode-like-candidate";
  }
  return "?";
}

std::string requantized(const Weights& weights) {
  std::string text = "baseline as " + weights.mix;
  for (const auto& [pattern, type] : weights.overrides)
    text += fmt::format(" {}={}", pattern, type);
  if (weights.calibrated_on) text += fmt::format(" calibrated on text {}", *weights.calibrated_on);
  return text;
}

}  // namespace

std::int32_t calibration_windows(std::int32_t total) noexcept {
  return std::min(total / 2, kMostCalibration);
}

std::string describe(const Weights& weights) {
  switch (weights.kind) {
    case Weights::Kind::candidate:
      return "candidate";
    case Weights::Kind::baseline:
      return "baseline";
    case Weights::Kind::base_model:
      return "base model";
    case Weights::Kind::requantized:
      return requantized(weights);
    case Weights::Kind::assembled:
      break;
  }
  std::string text = "candidate with";
  for (const auto& rule : weights.recipe.rules)
    text += fmt::format(" {}={}{}", rule.pattern, name(rule.action),
                        rule.type.empty() ? "" : ":" + rule.type);
  return text;
}

std::string describe(const Variant& variant) {
  return fmt::format("{}, {}/{} cache", describe(variant.weights), variant.type_k, variant.type_v);
}

}  // namespace qualm::diagnose
