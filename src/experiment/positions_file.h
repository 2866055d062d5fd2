// The scores of every position, as `qualm measure --positions` writes them and `qualm merge` reads
// them. docs/reports.md.
//
// A safetensors file. Its key "qualm.positions" holds JSON: version, and `results`, each with the
// hashes `candidate`, `original` and `text` of the report. Of result number N, with W windows of R
// scored positions:
//   N/window        I32 [W]      index in the text
//   N/position      I32 [R]      index in the window, the same in all of them
//   N/nll_original, N/nll        F64 [W, R]
//   N/kld, N/delta_p             F32 [W, R]
//   N/confidence    F32 [W, R]   the original's highest probability
//   N/flags         U8  [W, R]   1: the same top token, 2: finite, 4: lost
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "evaluate/measurement.h"

namespace qualm::experiment {

/// Of one candidate; the hashes are those of the report.
struct Positions {
  std::string candidate;
  std::string original;
  std::string text;
  std::vector<evaluate::WindowScores> windows;
};

/// Errors: FILE-010, FILE-011.
[[nodiscard]] Result<void> write_positions(std::span<const Positions> results,
                                           const std::string& path);

/// The file is untrusted. Errors: ST-*, JSON-*, and POSITIONS-001 no such file, POSITIONS-002 its
/// description, POSITIONS-003 a tensor is missing or has another shape, POSITIONS-004 a number that
/// cannot be.
[[nodiscard]] Result<std::vector<Positions>> read_positions(
    const std::shared_ptr<const FileSource>& file);

}  // namespace qualm::experiment
