// The checks of the troubleshooting guide, most likely first.
//
// Adding a cause is one file in diagnose/ (the function) and here its id, its declaration and its
// row: report, schema, clinic and `qualm explain` read the table.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "diagnose/facts.h"
#include "diagnose/finding.h"
#include "diagnose/wanted.h"

namespace qualm::diagnose {

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
  std::size_t text = 0;                           ///< on which it is to be proved
  std::optional<Weights> weights = std::nullopt;  ///< instead of the candidate's
  std::optional<std::pair<std::string, std::string>> cache =
      std::nullopt;  ///< K and V types instead of the user's
};

using Check = Known<Finding> (*)(const Facts& facts);
/// Asked where the check is to blame. No fix: there is nothing to prescribe.
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
  Prescribe prescribe;  ///< null: there is nothing to prescribe
  /// It asks what the weights lose by their bits: nothing to find where the files have a fault
  /// that the weights are run with.
  bool about_bits = false;
};

inline constexpr std::array kChecks{
    CheckRow{CheckId::not_quant, "not_quant", "Files match the original",
             "Tokenizer, chat template, hyperparameters and tensors are the original's: is it the "
             "quantization at all?",
             check_files, fix_files},
    CheckRow{CheckId::tier, "tier", "Quant type too aggressive",
             "The weights hold too few bits: they lose more than Q4_K_M may, and more bits get it "
             "back.",
             check_type, fix_type, true},
    CheckRow{CheckId::kv_cache, "kv_cache", "KV cache too hard",
             "The same weights with an F16 cache lose much less.", check_cache, fix_cache},
    CheckRow{CheckId::architecture, "architecture", "Architecture",
             "The scheme does not suit the architecture: one class of tensors (embedding, "
             "router, experts) has too few bits, and restored alone it takes the loss away.",
             check_architecture, fix_architecture, true},
    CheckRow{CheckId::calibration, "calibration", "Calibration",
             "The calibration does not fit the text: another one at the same bits loses certainly "
             "less.",
             check_calibration, fix_calibration, true},
    CheckRow{CheckId::provenance, "provenance", "Quant of another model",
             "The weights are not a quantization of the original: the base model, a merge, a "
             "quant of a quant.",
             check_provenance, make_again},
};

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

}  // namespace qualm::diagnose
