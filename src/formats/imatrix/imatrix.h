// Importance matrices as llama-imatrix writes them, in both of its forms.
//
// GGUF: general.type "imatrix"; for each matrix NAME.in_sum2 (sums of squares, columns x matrices)
//       and NAME.counts (1 x matrices), all F32; imatrix.datasets.
// Legacy (.dat): i32 entries | entries | i32 chunks | i32 length | name of the data set
//       entry: i32 length | name | i32 calls | i32 n | n x f32, mean squares times calls
//       The part after the entries is missing in files of older versions.
#pragma once

#include <memory>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "model/importance.h"

namespace qualm::formats {

/// Errors: FILE-*, GGUF-*, and
///   IMATRIX-001 ends inside a field      IMATRIX-004 a count or length that cannot be
///   IMATRIX-005 a GGUF of something else IMATRIX-006 sums and counts do not go together
[[nodiscard]] Result<model::Importance> read_imatrix(const std::string& path);
[[nodiscard]] Result<model::Importance> read_imatrix(const std::shared_ptr<const FileSource>& file);

}  // namespace qualm::formats
