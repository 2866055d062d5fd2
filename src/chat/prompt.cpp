#include "chat/prompt.h"

namespace qualm::chat {

std::vector<Prompt> sample_prompts() {
  return {
      {{{"user", "Hello, who are you?"}}},
      {{{"system", "Answer in one word."}, {"user", " Is water wet? "}}},
      {{{"user", "Add 2 and 3."}, {"assistant", "That makes 5."}, {"user", "And 4?\nThanks."}}}};
}

std::string speakers(const Prompt& prompt) {
  std::string names;
  for (const engine::ChatMessage& message : prompt.messages)
    names += (names.empty() ? "" : ", ") + message.role;
  return names;
}

}  // namespace qualm::chat
