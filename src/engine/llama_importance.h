// Importance matrices through libllama, as llama-imatrix collects them.
#pragma once

#include <span>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "model/importance.h"

struct llama_model;

namespace qualm::engine {

/// `tokens`: windows of settings.ctx_size, one after the other. The inputs of every matrix in the
/// layers are squared and added up over all positions, in the order of the windows, and the largest
/// of them is kept; the output matrix is left out, as llama-imatrix leaves it. Errors: ENGINE-002,
/// ENGINE-003, cancelled.
[[nodiscard]] Result<model::Importance> collect_importance(llama_model& model,
                                                           const std::string& name,
                                                           const Settings& settings,
                                                           std::span<const Token> tokens,
                                                           Progress& progress);

}  // namespace qualm::engine
