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
#include "formats/gguf/value_types.h"

namespace qualm::gguf {
namespace {

/// The 64-bit class a number is kept in.
template <class T>
using Wide =
    std::conditional_t<std::floating_point<T>, double,
                       std::conditional_t<std::signed_integral<T>, std::int64_t, std::uint64_t>>;

class PairReader {
 public:
  explicit PairReader(ByteReader& reader) : reader_(reader) {}

  Result<void> read_into(Pairs& pairs) {
    QUALM_TRY(std::string key, read_key(pairs.metadata));
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(auto type, reader_.number<std::int32_t>("type of " + shown(key)));
    QUALM_CHECK(check_type(type, at, key));
    QUALM_TRY(auto typed, read_value(type, key));
    if (key == "general.alignment") {
      QUALM_TRY(pairs.alignment, checked_alignment(type, typed.value, at));
    }
    pairs.metadata.set(std::move(key), std::move(typed.value), typed.type);
    return {};
  }

 private:
  struct Typed {
    model::Value value;
    std::int32_t type;  ///< of the elements for an array
  };

  Result<std::string> read_key(const model::Metadata& metadata) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto key, reader_.string("key", kMaxString));
    if (key.empty() || key.contains('\0'))
      return fail(
          reader_.error(8, at, "key",
                        {"a name without NUL bytes", key.empty() ? "an empty one" : shown(key),
                         std::string(ByteReader::kDamaged)}));
    if (metadata.find(key))
      return fail(reader_.error(9, at, "key",
                                {"each key once", shown(key) + " a second time",
                                 "Readers would disagree on its value: rewrite the file with the "
                                 "tool that made it."}));
    return std::string(key);
  }

  Result<void> check_type(std::int32_t type, std::uint64_t at, std::string_view key) const {
    if (type >= 0 && type < kTypes) return {};
    return fail(reader_.error(
        10, at, "type of " + shown(key),
        {"a value type from 0 to 12", fmt::format("{}", type), std::string(ByteReader::kDamaged)}));
  }

  Result<std::uint64_t> checked_alignment(std::int32_t type, const model::Value& value,
                                          std::uint64_t at) const {
    const auto* alignment = std::get_if<std::uint64_t>(&value);
    if (type == kU32 && alignment && std::has_single_bit(*alignment)) return *alignment;
    return fail(reader_.error(13, at, "general.alignment",
                              {"a power of two as u32 (type 4)",
                               fmt::format("{} as type {}", model::to_text(value), type),
                               std::string(ByteReader::kDamaged)}));
  }

  Result<Typed> read_value(std::int32_t type, std::string_view key) {
    if (type == kArray) return read_array(key);
    if (type == kString) {
      QUALM_TRY(const auto text, reader_.string(shown(key), kMaxString));
      return Typed{std::string(text), type};
    }
    QUALM_TRY(auto value, with_number_type(type, [&]<class T>() -> Result<model::Value> {
                QUALM_TRY(const auto number, reader_.number<T>(shown(key)));
                if (type == kBool) return number != T{};
                return static_cast<Wide<T>>(number);
              }));
    return Typed{std::move(value), type};
  }

  Result<Typed> read_array(std::string_view key) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(auto type, reader_.number<std::int32_t>("element type of " + shown(key)));
    QUALM_CHECK(check_type(type, at, key));
    if (type == kArray)
      return fail(reader_.error(
          11, at, "element type of " + shown(key),
          {"numbers or strings", "an array of arrays", "No runtime reads these: remove the key."}));
    QUALM_TRY(auto value, type == kString ? read_strings(key) : read_numbers(type, key));
    return Typed{std::move(value), type};
  }

  Result<std::uint64_t> read_count(std::string_view key, std::uint64_t element_bytes) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto count, reader_.count("elements of " + shown(key), element_bytes));
    if (count > kMaxElements - elements_)
      return fail(reader_.error(
          12, at, "elements of " + shown(key),
          {fmt::format("at most {} elements in all arrays of a file", grouped(kMaxElements)),
           grouped(count + elements_), "This is no model that qualm reads."}));
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

Result<Pairs> read_pairs(ByteReader& reader, std::uint64_t count) {
  Pairs pairs;
  PairReader one(reader);
  for (std::uint64_t i = 0; i < count; ++i) QUALM_CHECK(one.read_into(pairs));
  return pairs;
}

std::string shown(std::string_view name) {
  constexpr std::size_t kMost = 80;
  if (name.size() <= kMost) return printable(name);
  return fmt::format("{}... ({} bytes)", printable(name.substr(0, kMost)), grouped(name.size()));
}

}  // namespace qualm::gguf
