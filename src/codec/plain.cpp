#include "codec/plain.h"

#include "codec/numbers.h"

namespace qualm::codec {
Result<Matrix> make_plain(const Part& part) {
  if (!is_number(part.dtype))
    return fail(part_error("CODEC-103", part, "a dtype of numbers, each in its own bytes",
                           std::string(dtype_name(part.dtype))));
  const std::int64_t length = part.shape.empty() ? 1 : part.shape.back();
  const std::int64_t rows = length == 0 ? 0 : part.elements() / length;
  const std::string_view name = dtype_name(part.dtype);
  const int type = model::encoding_type(name).ggml_type;
  auto decode = [part, length](std::int64_t first, std::int64_t count, float* out) -> Result<void> {
    decode_numbers(part, first * length, count * length, out);
    return {};
  };
  const auto ggml_bytes = type < 0 ? std::span<const std::byte>() : part.bytes;
  return Matrix{part.shape,
                {std::string(name), type},
                decoded_rows(rows, length, std::move(decode), nullptr, ggml_bytes),
                {}};
}

}  // namespace qualm::codec
