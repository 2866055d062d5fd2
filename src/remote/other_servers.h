// Servers that tell the log-probabilities of tokens that they write, and of no others.
#pragma once

#include <string>

#include "base/error.h"
#include "remote/http.h"

namespace qualm::remote {

// REMOTE-025 where one of them answers, with what to do in its place. Other errors: those of Http.

/// Those whose list of models says who serves them. TabbyAPI answers at /props as llama-server
/// does.
[[nodiscard]] Result<void> refuse_by_owner(const Address& address, const std::string& key,
                                           const HttpLimits& limits);
/// Ollama's list names the owners of models. Others answer at /api/version as Ollama does.
[[nodiscard]] Result<void> refuse_ollama(const Address& address, const std::string& key,
                                         const HttpLimits& limits);

}  // namespace qualm::remote
