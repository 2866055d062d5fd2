// The estimated original of `qualm diagnose`, for want of one, and how little of a text it needs.
#pragma once

#include <cstdint>

#include "commands/diagnose_session.h"

namespace qualm::commands {

/// Sets Session::surrogate where there is no original and the candidate's rounding error is known.
void add_surrogate(Session& session);

/// Once the candidate is identified.
void identify_surrogate(Session& session);

/// Windows of kWindowOfEstimate tokens where an estimate is all that is made, and neither the user
/// nor the question asks for longer ones: a quantized cache and lost context do.
void shorten_windows(Session& session);

/// evaluate::Cut::stride of the text that is measured.
[[nodiscard]] std::int32_t stride_of(const Session& session);

}  // namespace qualm::commands
