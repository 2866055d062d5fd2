// The most likely tokens of a position, for people who read a text token by token.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <span>
#include <vector>

#include "base/progress.h"
#include "engine/engine.h"
#include "evaluate/kept_rows.h"
#include "evaluate/original_side.h"
#include "evaluate/text_windows.h"

namespace qualm::evaluate {

inline constexpr std::size_t kTops = 5;

struct TopToken {
  engine::Token token = 0;
  float p = 0;
};
/// The most likely first, kTops at most; none where a logit was not finite.
using Tops = std::vector<TopToken>;
[[nodiscard]] Tops tops_of(const KeptRow& row);

/// Tops at the scored positions of a window, in order, by index of the window.
using WindowTops = std::map<std::int32_t, std::vector<Tops>>;

/// What to read the tops of, and what it is called while it runs.
struct TopsReading {
  const TextWindows& text;
  std::span<const std::int32_t> windows;
  std::string_view step;
  std::int32_t threads = 1;
};

struct ReadTops {
  WindowTops tops;
  std::int64_t passes = 0;  ///< windows that were run
};

/// A model's tops. Windows that `kept` (it may be null) knows are not run; nothing is added to it.
/// Errors: those of the source. After Ctrl-C some windows are missing.
[[nodiscard]] Result<ReadTops> read_tops(SourceMaker& model, const TopsReading& reading,
                                         Reference* kept, Progress& progress);

}  // namespace qualm::evaluate
