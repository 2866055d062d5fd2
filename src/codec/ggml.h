// Tensors in the encodings that ggml knows. Blocks are libggml's affair: their sizes and their
// decoding are asked of it, so that a weight here is the weight its runtime multiplies with.
//
//     | block 0 of row 0 | block 1 | ... | block 0 of row 1 | ...     rows are whole blocks
//
// Errors: CODEC-001 a type without a decoder (Q8_1 and Q8_K hold activations), CODEC-002 rows
// that are not there, CODEC-003 bytes that are not what type and shape need, CODEC-109 no memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "model/checkpoint.h"

namespace qualm::codec {

struct GgmlType {
  std::string name;          ///< in the field's spelling: "Q4_K", "IQ2_XXS", "BF16"
  std::int64_t weights = 0;  ///< per block
  std::int64_t bytes = 0;    ///< per block
};

/// Absent for ids that the linked libggml does not know or has removed.
[[nodiscard]] std::optional<GgmlType> ggml_type_facts(int id);

/// A tensor's data as it lies in a file, which `file` keeps alive. Any alignment of `bytes` will
/// do. CODEC-003.
[[nodiscard]] Result<std::shared_ptr<const model::TensorData>> make_ggml(
    int type, std::int64_t rows, std::int64_t row_length, std::span<const std::byte> bytes,
    std::shared_ptr<const FileSource> file);

/// Rows of floats rounded to the nearest that `type` can store, without an importance matrix, as
/// llama-quantize does it. Null for floats and for types that need a matrix. CODEC-003.
[[nodiscard]] Result<std::shared_ptr<const model::TensorData>> rounded_to_nearest(
    int type, std::int64_t row_length, std::span<const float> values);

}  // namespace qualm::codec
