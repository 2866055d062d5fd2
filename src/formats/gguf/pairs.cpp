#include "formats/gguf/pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstring>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/units.h"

namespace qualm::gguf {
namespace {

constexpr std::string_view kDamaged = ByteReader::kDamaged;

/// GGUF's value types by id.
enum : std::int32_t { kU32 = 4, kBool = 7, kString = 8, kArray = 9, kTypes = 13 };

/// The 64-bit class a number is kept in.
template <class T>
using Wide =
    std::conditional_t<std::floating_point<T>, double,
                       std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>>;

/// Calls read.operator()<T>() with the C++ type of a GGUF number type; bools are bytes.
template <class Read>
auto with_number_type(std::int32_t type, Read&& read)
    -> decltype(read.template operator()<double>()) {
  switch (type) {
    case 0:
    case kBool:
      return read.template operator()<std::uint8_t>();
    case 1:
      return read.template operator()<std::int8_t>();
    case 2:
      return read.template operator()<std::uint16_t>();
    case 3:
      return read.template operator()<std::int16_t>();
    case kU32:
      return read.template operator()<std::uint32_t>();
    case 5:
      return read.template operator()<std::int32_t>();
    case 6:
      return read.template operator()<float>();
    case 10:
      return read.template operator()<std::uint64_t>();
    case 11:
      return read.template operator()<std::int64_t>();
    default:
      return read.template operator()<double>();
  }
}

class PairReader {
 public:
  explicit PairReader(ByteReader& reader) : reader_(reader) {}

  Result<void> read_into(model::Metadata& metadata) {
    QUALM_TRY(std::string key, read_key(metadata));
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(auto type, reader_.number<std::int32_t>("type of " + shown(key)));
    QUALM_CHECK(check_type(type, at, key));
    if (type == kArray) return read_array(std::move(key), metadata);
    if (type == kString) {
      QUALM_TRY(const auto text, reader_.string(shown(key), kMaxString));
      metadata.set(std::move(key), std::string(text), type);
      return {};
    }
    QUALM_TRY(auto value, read_number(type, key));
    metadata.set(std::move(key), std::move(value), type);
    return {};
  }

 private:
  Result<std::string> read_key(const model::Metadata& metadata) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto key, reader_.string("key", kMaxString));
    if (key.empty() || key.contains('\0'))
      return fail(reader_.error(8, at, "key", "a name without NUL bytes",
                                key.empty() ? "an empty one" : shown(key), std::string(kDamaged)));
    if (metadata.find(key))
      return fail(reader_.error(9, at, "key", "each key once", shown(key) + " a second time",
                                "Readers would disagree on its value: rewrite the file with the "
                                "tool that made it."));
    return std::string(key);
  }

  Result<void> check_type(std::int32_t type, std::uint64_t at, std::string_view key) const {
    if (type >= 0 && type < kTypes) return {};
    return fail(reader_.error(10, at, "type of " + shown(key), "a value type from 0 to 12",
                              fmt::format("{}", type), std::string(kDamaged)));
  }

  Result<model::Value> read_number(std::int32_t type, std::string_view key) {
    return with_number_type(type, [&]<class T>() -> Result<model::Value> {
      QUALM_TRY(const auto value, reader_.number<T>(shown(key)));
      if (type == kBool) return value != T{};
      return static_cast<Wide<T>>(value);
    });
  }

  Result<void> read_array(std::string key, model::Metadata& metadata) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(auto type, reader_.number<std::int32_t>("element type of " + shown(key)));
    QUALM_CHECK(check_type(type, at, key));
    if (type == kArray)
      return fail(reader_.error(11, at, "element type of " + shown(key), "numbers or strings",
                                "an array of arrays", "No runtime reads these: remove the key."));
    QUALM_TRY(auto value, type == kString ? read_strings(key) : read_numbers(type, key));
    metadata.set(std::move(key), std::move(value), type);
    return {};
  }

  Result<std::uint64_t> read_count(std::string_view key, std::uint64_t element_bytes) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto count, reader_.count("elements of " + shown(key), element_bytes));
    if (count > kMaxElements - elements_)
      return fail(reader_.error(
          12, at, "elements of " + shown(key),
          fmt::format("at most {} elements in all arrays of a file", grouped(kMaxElements)),
          grouped(count + elements_), "This is no model that qualm reads."));
    elements_ += count;
    return count;
  }

  Result<model::Value> read_numbers(std::int32_t type, std::string_view key) {
    return with_number_type(type, [&]<class T>() -> Result<model::Value> {
      QUALM_TRY(const auto count, read_count(key, sizeof(T)));
      QUALM_TRY(const auto bytes, reader_.bytes(shown(key), count * sizeof(T)));
      std::vector<Wide<T>> values(count);
      for (std::size_t i = 0; i < count; ++i) {
        T value{};
        std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
        values[i] = static_cast<Wide<T>>(value);
      }
      return values;
    });
  }

  Result<model::Value> read_strings(std::string_view key) {
    QUALM_TRY(const auto count, read_count(key, sizeof(std::uint64_t)));
    std::vector<std::string> values;
    values.reserve(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      auto text = reader_.string("element", kMaxString);
      if (!text) {
        text.error().place += fmt::format(" {} of {}", i, shown(key));
        return fail(std::move(text).error());
      }
      values.emplace_back(*text);
    }
    return values;
  }

  ByteReader& reader_;
  std::uint64_t elements_ = 0;
};

}  // namespace

Result<model::Metadata> read_pairs(ByteReader& reader, std::uint64_t count) {
  model::Metadata metadata;
  PairReader pairs(reader);
  for (std::uint64_t i = 0; i < count; ++i) QUALM_CHECK(pairs.read_into(metadata));
  return metadata;
}

Result<std::uint64_t> alignment_of(const model::Metadata& metadata, const ByteReader& reader) {
  constexpr std::string_view kKey = "general.alignment";
  constexpr std::uint64_t kDefault = 32;
  const model::Value* value = metadata.find(kKey);
  if (!value) return kDefault;
  const auto* alignment = std::get_if<std::uint64_t>(value);
  const auto& entries = metadata.entries();
  const bool is_u32 = std::ranges::find(entries, kKey, &model::Entry::key)->type == kU32;
  if (alignment && is_u32 && std::has_single_bit(*alignment)) return *alignment;
  return fail(reader.error(13, reader.offset(), std::string(kKey), "a power of two, as u32",
                           model::to_text(*value) + (is_u32 ? "" : ", of another type"),
                           std::string(kDamaged)));
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 80;
  if (name.size() <= kMost) return printable(name);
  return fmt::format("{}... ({} bytes)", printable(name.substr(0, kMost)), grouped(name.size()));
}

}  // namespace qualm::gguf
