// A chat template as Jinja, run in this process and without limits: only for a process that may die
// of it (chat/render.h).
#pragma once

#include <memory>
#include <string>

#include "chat/prompt.h"

namespace qualm::chat {

/// What became of a rendering.
struct Rendered {
  enum class Kind : unsigned char {
    text,
    not_jinja,  ///< the template cannot be parsed
    failed,     ///< it was refused, by the template itself (raise_exception) or by the renderer
  };
  Kind kind = Kind::text;
  std::string text;   ///< or the renderer's words
  std::string place;  ///< "line 3, column 5" of the template; empty where that is not known
};

class Jinja {
 public:
  explicit Jinja(const engine::ChatTemplate& chat_template);
  ~Jinja();
  Jinja(const Jinja&) = delete;
  Jinja& operator=(const Jinja&) = delete;

  /// A template that wants contents as lists of parts gets them so (as llama-server does).
  [[nodiscard]] Rendered render(const Prompt& prompt) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

}  // namespace qualm::chat
