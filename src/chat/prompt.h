// A conversation that a chat template is to render, and a few that show what a template does.
#pragma once

#include <string>
#include <vector>

#include "engine/engine.h"

namespace qualm::chat {

struct Prompt {
  std::vector<engine::ChatMessage> messages;
  bool begins_answer = true;  ///< add_generation_prompt
};

/// A question; a system message and a question; an answer between two questions. Each content is in
/// no other and is no part of what templates write themselves.
[[nodiscard]] std::vector<Prompt> sample_prompts();

/// "user", "system, user": who speaks in it.
[[nodiscard]] std::string speakers(const Prompt& prompt);

}  // namespace qualm::chat
