// What can be said of the loss before the diagnosis has ended.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "diagnose/checks.h"
#include "diagnose/facts.h"

namespace qualm::diagnose {

/// While the selection windows are read; `read`: those of the candidate so far. From
/// kFewestClusters on, where the grade or the side of the limit is certain, by a confidence
/// sequence: it is looked at after each window.
[[nodiscard]] std::optional<std::string> so_far(const Facts& facts,
                                                std::span<const evaluate::WindowScores> read);

/// What a check finds, if nothing is wanted for it any more. Only the conclusion says which of the
/// causes is the main one.
[[nodiscard]] std::optional<Finding> answer_so_far(const Facts& facts, const CheckRow& check);

/// After the type that sets the limit was measured, where that decides.
[[nodiscard]] std::optional<std::string> so_far(const Facts& facts);

}  // namespace qualm::diagnose
