#include "assemble/gguf_writer.h"

#include <fmt/format.h>
#include <ggml.h>
#include <gguf.h>

#include <algorithm>
#include <limits>
#include <type_traits>

namespace qualm::assemble {
namespace {

constexpr std::int64_t kAlignment =
    32;  // GGUF_DEFAULT_ALIGNMENT; a source's own is not carried over

template <class To, class From>
std::vector<To> narrowed(const std::vector<From>& values) {
  std::vector<To> out;
  out.reserve(values.size());
  for (const From value : values) out.push_back(static_cast<To>(value));
  return out;
}

template <class T>
void set_array(gguf_context* gguf, const char* key, gguf_type type, const std::vector<T>& values) {
  const auto put = [&](const auto& typed) {
    gguf_set_arr_data(gguf, key, type, typed.data(), typed.size());
  };
  switch (type) {
    case GGUF_TYPE_UINT8:
      return put(narrowed<std::uint8_t>(values));
    case GGUF_TYPE_INT8:
      return put(narrowed<std::int8_t>(values));
    case GGUF_TYPE_BOOL:
      return put(narrowed<std::int8_t>(values));
    case GGUF_TYPE_UINT16:
      return put(narrowed<std::uint16_t>(values));
    case GGUF_TYPE_INT16:
      return put(narrowed<std::int16_t>(values));
    case GGUF_TYPE_UINT32:
      return put(narrowed<std::uint32_t>(values));
    case GGUF_TYPE_INT32:
      return put(narrowed<std::int32_t>(values));
    case GGUF_TYPE_FLOAT32:
      return put(narrowed<float>(values));
    default:
      return put(values);
  }
}

template <class T>
void set_scalar(gguf_context* gguf, const char* key, gguf_type type, T value) {
  switch (type) {
    case GGUF_TYPE_UINT8:
      return gguf_set_val_u8(gguf, key, static_cast<std::uint8_t>(value));
    case GGUF_TYPE_INT8:
      return gguf_set_val_i8(gguf, key, static_cast<std::int8_t>(value));
    case GGUF_TYPE_UINT16:
      return gguf_set_val_u16(gguf, key, static_cast<std::uint16_t>(value));
    case GGUF_TYPE_INT16:
      return gguf_set_val_i16(gguf, key, static_cast<std::int16_t>(value));
    case GGUF_TYPE_UINT32:
      return gguf_set_val_u32(gguf, key, static_cast<std::uint32_t>(value));
    case GGUF_TYPE_INT32:
      return gguf_set_val_i32(gguf, key, static_cast<std::int32_t>(value));
    case GGUF_TYPE_FLOAT32:
      return gguf_set_val_f32(gguf, key, static_cast<float>(value));
    case GGUF_TYPE_UINT64:
      return gguf_set_val_u64(gguf, key, static_cast<std::uint64_t>(value));
    case GGUF_TYPE_INT64:
      return gguf_set_val_i64(gguf, key, static_cast<std::int64_t>(value));
    default:
      return gguf_set_val_f64(gguf, key, static_cast<double>(value));
  }
}

/// The narrowest type llama.cpp reads a value as, where the reader did not say one.
gguf_type chosen(const model::Entry& entry, gguf_type otherwise) {
  return entry.type >= 0 && entry.type < GGUF_TYPE_COUNT ? static_cast<gguf_type>(entry.type)
                                                         : otherwise;
}

void set_entry(gguf_context* gguf, const model::Entry& entry) {
  const char* key = entry.key.c_str();
  std::visit(
      [&](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, bool>) {
          gguf_set_val_bool(gguf, key, value);
        } else if constexpr (std::is_same_v<T, std::string>) {
          gguf_set_val_str(gguf, key, value.c_str());
        } else if constexpr (std::is_same_v<T, double>) {
          set_scalar(gguf, key, chosen(entry, GGUF_TYPE_FLOAT32), value);
        } else if constexpr (std::is_same_v<T, std::int64_t>) {
          set_scalar(gguf, key, chosen(entry, GGUF_TYPE_INT32), value);
        } else if constexpr (std::is_same_v<T, std::uint64_t>) {
          set_scalar(gguf, key, chosen(entry, GGUF_TYPE_UINT32), value);
        } else if constexpr (std::is_same_v<T, std::vector<std::string>>) {
          std::vector<const char*> strings;
          for (const auto& text : value) strings.push_back(text.c_str());
          gguf_set_arr_str(gguf, key, strings.data(), strings.size());
        } else if constexpr (std::is_same_v<T, std::vector<double>>) {
          set_array(gguf, key, chosen(entry, GGUF_TYPE_FLOAT32), value);
        } else if constexpr (std::is_same_v<T, std::vector<std::int64_t>>) {
          set_array(gguf, key, chosen(entry, GGUF_TYPE_INT32), value);
        } else {
          set_array(gguf, key, chosen(entry, GGUF_TYPE_UINT32), value);
        }
      },
      entry.value);
}

}  // namespace

