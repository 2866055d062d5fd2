// Chat templates rendered as Jinja.
//
// A template comes with a file that nobody vouches for, and Jinja has loops, recursion and strings
// that double. So it runs in a child process with limits: memory, time, output, no files. The child
// is a fork, not another start of qualm: a library does not know the program it is part of, and a
// fork takes the template along. The child has one thread, whatever the parent has; glibc keeps
// memory and exceptions usable in it, and it needs nothing else.
//
// The renderer is llama.cpp's (third_party/llama-jinja), the one of llama-server.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "chat/prompt.h"
#include "model/metadata.h"

namespace qualm::chat {

/// One for each prompt. Errors: TEMPLATE-001 it is no Jinja, TEMPLATE-002 it was refused,
/// TEMPLATE-003 more than about 2 s, TEMPLATE-004 more than 512 MiB, more than 1 MiB of text
/// besides the messages, or nested too deep, TEMPLATE-005 no process could be started. After 003 to
/// 005 the remaining prompts are not tried and get the same error.
[[nodiscard]] std::vector<Result<std::string>> render_all(const engine::ChatTemplate& chat_template,
                                                          std::span<const Prompt> prompts);
[[nodiscard]] Result<std::string> render(const engine::ChatTemplate& chat_template,
                                         const Prompt& prompt);

/// The template of a file with the names of its begin and end tokens; no text where there is none.
[[nodiscard]] engine::ChatTemplate template_of(const model::Metadata& metadata);

}  // namespace qualm::chat
