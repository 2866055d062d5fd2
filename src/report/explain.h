// The words of the reports, from the tables that define them.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace qualm::report {

/// What a word means, in any letter case: a check, a metric, a symptom, a quant type, an error
/// code, or another word that a screen prints; "" for all of them. Absent where no table has it.
[[nodiscard]] std::optional<std::string> explain(std::string_view word);

/// What the words of a report mean: checks, metrics, symptoms and terms that stand in it, a line
/// each; no types and no error codes.
[[nodiscard]] std::string explain_words_of(std::string_view report);

/// The JSON Schema (draft 2020-12) of every report, its lists filled from the same tables.
[[nodiscard]] std::string schema();

}  // namespace qualm::report
