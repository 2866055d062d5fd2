// Does a server answer as one must that is measured?
#pragma once

#include <span>

#include "base/error.h"
#include "remote/server.h"

namespace qualm::remote {

/// Log-probabilities of one position may differ so much between a cold prompt and a continued one:
/// kernels round otherwise. Measured with llama-server 0.7.0 and the bundled model: 0.002 at most
/// as F16, 0.07 at most of 120 as Q4_K_M, whose kernels round activations.
inline constexpr double kMostDrift = 0.3;  // nat

/// Asks a few questions about `window`, a window of the text. Errors: those of Server; exit code 3:
/// REMOTE-012 it guesses tokens ahead, which spoils log-probabilities; REMOTE-013 the same question
/// has another answer after another prompt (its prompt cache); REMOTE-014 the temperature changes
/// log-probabilities: they are not the model's; REMOTE-015 forcing a token changes its
/// log-probability; REMOTE-016 a window does not fit into its context; REMOTE-017 every
/// log-probability is the same.
[[nodiscard]] Result<void> check_server(Server& server, std::span<const engine::Token> window);

}  // namespace qualm::remote
