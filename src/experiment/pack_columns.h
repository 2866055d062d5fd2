// Kept windows and scores as the columns of a reference pack, and back. Internal to the reader and
// the writer of packs.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "evaluate/kept_rows.h"
#include "evaluate/measurement.h"
#include "evaluate/text_windows.h"

namespace qualm::experiment {

/// Tokens of a row in two columns, `width` places for each row; -1: no token.
struct TokenColumns {
  std::size_t width = 0;
  std::vector<std::int32_t> ids;
  std::vector<float> log_p;
};
struct RowColumns {
  std::vector<double> nll;
  std::vector<double> rest;
  TokenColumns top;
  TokenColumns drawn;
};
[[nodiscard]] RowColumns to_columns(
    std::span<const std::shared_ptr<const evaluate::KeptWindow>> windows);

/// What is wrong, and where: "row 17: token 70000 of 49152".
using WhatIsWrong = std::string;

/// Fills `out`. The columns have the lengths that `text` and `vocab_size` ask for.
[[nodiscard]] std::optional<WhatIsWrong> from_columns(
    const RowColumns& columns, const evaluate::TextWindows& text, std::int64_t vocab_size,
    std::vector<std::shared_ptr<const evaluate::KeptWindow>>& out);

struct ScoreColumns {
  std::vector<float> nll;
  std::vector<float> kld;
  std::vector<std::uint8_t> flags;
};
[[nodiscard]] ScoreColumns to_columns(std::span<const evaluate::WindowScores> windows);
[[nodiscard]] std::optional<WhatIsWrong> from_columns(
    const ScoreColumns& columns, const evaluate::TextWindows& text,
    std::span<const std::shared_ptr<const evaluate::KeptWindow>> original,
    std::vector<evaluate::WindowScores>& out);

}  // namespace qualm::experiment