void GgufWriter::FreeGguf::operator()(gguf_context* context) const noexcept { gguf_free(context); }

GgufWriter::GgufWriter(Image image) : image_(std::move(image)), gguf_(gguf_init_empty()) {}
GgufWriter::GgufWriter(GgufWriter&&) noexcept = default;
GgufWriter& GgufWriter::operator=(GgufWriter&&) noexcept = default;
GgufWriter::~GgufWriter() = default;

Result<GgufWriter> GgufWriter::create(const std::string& name) {
  QUALM_TRY(auto image, Image::create(name));
  GgufWriter writer(std::move(image));
  writer.name_ = name;
  return writer;
}

Result<void> GgufWriter::metadata(const model::Metadata& metadata) {
  for (const model::Entry& entry : metadata.entries()) {
    if (entry.key.starts_with("split.") || entry.key == "general.alignment") continue;
    // libggml aborts on an empty key, and stores strings up to their first NUL.
    if (entry.key.empty())
      return fail({Kind::input, "ASSEMBLE-003", name_, "metadata", "a key", "an empty one", ""});
    set_entry(gguf_.get(), entry);
  }
  return {};
}

Result<void> GgufWriter::declare(const std::string& name, std::span<const std::int64_t> dims,
                                 int type) {
  if (name.empty() || name.size() >= GGML_MAX_NAME || dims.size() > GGML_MAX_DIMS ||
      gguf_find_tensor(gguf_.get(), name.c_str()) >= 0)
    return fail({Kind::input, "ASSEMBLE-004", name_, "tensor " + name,
                 fmt::format("a new name shorter than {} bytes and at most {} dimensions",
                             GGML_MAX_NAME, GGML_MAX_DIMS),
                 fmt::format("{} bytes, {} dimensions", name.size(), dims.size()), ""});
  ggml_init_params params{ggml_tensor_overhead() * 2, nullptr, true};
  const std::unique_ptr<ggml_context, void (*)(ggml_context*)> scratch(ggml_init(params),
                                                                       ggml_free);
  std::vector<std::int64_t> ne(dims.begin(), dims.end());
  if (ne.empty()) ne.push_back(1);
  ggml_tensor* tensor = ggml_new_tensor(scratch.get(), static_cast<ggml_type>(type),
                                        static_cast<int>(ne.size()), ne.data());
  ggml_set_name(tensor, name.c_str());
  gguf_add_tensor(gguf_.get(), tensor);  // copies what it needs
  return {};
}

Result<void> GgufWriter::finish_header() {
  std::vector<std::byte> header(gguf_get_meta_size(gguf_.get()));
  gguf_get_meta_data(gguf_.get(), header.data());
  return image_.append(header);
}

Result<void> GgufWriter::data(std::span<const std::byte> bytes) {
  in_tensor_ += static_cast<std::int64_t>(bytes.size());
  return image_.append(bytes);
}

Result<void> GgufWriter::end_tensor() {
  const auto rest = in_tensor_ % kAlignment;
  in_tensor_ = 0;
  if (rest == 0) return {};
  const std::vector<std::byte> padding(static_cast<std::size_t>(kAlignment - rest));
  return image_.append(padding);
}

Image GgufWriter::take() && { return std::move(image_); }

}  // namespace qualm::assemble
