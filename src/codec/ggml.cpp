#include "codec/ggml.h"

#include <fmt/format.h>
#include <ggml.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <new>
#include <utility>
#include <vector>

#include "base/checked.h"
#include "codec/ggml_steps.h"
#include "codec/matrix.h"

namespace qualm::codec {
namespace {

/// Enough for every block struct of ggml: the widest member is a float.
constexpr std::uintptr_t kBlockAlignment = alignof(float);

template <class T>
void widen(std::span<const std::byte> bytes, std::span<float> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    T value{};
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    out[i] = static_cast<float>(value);
  }
}

/// True if the type is one of numbers stored one by one, for which ggml has no decoder.
bool decode_plain(ggml_type type, std::span<const std::byte> bytes, std::span<float> out) {
  switch (type) {
    case GGML_TYPE_F32:
      std::memcpy(out.data(), bytes.data(), bytes.size());
      return true;
    case GGML_TYPE_F64:
      widen<double>(bytes, out);
      return true;
    case GGML_TYPE_I8:
      widen<std::int8_t>(bytes, out);
      return true;
    case GGML_TYPE_I16:
      widen<std::int16_t>(bytes, out);
      return true;
    case GGML_TYPE_I32:
      widen<std::int32_t>(bytes, out);
      return true;
    case GGML_TYPE_I64:
      widen<std::int64_t>(bytes, out);
      return true;
    default:
      return false;
  }
}

Error ggml_error(std::string code, std::string expected, std::string found, std::string advice) {
  return {Kind::input,      std::move(code),  "", "", std::move(expected),
          std::move(found), std::move(advice)};
}

class GgmlData final : public model::TensorData {
 public:
  GgmlData(ggml_type type, std::int64_t rows, std::int64_t row_length,
           std::span<const std::byte> bytes, std::shared_ptr<const FileSource> file)
      : type_(type), rows_(rows), row_length_(row_length), bytes_(bytes), file_(std::move(file)) {}

  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    if (first < 0 || count < 0 || count > rows_ - first ||
        static_cast<std::int64_t>(out.size()) != count * row_length_)
      return fail(ggml_error(
          "CODEC-002", fmt::format("rows in [0, {}) of {} weights", rows_, row_length_),
          fmt::format("{} rows from row {} on into {} floats", count, first, out.size()), ""));
    if (out.empty()) return {};
    const auto row_bytes = bytes_.size() / static_cast<std::size_t>(rows_);
    return decode(bytes_.subspan(static_cast<std::size_t>(first) * row_bytes,
                                 static_cast<std::size_t>(count) * row_bytes),
                  out);
  }

  std::shared_ptr<const model::TensorData> steps() const override {
    return ggml_steps(type_, rows_, row_length_, bytes_, file_);
  }
  std::span<const std::byte> ggml_bytes() const noexcept override { return bytes_; }

 private:
  Result<void> decode(std::span<const std::byte> bytes, std::span<float> out) const {
    if (decode_plain(type_, bytes, out)) return {};
    const auto to_float = ggml_get_type_traits(type_)->to_float;
    if (!to_float)
      return fail(ggml_error("CODEC-001", "a type that holds weights", ggml_type_name(type_),
                             "ggml uses it for activations only and cannot decode it."));
    const auto values = static_cast<std::int64_t>(out.size());
    if (reinterpret_cast<std::uintptr_t>(bytes.data()) % kBlockAlignment == 0) {
      to_float(bytes.data(), out.data(), values);
      return {};
    }
    try {  // general.alignment may be 1
      const std::vector<std::byte> aligned(bytes.begin(), bytes.end());
      to_float(aligned.data(), out.data(), values);
      return {};
    } catch (const std::bad_alloc&) {
      return fail(memory_error(values / row_length_, row_length_));
    }
  }

  ggml_type type_;
  std::int64_t rows_;
  std::int64_t row_length_;
  std::span<const std::byte> bytes_;
  std::shared_ptr<const FileSource> file_;
};

}  // namespace

std::optional<GgmlType> ggml_type_facts(int id) {
  if (id < 0 || id >= GGML_TYPE_COUNT) return std::nullopt;
  const auto type = static_cast<ggml_type>(id);
  if (ggml_blck_size(type) <= 0 || ggml_type_size(type) == 0) return std::nullopt;
  std::string name = ggml_type_name(type);
  std::ranges::transform(name, name.begin(),
                         [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return GgmlType{std::move(name), ggml_blck_size(type),
                  static_cast<std::int64_t>(ggml_type_size(type))};
}

Result<std::shared_ptr<const model::TensorData>> make_ggml(int type, std::int64_t rows,
                                                           std::int64_t row_length,
                                                           std::span<const std::byte> bytes,
                                                           std::shared_ptr<const FileSource> file) {
  const auto facts = ggml_type_facts(type);
  if (!facts || rows < 0 || row_length < 0 || row_length % facts->weights != 0)
    return fail(ggml_error("CODEC-003", "a type of ggml and rows of whole blocks",
                           fmt::format("type {}, {} rows of {}", type, rows, row_length), ""));
  const auto row_bytes = checked_multiply(row_length / facts->weights, facts->bytes);
  const auto needed = row_bytes ? checked_multiply(*row_bytes, rows) : std::nullopt;
  if (!needed || static_cast<std::uint64_t>(*needed) != bytes.size())
    return fail(ggml_error("CODEC-003",
                           needed ? fmt::format("{} bytes", *needed) : "fewer bytes than 2^63",
                           fmt::format("{}", bytes.size()), ""));
  return std::make_shared<const GgmlData>(static_cast<ggml_type>(type), rows, row_length, bytes,
                                          std::move(file));
}

Result<std::shared_ptr<const model::TensorData>> rounded_to_nearest(int type,
                                                                    std::int64_t row_length,
                                                                    std::span<const float> values) {
  const auto facts = ggml_type_facts(type);
  const auto to = static_cast<ggml_type>(type);
  if (!facts || !ggml_is_quantized(to) || !ggml_get_type_traits(to)->to_float ||
      ggml_quantize_requires_imatrix(to) || row_length % facts->weights != 0)
    return nullptr;
  const auto rows = static_cast<std::int64_t>(values.size()) / row_length;
  const auto bytes = std::make_shared<std::vector<std::byte>>(ggml_row_size(to, row_length) *
                                                              static_cast<std::size_t>(rows));
  ggml_quantize_chunk(to, values.data(), bytes->data(), 0, rows, row_length, nullptr);
  // No file: what keeps the bytes is the vector itself.
  return make_ggml(type, rows, row_length, *bytes,
                   std::shared_ptr<const FileSource>(bytes, nullptr));
}

}  // namespace qualm::codec
