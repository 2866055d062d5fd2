#include "diagnose/lab.h"

#include <fmt/format.h>

namespace qualm::diagnose {
namespace {

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

}  // namespace

std::string describe(const Weights& weights) {
  switch (weights.kind) {
    case Weights::Kind::candidate:
      return "candidate";
    case Weights::Kind::baseline:
      return "baseline";
    case Weights::Kind::requantized:
      return "baseline as " + weights.mix;
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
