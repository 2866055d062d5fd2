// The seam between deciding and running: checks ask a Lab for measurements of variants.
//
// A variant is data (method.md, section 4): which weights, which cache. Every counterfactual is
// one.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
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
    base_model,   ///< those of the model that the baseline is said to be tuned from
    requantized,  ///< the baseline through llama-quantize's `mix`
    assembled,    ///< the patient with `recipe` applied
  };
  Kind kind = Kind::candidate;
  std::string mix;
  assemble::Recipe recipe;
  /// requantized: tensor names as llama-quantize's --tensor-type takes them (regular expressions),
  /// and their types in place of the mix's.
  std::vector<std::pair<std::string, std::string>> overrides{};
  /// requantized: with the importance matrix of that text of the Lab, see Lab::measure.
  std::optional<std::size_t> calibrated_on{};
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
  std::size_t text = 0;  ///< index into Lab::texts
  [[nodiscard]] std::int32_t count() const noexcept { return end - begin; }
};

/// A text of one kind: "prose", "code", or what the user calls it.
struct Domain {
  std::string name;
  std::int32_t windows = 0;
  bool given = false;  ///< by the user, not one that comes with qualm
  std::string path{};  ///< for commands to paste
};

/// The last windows of a text of so many, kept for calibration.
[[nodiscard]] std::int32_t calibration_windows(std::int32_t total) noexcept;

class Lab {
 public:
  virtual ~Lab() = default;
  /// Of the first text.
  [[nodiscard]] virtual std::int32_t windows_total() const = 0;
  /// The text that the patient is judged on first, then further domains.
  [[nodiscard]] virtual std::vector<Domain> texts() const {
    return {{"text", windows_total(), true}};
  }
  /// Each variant against `reference` on the same windows; one Measurement per variant, summarized.
  /// Importance matrices are made of windows from the end of their text, at most half of it, which
  /// `windows` must not reach into: calibration_windows(). Errors: those of the engine; `cancelled`
  /// where the user stopped it.
  [[nodiscard]] virtual Result<std::vector<evaluate::Measurement>> measure(
      const Variant& reference, std::span<const Variant> variants, WindowRange windows,
      const evaluate::StopRule& rule) = 0;
  /// Whether all tensors of the two hold the same bytes; absent where the Lab cannot say.
  [[nodiscard]] virtual Result<std::optional<bool>> same_weights(const Weights& a,
                                                                 const Weights& b) {
    static_cast<void>(a), static_cast<void>(b);
    return std::nullopt;
  }
  /// Bytes of the variant's model file.
  [[nodiscard]] virtual Result<std::int64_t> model_bytes(const Weights& weights) = 0;
  /// Bytes of a cache of these types at the context the user runs with.
  [[nodiscard]] virtual std::int64_t cache_bytes(const std::string& type_k,
                                                 const std::string& type_v) const = 0;
};

}  // namespace qualm::diagnose
