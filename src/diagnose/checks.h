// Check 0 (do the files match the original?), then the five causes of the troubleshooting guide
// (docs/method.md), most likely first.
//
// Adding a cause is one file in diagnose/ (the function), and here its id, its declaration and its
// row. Report, schema, clinic and `qualm explain` read the table; the level of a check follows.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "diagnose/finding.h"
#include "diagnose/wanted.h"
#include "numeric/level.h"

namespace qualm::diagnose {

class Facts;

enum class CheckId : std::uint8_t {
  not_quant,
  tier,
  kv_cache,
  architecture,
  calibration,
  provenance,
};

/// What to do about a finding, before it is proved.
struct Fix {
  std::string name = {};  ///< "Q4_K_M", "a q8_0/q4_0 cache": what to use instead
  std::string command = {};
  std::string effect = {};  ///< what changes, in words, without the measured figures
  std::optional<std::int64_t> bytes = std::nullopt;
  std::size_t text = 0;                                       ///< on which it is to be proved
  std::optional<experiment::Weights> weights = std::nullopt;  ///< instead of the candidate's
  std::optional<std::pair<std::string, std::string>> cache =
      std::nullopt;  ///< K and V types instead of the user's
};

using Check = Known<Finding> (*)(const Facts& facts);
/// Called if the check found a cause. Absent: there is no fix for it.
using Prescribe = Known<std::optional<Fix>> (*)(const Facts& facts);

[[nodiscard]] Known<Finding> check_files(const Facts& facts);
[[nodiscard]] Known<Finding> check_type(const Facts& facts);
[[nodiscard]] Known<Finding> check_cache(const Facts& facts);
[[nodiscard]] Known<Finding> check_architecture(const Facts& facts);
[[nodiscard]] Known<Finding> check_calibration(const Facts& facts);
[[nodiscard]] Known<Finding> check_provenance(const Facts& facts);

[[nodiscard]] Known<std::optional<Fix>> fix_files(const Facts& facts);
[[nodiscard]] Known<std::optional<Fix>> fix_type(const Facts& facts);
[[nodiscard]] Known<std::optional<Fix>> fix_cache(const Facts& facts);
[[nodiscard]] Known<std::optional<Fix>> fix_architecture(const Facts& facts);
[[nodiscard]] Known<std::optional<Fix>> fix_calibration(const Facts& facts);
/// The original in the candidate's own type.
[[nodiscard]] Known<std::optional<Fix>> make_again(const Facts& facts);

struct CheckRow {
  CheckId id;
  std::string_view name;     ///< in JSON
  std::string_view title;    ///< on screen
  std::string_view meaning;  ///< one sentence
  Check check;
  Prescribe prescribe;  ///< null: this check has no fixes
  /// The check measures what the bits of the weights cost. It is not run if the files have a fault
  /// with Effect::weights.
  bool about_bits = false;
};

inline constexpr std::array kChecks{
    CheckRow{CheckId::not_quant, "not_quant", "Files match the original",
             "Asks whether tokenizer, chat template, hyperparameters and tensors equal the "
             "original's. If they do not, the quantization may not be the cause.",
             check_files, fix_files},
    CheckRow{CheckId::tier, "tier", "Quant type too aggressive",
             "The weights lose more than is acceptable for this model, and more bits get it back.",
             check_type, fix_type, true},
    CheckRow{CheckId::kv_cache, "kv_cache", "KV cache has too few bits",
             "The quantized KV cache loses more than is acceptable; the same weights with an F16 "
             "cache do not.",
             check_cache, fix_cache},
    CheckRow{CheckId::architecture, "architecture", "Architecture",
             "One class of tensors (embedding, router, experts, ...) has too few bits. With only "
             "this class restored, the loss goes away.",
             check_architecture, fix_architecture, true},
    CheckRow{CheckId::calibration, "calibration", "Calibration",
             "The calibration does not fit your text: with another calibration and the same bits, "
             "the loss is certainly smaller.",
             check_calibration, fix_calibration, true},
    CheckRow{CheckId::provenance, "provenance", "Quant of another model",
             "The weights were made from another model: the base model, a merge, or a model that "
             "was quantized before.",
             check_provenance, make_again},
};

/// The check's own answer. It says where it rests on an estimate of the original.
[[nodiscard]] Known<Finding> ask(const CheckRow& check, const Facts& facts);

[[nodiscard]] constexpr const CheckRow& row_of(CheckId id) noexcept {
  return kChecks[static_cast<std::size_t>(id)];
}
static_assert(
    [] {
      for (std::size_t i = 0; i < kChecks.size(); ++i)
        if (kChecks[i].id != static_cast<CheckId>(i)) return false;
      return true;
    }(),
    "one row for each CheckId, in the order of the enum");

/// Level at which each check decides, so that a verdict holds with numeric::kConfidence: 99.17 %.
inline constexpr double kCheckConfidence = numeric::shared_confidence(kChecks.size());
/// The level of each of `count` intervals that one check shares.
[[nodiscard]] constexpr double confidence_for(std::size_t count) noexcept {
  return numeric::shared_confidence(count, kCheckConfidence);
}

}  // namespace qualm::diagnose
