// An importance matrix: how large the inputs of each matrix were on a calibration text.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace qualm::model {

/// One matrix, or the stack of matrices of a mixture of experts.
struct ImportanceEntry {
  std::string tensor;               ///< canonical GGUF name: "blk.0.ffn_down.weight"
  std::vector<float> mean_squares;  ///< of each input column, matrix after matrix
  /// Inputs seen by each matrix; empty where the file does not say (the legacy form).
  std::vector<std::int64_t> counts;
  float largest = 0;  ///< absolute value of all inputs; 0 where it came from a file
};

struct Importance {
  std::vector<ImportanceEntry> entries;
  std::string dataset;  ///< what the file says it was made of; may be empty

  [[nodiscard]] const ImportanceEntry* find(std::string_view tensor) const noexcept {
    for (const ImportanceEntry& entry : entries)
      if (entry.tensor == tensor) return &entry;
    return nullptr;
  }
};

}  // namespace qualm::model
