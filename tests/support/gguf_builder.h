// GGUF bytes by hand: whole files, and files that lie in one place each.
#pragma once

#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace qualm::test {

/// The bytes of a number as the format stores it.
template <class T>
std::string le(T value) {
  std::string out(sizeof(T), '\0');
  std::memcpy(out.data(), &value, sizeof(T));
  return out;
}

inline std::string gguf_string(std::string_view text) {
  return le<std::uint64_t>(text.size()) + std::string(text);
}

class GgufBuilder {
 public:
  GgufBuilder& version(std::uint32_t version) {
    version_ = version;
    return *this;
  }
  GgufBuilder& claim_tensors(std::uint64_t count) {
    claimed_tensors_ = count;
    return *this;
  }
  GgufBuilder& claim_pairs(std::uint64_t count) {
    claimed_pairs_ = count;
    return *this;
  }
  /// What the padding is made to. Says nothing in the file: add general.alignment for that.
  GgufBuilder& alignment(std::uint64_t alignment) {
    alignment_ = alignment;
    return *this;
  }

  /// A pair whose value (for arrays: element type, count, elements) is given as bytes.
  GgufBuilder& pair(std::string_view key, std::int32_t type, std::string_view value) {
    pairs_.push_back(gguf_string(key) + le(type) + std::string(value));
    return *this;
  }
  GgufBuilder& u32(std::string_view key, std::uint32_t value) { return pair(key, 4, le(value)); }
  GgufBuilder& u16(std::string_view key, std::uint16_t value) { return pair(key, 2, le(value)); }
  GgufBuilder& i32(std::string_view key, std::int32_t value) { return pair(key, 5, le(value)); }
  GgufBuilder& boolean(std::string_view key, bool value) {
    return pair(key, 7, le<std::uint8_t>(value));
  }
  GgufBuilder& string(std::string_view key, std::string_view value) {
    return pair(key, 8, gguf_string(value));
  }
  GgufBuilder& strings(std::string_view key, const std::vector<std::string>& values) {
    std::string bytes = le<std::int32_t>(8) + le<std::uint64_t>(values.size());
    for (const std::string& value : values) bytes += gguf_string(value);
    return pair(key, 9, bytes);
  }
  template <class T>
  GgufBuilder& numbers(std::string_view key, std::int32_t type, const std::vector<T>& values) {
    std::string bytes = le(type) + le<std::uint64_t>(values.size());
    for (const T value : values) bytes += le(value);
    return pair(key, 9, bytes);
  }

  /// A tensor that lies where it should, unless `offset` claims another place for it.
  GgufBuilder& tensor(std::string_view name, const std::vector<std::int64_t>& dims,
                      std::int32_t type, std::string_view data,
                      std::optional<std::uint64_t> offset = std::nullopt) {
    std::string info = gguf_string(name) + le(static_cast<std::uint32_t>(dims.size()));
    for (const std::int64_t dim : dims) info += le(dim);
    infos_.push_back(info + le(type) + le<std::uint64_t>(offset.value_or(data_.size())));
    data_ += data;
    pad(data_);
    return *this;
  }

  [[nodiscard]] std::string build() const {
    std::string out = "GGUF" + le(version_) + le(claimed_tensors_.value_or(infos_.size())) +
                      le(claimed_pairs_.value_or(pairs_.size()));
    for (const std::string& pair : pairs_) out += pair;
    for (const std::string& info : infos_) out += info;
    pad(out);
    return out + data_;
  }

 private:
  void pad(std::string& bytes) const {
    bytes.resize((bytes.size() + alignment_ - 1) / alignment_ * alignment_, '\0');
  }

  std::uint32_t version_ = 3;
  std::uint64_t alignment_ = 32;
  std::optional<std::uint64_t> claimed_tensors_;
  std::optional<std::uint64_t> claimed_pairs_;
  std::vector<std::string> pairs_;
  std::vector<std::string> infos_;
  std::string data_;
};

}  // namespace qualm::test
