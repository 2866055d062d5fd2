// AWQ, 4 bit, in the three layouts of AutoAWQ ("gemm", "gemv", "gemv_fast", the last also
// llm-awq's).
//
//   gemm       qweight [K, N/8]   | o7 o5 o3 o1 o6 o4 o2 o0 |  eight outputs a word, interleaved
//              qzeros  [G, N/8] the same order, scales [G, N]       W[n,k] = (code - zero) * scale
//   gemv       qweight [N, K/8]   | i7 i6 i5 i4 i3 i2 i1 i0 |  eight inputs a word, in order
//              qzeros  [N, zw] eight groups a word, scales [N, 8 zw]  W[n,k] = (code - zero) *
//              scale
//   gemv_fast  qweight I16 [N/4, K], four outputs interleaved (place() in awq.cpp)
//              scales, qzeros F16 [8 zw, N], zeros being -(scale * zero)  W[n,k] = code * scale +
//              zero
//
// The first two are exact in float32; gemv_fast is rounded once. Zero points are stored as they
// are. The weights hold the smoothing (columns times s): smoothing.h.
#pragma once

#include <optional>

#include "codec/matrix.h"

namespace qualm::codec {

struct AwqParts {
  Part qweight;
  std::optional<Part> qzeros;  ///< absent in gemm: every zero point is 8 (noted)
  Part scales;
};

/// group_size: 0 or -1 where the configuration does not say; gemv needs it (its scales are padded).
[[nodiscard]] Result<Matrix> make_awq_gemm(const AwqParts& parts, std::int64_t group_size);
[[nodiscard]] Result<Matrix> make_awq_gemv(const AwqParts& parts, std::int64_t group_size);
[[nodiscard]] Result<Matrix> make_awq_gemv_fast(const AwqParts& parts, std::int64_t group_size);

}  // namespace qualm::codec
