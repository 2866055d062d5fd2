#include "probe/figures.h"

namespace qualm::probe {

std::optional<SymptomId> symptom_named(std::string_view name) noexcept {
  const auto* row = std::ranges::find(kSymptoms, name, &SymptomRow::name);
  return row == kSymptoms.end() ? std::nullopt : std::optional(row->id);
}

std::optional<FigureId> figure_named(std::string_view name) noexcept {
  const auto* row = std::ranges::find(kFigures, name, &FigureRow::name);
  return row == kFigures.end() ? std::nullopt : std::optional(row->id);
}

std::optional<SymptomChoice> parse_symptoms(std::string_view text) noexcept {
  using enum SymptomChoice::Which;
  if (text.empty()) return SymptomChoice{};
  if (text == "all") return SymptomChoice{.which = all, .asked = true};
  if (text == "none") return SymptomChoice{.which = none, .asked = true};
  const auto symptom = symptom_named(text);
  if (!symptom) return std::nullopt;
  return SymptomChoice{.which = one, .one = *symptom, .asked = true};
}

}  // namespace qualm::probe
