// How a job ended, as its record and its stream have it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "job/outcome.h"
#include "serve/history.h"

namespace qualm::serve {

/// UTF-8 whatever the strings hold.
[[nodiscard]] std::string text_of(const nlohmann::ordered_json& json);

/// Report, verdict and summary, or the error, into the record. Returns the last event but one of
/// the stream: "result" or "error".
[[nodiscard]] nlohmann::ordered_json take_outcome(const Result<job::Outcome>& outcome,
                                                  Record& record);

/// As it was before it ran.
void clear_outcome(Record& record);

}  // namespace qualm::serve
