// The tensor infos of a GGUF header and where their data lies. Internal to this folder.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/byte_reader.h"
#include "base/error.h"

namespace qualm::gguf {

struct TensorInfo {
  std::string name;
  std::vector<std::int64_t> dims;
  int type = 0;               ///< ggml's, and known to the linked libggml
  std::string type_name;      ///< "Q4_K"
  std::uint64_t bytes = 0;    ///< of the data, padding not included; fits int64
  std::uint64_t offset = 0;   ///< of the data: as claimed, then from the start of the file
  std::uint64_t info_at = 0;  ///< where the claimed offset stands in the file
};

/// Name length, number of dimensions, type, offset.
inline constexpr std::uint64_t kSmallestInfo = 8 + 4 + 4 + 8;

/// Errors: GGUF-001..003, GGUF-014..022.
[[nodiscard]] Result<std::vector<TensorInfo>> read_infos(ByteReader& reader, std::uint64_t count);

/// Checks that the data lies as it must in a file of `file_bytes`, `reader` standing behind the
/// infos, and makes the offsets absolute. Errors: GGUF-018, GGUF-023, GGUF-024.
[[nodiscard]] Result<void> place(std::vector<TensorInfo>& infos, const ByteReader& reader,
                                 std::uint64_t alignment, std::uint64_t file_bytes);

}  // namespace qualm::gguf
