// The seam between deciding and running: checks ask a Lab for measurements of variants.
//
// A variant is data (method.md, section 4): which weights, which cache. Every counterfactual is
// one.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "assemble/recipe.h"
#include "base/error.h"
#include "evaluate/measurement.h"
#include "evaluate/score_pairs.h"

namespace qualm::diagnose {

struct Weights {
  enum class Kind {
    candidate,    ///< the patient's file as it is
    baseline,     ///< the baseline's
    requantized,  ///< the baseline through llama-quantize's `mix`
    assembled,    ///< the patient with `recipe` applied
  };
  Kind kind = Kind::candidate;
  std::string mix;
  assemble::Recipe recipe;
};

struct Variant {
  Weights weights;
  std::string type_k = "f16";
  std::string type_v = "f16";
};

/// Stable and unique among the variants of one pair of models; goes into cache keys and progress.
[[nodiscard]] std::string describe(const Variant& variant);
[[nodiscard]] std::string describe(const Weights& weights);

/// Windows [begin, end) in the order in which the text is read.
struct WindowRange {
  std::int32_t begin = 0;
  std::int32_t end = 0;
  [[nodiscard]] std::int32_t count() const noexcept { return end - begin; }
};

class Lab {
 public:
  virtual ~Lab() = default;
  [[nodiscard]] virtual std::int32_t windows_total() const = 0;
  /// Each variant against `reference` on the same windows; one Measurement per variant, summarized.
  /// Errors: those of the engine; `cancelled` where the user stopped it.
  [[nodiscard]] virtual Result<std::vector<evaluate::Measurement>> measure(
      const Variant& reference, std::span<const Variant> variants, WindowRange windows,
      const evaluate::StopRule& rule) = 0;
  /// Bytes of the variant's model file.
  [[nodiscard]] virtual Result<std::int64_t> model_bytes(const Weights& weights) = 0;
  /// Bytes of a cache of these types at the context the user runs with.
  [[nodiscard]] virtual std::int64_t cache_bytes(const std::string& type_k,
                                                 const std::string& type_v) const = 0;
};

}  // namespace qualm::diagnose
