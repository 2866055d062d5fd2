#include "codec/plain.h"

#include <ggml.h>

#include "codec/numbers.h"

namespace qualm::codec {
namespace {

int ggml_type_of(Dtype dtype) noexcept {
  switch (dtype) {
    case Dtype::kF32:
      return GGML_TYPE_F32;
    case Dtype::kF16:
      return GGML_TYPE_F16;
    case Dtype::kBF16:
      return GGML_TYPE_BF16;
    case Dtype::kF64:
      return GGML_TYPE_F64;
    case Dtype::kI8:
      return GGML_TYPE_I8;
    case Dtype::kI16:
      return GGML_TYPE_I16;
    case Dtype::kI32:
      return GGML_TYPE_I32;
    case Dtype::kI64:
      return GGML_TYPE_I64;
    default:
      return -1;
  }
}

}  // namespace

Result<Matrix> make_plain(const Part& part) {
  if (!is_number(part.dtype))
    return fail(part_error("CODEC-103", part, "a dtype of numbers, each in its own bytes",
                           std::string(dtype_name(part.dtype))));
  const std::int64_t length = part.shape.empty() ? 1 : part.shape.back();
  const std::int64_t rows = length == 0 ? 0 : part.elements() / length;
  const int type = ggml_type_of(part.dtype);
  auto decode = [part, length](std::int64_t first, std::int64_t count, float* out) -> Result<void> {
    decode_numbers(part, first * length, count * length, out);
    return {};
  };
  const auto ggml_bytes = type < 0 ? std::span<const std::byte>() : part.bytes;
  return Matrix{part.shape,
                {std::string(dtype_name(part.dtype)), type},
                decoded_rows(rows, length, std::move(decode), nullptr, ggml_bytes),
                {}};
}

}  // namespace qualm::codec
