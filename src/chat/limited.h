// Work that may hang, take all memory or crash, done in a forked child with limits.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace qualm::chat {

/// What the child said before its end.
struct Answers {
  enum class End {
    done,
    no_process,  ///< none could be started
    too_long,    ///< it was stopped
    too_much,    ///< it died: memory, text, or a crash
  };
  std::vector<std::string> texts;  ///< of pieces 0, 1, ...; all of them if it is done
  End end = End::done;
  std::string why;  ///< for people: "signal 11 (Segmentation fault)"
};

struct Pieces {
  std::size_t count = 0;
  std::size_t most_bytes = 0;  ///< of the answer to one piece
  /// Called in the child, for one piece after the other. It opens no files and writes nothing.
  std::function<std::string(std::size_t)> answer;
};

/// Each piece has about two seconds of a core, and two minutes by the clock.
[[nodiscard]] Answers answer_limited(const Pieces& pieces);

}  // namespace qualm::chat
