// Text to windows: what is read, in which order, and which positions count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace qualm::evaluate {

enum class Protocol {
  standard,   ///< "default": every position from ctx/8 on; windows in a seeded stratified order
  llama_cpp,  ///< "llama.cpp": positions [ctx/2, ctx-1), all windows in file order
};
[[nodiscard]] std::string_view to_string(Protocol protocol) noexcept;

/// Parts of a text: as many as the windows after which a confidence sequence first decides.
inline constexpr std::int32_t kStrata = 16;

/// Of the order in which windows are read, where the user names none. Fixed: the same text is read
/// in the same order by everyone.
inline constexpr std::uint64_t kOrderSeed = 20260101;

/// A text as windows of ctx_size tokens; the end of the text is not read if it is shorter than a
/// window.
struct TextWindows {
  std::vector<engine::Token> tokens;  ///< windows x ctx_size; window starts already replaced by BOS
  std::int32_t ctx_size = 0;
  std::int32_t first =
      0;  ///< scored positions are [first, last): the logits there predict position + 1
  std::int32_t last = 0;
  std::int32_t stride = 1;          ///< of them each so many-th is scored
  std::vector<std::int32_t> order;  ///< in which the windows are read

  /// Windows that are read.
  [[nodiscard]] std::int32_t count() const noexcept {
    return static_cast<std::int32_t>(order.size());
  }
  /// Windows that the text has.
  [[nodiscard]] std::int32_t total() const noexcept {
    return ctx_size > 0 ? static_cast<std::int32_t>(std::ssize(tokens) / ctx_size) : 0;
  }
  /// Parts of the text, equally long, of which the order takes one window each in every round.
  [[nodiscard]] std::int32_t strata() const noexcept { return std::min(count(), kStrata); }
  [[nodiscard]] std::span<const engine::Token> window(std::int32_t index) const noexcept;
  /// Scored positions of a window.
  [[nodiscard]] std::int32_t rows() const noexcept { return (last - first + stride - 1) / stride; }
  /// Which of them a scored position is.
  [[nodiscard]] std::size_t row_of(std::int32_t position) const noexcept {
    return static_cast<std::size_t>((position - first) / stride);
  }
};

struct Cut {
  std::int32_t ctx_size = 512;  ///< tokens of a window
  Protocol protocol = Protocol::standard;
  engine::Token start = -1;  ///< replaces each window's first token; -1: none does
  std::int64_t limit = -1;   ///< > 0: only the first so many windows of the text
  std::uint64_t seed = 0;    ///< of the order
  std::int32_t stride = 1;
};

/// Windows of a text by their index: [begin, end).
struct WindowRange {
  std::int64_t begin = 0;
  std::int64_t end = 0;  ///< 0: no range, all windows
  [[nodiscard]] bool is_all() const noexcept { return end == 0; }
};

/// Only the windows of the range are read, in the order that they had. EVAL-002: the text does not
/// have all of them.
[[nodiscard]] Result<void> keep_range(TextWindows& text, const WindowRange& range);

/// EVAL-001 (undecided): the text does not fill one window.
[[nodiscard]] Result<TextWindows> cut(std::vector<engine::Token> tokens, const Cut& how);

}  // namespace qualm::evaluate
