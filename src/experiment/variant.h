// A variant is data: which weights, which cache. Every "what if" model that the diagnosis measures
// is a Variant
// (docs/method.md, Attribution).
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "assemble/recipe.h"

namespace qualm::experiment {

struct Weights {
  enum class Kind {
    candidate,    ///< the candidate's file as it is
    baseline,     ///< the original's (--baseline)
    base_model,   ///< those of the model that the original was fine-tuned from (--base-model)
    requantized,  ///< the original as llama-quantize's type `mix`
    assembled,    ///< the candidate with `recipe` applied
    served,       ///< whatever the server runs that the user named, with the cache it has
    surrogate,    ///< beside a pack: in place of the weights that it has not (weights/surrogate.h)
  };
  Kind kind = Kind::candidate;
  std::string mix;
  assemble::Recipe recipe;
  /// requantized: tensor names as llama-quantize's --tensor-type takes them (regular expressions),
  /// and their types in place of the mix's.
  std::vector<std::pair<std::string, std::string>> overrides{};
  /// requantized: with the importance matrix of that text, see Experiment::measure.
  std::optional<std::size_t> calibrated_on{};
  /// Every quantized matrix as floats: kernels for quantized weights round activations too, and
  /// what is left without them is the weights' own loss.
  bool decoded = false;

  /// A file has to be made for them.
  [[nodiscard]] bool made() const noexcept {
    return decoded || kind == Kind::requantized || kind == Kind::assembled;
  }
};

struct Variant {
  Weights weights;
  std::string type_k = "f16";
  std::string type_v = "f16";
};

/// What a variant is, as a key: equal where the variants are, and independent of how they are
/// described. Goes into keys of the cache on disk.
struct VariantId {
  std::string digest;  ///< 32 hexadecimal digits
  friend auto operator<=>(const VariantId&, const VariantId&) = default;
};
[[nodiscard]] VariantId id_of(const Weights& weights);
[[nodiscard]] VariantId id_of(const Variant& variant);

/// Where an equal one stands among `all`; all.size() where there is none.
[[nodiscard]] std::size_t place_of(const Variant& variant, std::span<const Variant> all);

/// For people: "original as Q4_K_M, q8_0/f16 cache". Never a key.
[[nodiscard]] std::string describe(const Weights& weights);
[[nodiscard]] std::string describe(const Variant& variant);

[[nodiscard]] Weights baseline_weights();
[[nodiscard]] Weights base_model_weights();
[[nodiscard]] Weights served_weights();
[[nodiscard]] Weights surrogate_weights();
/// The original as a type of llama-quantize: "Q4_K_M".
[[nodiscard]] Weights requantized(const std::string& mix);
[[nodiscard]] Weights assembled(assemble::Recipe recipe);
/// Round-to-nearest of the original in the candidate's types, tensor by tensor: nothing is
/// calibrated. Types that need an importance matrix become Q2_K.
[[nodiscard]] Weights round_to_nearest();
[[nodiscard]] Weights decoded(Weights weights);
/// What decoded() was given.
[[nodiscard]] Weights as_stored(Weights weights);

/// With a cache that is not quantized.
[[nodiscard]] Variant with_f16_cache(Weights weights);

/// The original as a type of llama-quantize and nothing else, with an F16 cache.
[[nodiscard]] bool is_plain_type(const Variant& variant);

}  // namespace qualm::experiment
