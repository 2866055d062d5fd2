#include "experiment/variant.h"

#include <fmt/format.h>

#include "base/sha256.h"

namespace qualm::experiment {
namespace {

constexpr std::size_t kDigits = 32;  // of the digest: 128 bits

/// Takes fields one after the other so that no two lists of fields give the same bytes.
class KeyWriter {
 public:
  KeyWriter& add(std::string_view text) {
    hash_.add(fmt::format("{}:", text.size()));
    hash_.add(text);
    return *this;
  }
  KeyWriter& add(std::size_t number) { return add(fmt::format("{}", number)); }
  [[nodiscard]] VariantId take() && { return {std::move(hash_).hex().substr(0, kDigits)}; }

 private:
  Sha256 hash_;
};

void add(const Weights& weights, KeyWriter& key) {
  key.add(static_cast<std::size_t>(weights.kind)).add(weights.mix);
  key.add(weights.recipe.rules.size());
  for (const assemble::Rule& rule : weights.recipe.rules)
    key.add(rule.pattern).add(static_cast<std::size_t>(rule.action)).add(rule.type);
  key.add(weights.overrides.size());
  for (const auto& [pattern, type] : weights.overrides) key.add(pattern).add(type);
  key.add(weights.calibrated_on ? fmt::format("{}", *weights.calibrated_on) : "");
  if (weights.decoded) key.add("decoded");
}

std::string_view in_words(assemble::Action action) {
  switch (action) {
    case assemble::Action::keep:
      return "as it is";
    case assemble::Action::from_baseline:
      return "from the original";
    case assemble::Action::decode:
      return "decoded to floats";
    case assemble::Action::encode:
      return "as";
    case assemble::Action::encode_baseline:
      return "of the original as";
    case assemble::Action::encode_like_candidate:
      return "of the original, rounded to nearest in its own type";
  }
  return "?";
}

}  // namespace

VariantId id_of(const Weights& weights) {
  KeyWriter key;
  add(weights, key);
  return std::move(key).take();
}

VariantId id_of(const Variant& variant) {
  KeyWriter key;
  add(variant.weights, key);
  key.add(variant.type_k).add(variant.type_v);
  return std::move(key).take();
}

std::string describe(const Weights& weights) {
  if (weights.decoded) return describe(as_stored(weights)) + ", decoded to floats";
  switch (weights.kind) {
    case Weights::Kind::candidate:
      return "candidate";
    case Weights::Kind::baseline:
      return "original";
    case Weights::Kind::base_model:
      return "base model";
    case Weights::Kind::requantized: {
      std::string text = "original as " + weights.mix;
      for (const auto& [pattern, type] : weights.overrides)
        text += fmt::format(", {} as {}", pattern, type);
      if (weights.calibrated_on)
        text += fmt::format(", calibrated on text {}", *weights.calibrated_on + 1);
      return text;
    }
    case Weights::Kind::served:
      return "candidate in its server";
    case Weights::Kind::surrogate:
      return "estimated original";
    case Weights::Kind::assembled:
      break;
  }
  std::string text = "candidate with";
  std::string_view before = " ";
  for (const auto& rule : weights.recipe.rules) {
    text += fmt::format("{}{} {}", before, rule.pattern, in_words(rule.action));
    if (!rule.type.empty()) text += " " + rule.type;
    before = ", ";
  }
  return text;
}

std::string describe(const Variant& variant) {
  if (variant.weights.kind == Weights::Kind::served) return describe(variant.weights);
  return fmt::format("{}, {}/{} cache", describe(variant.weights), variant.type_k, variant.type_v);
}

Weights baseline_weights() { return {.kind = Weights::Kind::baseline, .mix = {}, .recipe = {}}; }

Weights base_model_weights() {
  return {.kind = Weights::Kind::base_model, .mix = {}, .recipe = {}};
}

Weights served_weights() { return {.kind = Weights::Kind::served, .mix = {}, .recipe = {}}; }

Weights surrogate_weights() { return {.kind = Weights::Kind::surrogate, .mix = {}, .recipe = {}}; }

Weights requantized(const std::string& mix) {
  return {.kind = Weights::Kind::requantized, .mix = mix, .recipe = {}};
}

Weights assembled(assemble::Recipe recipe) {
  return {.kind = Weights::Kind::assembled, .mix = {}, .recipe = std::move(recipe)};
}

Weights round_to_nearest() {
  return assembled({{{"*", assemble::Action::encode_like_candidate, "Q2_K"}}});
}

Weights decoded(Weights weights) {
  weights.decoded = true;
  return weights;
}

Weights as_stored(Weights weights) {
  weights.decoded = false;
  return weights;
}

std::size_t place_of(const Variant& variant, std::span<const Variant> all) {
  const auto it =
      std::ranges::find(all, id_of(variant), [](const Variant& one) { return id_of(one); });
  return static_cast<std::size_t>(it - all.begin());
}

Variant with_f16_cache(Weights weights) { return {std::move(weights), "f16", "f16"}; }

bool is_plain_type(const Variant& variant) {
  return variant.weights.kind == Weights::Kind::requantized &&
         id_of(variant) == id_of(with_f16_cache(requantized(variant.weights.mix)));
}

}  // namespace qualm::experiment
