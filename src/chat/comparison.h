// Whether two chat templates make the same prompts.
#pragma once

#include <string>
#include <string_view>

#include "engine/engine.h"

namespace qualm::chat {

struct Comparison {
  enum class Outcome {
    equal,              ///< the same text
    layout,             ///< only white space inside tags, comments, line endings: renders the same
    renders_otherwise,  ///< a conversation becomes another prompt
    renders_alike,      ///< the sample conversations become the same prompts
    fails,              ///< the candidate's cannot be rendered, the original's can
    not_rendered,       ///< the original's cannot be rendered: only their texts differ
  };
  Outcome outcome = Outcome::equal;
  std::string says;
};

/// Renders the sample prompts with both where their texts differ in more than layout. Both call
/// their tokens by the original's names: other names are another difference.
[[nodiscard]] Comparison compare(const std::string& candidate,
                                 const engine::ChatTemplate& original);

/// A template without what cannot show in a prompt: white space inside of {{ }} and {% %} outside
/// of strings, what comments say, the kind of line ending, one line break at the end (Jinja's
/// lexer, with its default keep_trailing_newline = False). Equal essences render the same; the
/// reverse does not hold.
[[nodiscard]] std::string template_essence(std::string_view text);

}  // namespace qualm::chat
