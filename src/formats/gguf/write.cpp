#include "formats/gguf/write.h"

#include <cstring>
#include <type_traits>
#include <vector>

#include "base/checked.h"
#include "base/file.h"
#include "formats/gguf/value_types.h"

namespace qualm::gguf {
namespace {

constexpr std::uint64_t kUsualAlignment = 32;  // where general.alignment is missing

class Bytes {
 public:
  template <class T>
  void number(T value) {
    out_.append(reinterpret_cast<const char*>(&value), sizeof(T));
  }
  void text(std::string_view text) {
    number(static_cast<std::uint64_t>(text.size()));
    out_ += text;
  }
  void typed(std::int32_t type, auto value) {
    with_number_type(type, [&]<class T>() { number(static_cast<T>(value)); });
  }
  void pad(std::uint64_t alignment) { out_.resize(*checked_round_up(out_.size(), alignment)); }
  [[nodiscard]] std::string take() && { return std::move(out_); }

 private:
  std::string out_;
};

/// The type that llama.cpp reads such a value as, where the reader did not say one.
template <class T>
constexpr std::int32_t usual_type() {
  if constexpr (std::is_same_v<T, bool>) return kBool;
  if constexpr (std::is_same_v<T, std::string>) return kString;
  if constexpr (std::is_same_v<T, double>) return kF32;
  return std::is_same_v<T, std::int64_t> ? kI32 : kU32;
}

template <class T>
void write_value(Bytes& out, const T& value, std::int32_t type) {
  if (type < 0) type = usual_type<T>();
  out.number(type);
  if constexpr (std::is_same_v<T, std::string>) {
    out.text(value);
  } else {
    out.typed(type, value);
  }
}

template <class T>
void write_value(Bytes& out, const std::vector<T>& values, std::int32_t type) {
  if (type < 0) type = usual_type<T>();
  out.number(static_cast<std::int32_t>(kArray));
  out.number(type);
  out.number(static_cast<std::uint64_t>(values.size()));
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>) {
      out.text(value);
    } else {
      out.typed(type, value);
    }
  }
}

std::vector<const model::Entry*> kept_entries(const model::Metadata& metadata) {
  std::vector<const model::Entry*> kept;
  for (const model::Entry& entry : metadata.entries())
    if (!entry.key.starts_with("split.")) kept.push_back(&entry);
  return kept;
}

std::string header_of(const model::Checkpoint& checkpoint, std::uint64_t alignment) {
  Bytes out;
  const auto entries = kept_entries(checkpoint.metadata);
  out.number(std::uint32_t{0x46554747});  // "GGUF"
  out.number(std::uint32_t{3});
  out.number(static_cast<std::uint64_t>(checkpoint.tensors.size()));
  out.number(static_cast<std::uint64_t>(entries.size()));
  for (const model::Entry* entry : entries) {
    out.text(entry->key);
    std::visit([&](const auto& value) { write_value(out, value, entry->type); }, entry->value);
  }
  std::uint64_t offset = 0;
  for (const model::Tensor& tensor : checkpoint.tensors) {
    out.text(tensor.name);
    out.number(static_cast<std::uint32_t>(tensor.dims.size()));
    for (const std::int64_t dim : tensor.dims) out.number(dim);
    out.number(static_cast<std::int32_t>(tensor.encoding.ggml_type));
    out.number(offset);
    // They lay in files before: no overflow.
    offset = *checked_round_up(offset + tensor.data->ggml_bytes().size(), alignment);
  }
  out.pad(alignment);
  return std::move(out).take();
}

}  // namespace

Result<void> write(const model::Checkpoint& checkpoint, const std::string& path) {
  const auto given = checkpoint.metadata.integer("general.alignment");
  const std::uint64_t alignment = given ? static_cast<std::uint64_t>(*given) : kUsualAlignment;
  const std::string header = header_of(checkpoint, alignment);
  std::vector<std::string> paddings;
  paddings.reserve(checkpoint.tensors.size());  // spans point into them
  std::vector<std::span<const std::byte>> parts{std::as_bytes(std::span(header))};
  for (const model::Tensor& tensor : checkpoint.tensors) {
    const auto bytes = tensor.data->ggml_bytes();
    const std::uint64_t padded = *checked_round_up(std::uint64_t{bytes.size()}, alignment);
    parts.push_back(bytes);
    paddings.emplace_back(padded - bytes.size(), '\0');
    parts.push_back(std::as_bytes(std::span(paddings.back())));
  }
  return write_file(path, parts);
}

}  // namespace qualm::gguf
