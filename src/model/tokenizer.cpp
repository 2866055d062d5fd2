#include "model/tokenizer.h"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "base/sha256.h"

namespace qualm::model {
namespace {

constexpr std::string_view kPrefix = "tokenizer.";
constexpr std::string_view kTemplate = "tokenizer.chat_template";

static_assert(std::endian::native == std::endian::little, "values are hashed as they lie");

template <class T>
void add_raw(Sha256& hash, const T& value) {
  hash.add(std::as_bytes(std::span(&value, 1)));
}

class Serializer {
 public:
  explicit Serializer(Sha256& hash) : hash_(hash) {}

  void operator()(bool value) const {
    hash_.add("b");
    add_raw(hash_, static_cast<std::uint8_t>(value));
  }
  void operator()(const std::string& value) const {
    hash_.add("s");
    text(value);
  }
  void operator()(const std::vector<std::string>& values) const {
    hash_.add("S");
    add_raw(hash_, static_cast<std::uint64_t>(values.size()));
    for (const std::string& value : values) text(value);
  }
  template <class T>
  void operator()(const std::vector<T>& values) const {
    hash_.add(std::floating_point<T> ? "F" : "I");
    add_raw(hash_, static_cast<std::uint64_t>(values.size()));
    for (const T value : values) number(value);
  }
  template <class T>
  void operator()(T value) const {
    hash_.add(std::floating_point<T> ? "f" : "i");
    number(value);
  }
  void text(std::string_view value) const {
    add_raw(hash_, static_cast<std::uint64_t>(value.size()));
    hash_.add(value);
  }

 private:
  void number(double value) const { add_raw(hash_, static_cast<float>(value)); }
  void number(std::int64_t value) const { add_raw(hash_, value); }
  void number(std::uint64_t value) const { add_raw(hash_, static_cast<std::int64_t>(value)); }

  Sha256& hash_;
};

}  // namespace

std::string tokenizer_digest(const Metadata& metadata) {
  std::vector<const Entry*> entries;
  for (const Entry& entry : metadata.entries())
    if (entry.key.starts_with(kPrefix) && !entry.key.starts_with(kTemplate))
      entries.push_back(&entry);
  if (entries.empty()) return {};
  std::ranges::sort(entries, {}, [](const Entry* entry) { return std::string_view(entry->key); });
  Sha256 hash;
  const Serializer serialize(hash);
  for (const Entry* entry : entries) {
    serialize.text(entry->key);
    std::visit(serialize, entry->value);
  }
  return std::move(hash).hex();
}

TokenizerSummary tokenizer_summary(const Metadata& metadata) {
  const auto* tokens = metadata.strings("tokenizer.ggml.tokens");
  return {metadata.string("tokenizer.ggml.model").value_or(""),
          metadata.string("tokenizer.ggml.pre").value_or(""),
          tokens ? static_cast<std::int64_t>(tokens->size()) : 0, tokenizer_digest(metadata)};
}

}  // namespace qualm::model
