// Symptoms and the texts that they were found in, for the store: so that a model writes its texts
// only once.
#pragma once

#include <optional>
#include <string>

#include "probe/examine.h"

namespace qualm::experiment {

[[nodiscard]] std::string to_record(const probe::Examined& examined);
/// Absent where the text is no record of this version: then the texts are written again.
[[nodiscard]] std::optional<probe::Examined> from_record(const std::string& text);

}  // namespace qualm::experiment
