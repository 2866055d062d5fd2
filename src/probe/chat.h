// Whether two chat templates make the same prompts.
#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"

namespace qualm::probe {

struct ChatComparison {
  enum class Outcome {
    equal,              ///< the same text
    layout,             ///< only white space inside tags, comments, line endings: renders the same
    renders_otherwise,  ///< the engine renders the two otherwise
    renders_alike,  ///< by an engine that knows templates by marks: no proof that they are alike
    not_rendered,   ///< the engine knows at least one of them not: only their texts differ
  };
  Outcome outcome = Outcome::equal;
  std::string says;
};

/// Renders three short conversations with both where their texts differ in more than layout.
[[nodiscard]] ChatComparison compare_chats(const engine::Engine& engine,
                                           const std::string& candidate,
                                           const std::string& baseline);

/// A template without what cannot show in a prompt: white space inside of {{ }} and {% %} outside
/// of strings, what comments say, the kind of line ending, one line break at the end (Jinja's
/// lexer, with its default keep_trailing_newline = False). Equal essences render the same; the
/// reverse does not hold.
[[nodiscard]] std::string template_essence(std::string_view text);

}  // namespace qualm::probe
