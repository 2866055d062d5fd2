// Symptoms as text, for the store: so that a model writes its texts only once.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "probe/symptom.h"

namespace qualm::experiment {

[[nodiscard]] std::string to_record(std::span<const probe::Symptom> symptoms);
/// Absent where the text is no record of this version: then the texts are written again.
[[nodiscard]] std::optional<std::vector<probe::Symptom>> from_record(const std::string& text);

}  // namespace qualm::experiment
