// A model's hyperparameters and tokenizer as key/value pairs under GGUF's names.
//
// GGUF's keys are the common language of all readers: the Hugging Face reader fills the same ones.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

namespace qualm::model {

/// Array elements keep their width class only where someone asks: integers widen to 64 bits, floats
/// to double. `type` remembers what the file said (GGUF value type id) for writing it back.
using Value =
    std::variant<bool, std::int64_t, std::uint64_t, double, std::string, std::vector<std::int64_t>,
                 std::vector<std::uint64_t>, std::vector<double>, std::vector<std::string>>;

struct Entry {
  std::string key;
  Value value;
  int type = -1;  ///< GGUF value type id; of the elements for an array; -1: choose by the variant
};

/// In file order; keys are unique. Lookups return absent for a missing key or an unfitting type,
/// and take constant time: a file may hold millions of keys to make a reader slow.
class Metadata {
 public:
  void set(std::string key, Value value, int type = -1);
  void erase(std::string_view key);
  [[nodiscard]] const std::vector<Entry>& entries() const noexcept { return entries_; }
  [[nodiscard]] const Value* find(std::string_view key) const noexcept;
  [[nodiscard]] std::optional<std::string> string(std::string_view key) const;
  /// Any integer type, if it fits.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key) const;
  [[nodiscard]] std::optional<double> number(std::string_view key) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view key) const;
  [[nodiscard]] const std::vector<std::string>* strings(std::string_view key) const noexcept;

 private:
  struct KeyHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view key) const noexcept {
      return std::hash<std::string_view>{}(key);
    }
  };
  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t, KeyHash, std::equal_to<>> index_;  ///< of entries_
};

/// The value for a person or a diff: long arrays and strings are cut with their length told.
[[nodiscard]] std::string to_text(const Value& value);

}  // namespace qualm::model
