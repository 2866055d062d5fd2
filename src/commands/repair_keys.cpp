#include "commands/repair_keys.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace qualm::commands {
namespace {

using model::Checkpoint;
using model::Value;

constexpr std::string_view kTokens = "tokenizer.ggml.tokens";

/// Types of GGUF by id, of scalars: what a number of such a type may be.
struct NumberType {
  int id;
  const char* name;
  double least;
  double most;
  bool whole;
};
template <class T>
constexpr NumberType whole(int id, const char* name) {
  return {id, name, static_cast<double>(std::numeric_limits<T>::lowest()),
          static_cast<double>(std::numeric_limits<T>::max()), true};
}
constexpr std::array kNumberTypes{whole<std::uint8_t>(0, "u8"),
                                  whole<std::int8_t>(1, "i8"),
                                  whole<std::uint16_t>(2, "u16"),
                                  whole<std::int16_t>(3, "i16"),
                                  whole<std::uint32_t>(4, "u32"),
                                  whole<std::int32_t>(5, "i32"),
                                  NumberType{6, "f32", -3.4e38, 3.4e38, false},
                                  whole<std::uint64_t>(10, "u64"),
                                  whole<std::int64_t>(11, "i64"),
                                  NumberType{12, "f64", -1.7e308, 1.7e308, false}};
constexpr int kU32 = 4;
constexpr int kF32 = 6;
constexpr int kBool = 7;
constexpr int kString = 8;

/// Keys that say what the rest of the file is.
constexpr std::array<std::string_view, 3> kFixed{"general.architecture", "general.alignment",
                                                 "general.quantization_version"};

/// By the end of a key that is missing, the type that llama.cpp reads it as.
constexpr std::pair<std::string_view, int> kUsualTypes[] = {{"_token_id", kU32},
                                                            {"_length", kU32},
                                                            {"_count", kU32},
                                                            {"_token", kBool},
                                                            {"add_space_prefix", kBool},
                                                            {".freq_base", kF32},
                                                            {"_epsilon", kF32},
                                                            {"scaling.factor", kF32},
                                                            {"scaling.type", kString},
                                                            {"tokenizer.ggml.pre", kString},
                                                            {"tokenizer.chat_template", kString},
                                                            {"general.name", kString}};

std::unexpected<Error> refused(const Checkpoint& checkpoint, const std::string& key,
                               std::string expected, std::string found) {
  return fail({Kind::input, "REPAIR-006", checkpoint.path, key, std::move(expected),
               std::move(found), "The file is left as it is."});
}

int type_of_missing(const std::string& key) {
  const auto usual =
      std::ranges::find_if(kUsualTypes, [&](const auto& row) { return key.ends_with(row.first); });
  return usual == std::end(kUsualTypes) ? -1 : usual->second;
}

std::optional<Value> number_from(const std::string& text, const NumberType& type) {
  if (!type.whole) {
    double value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() &&
                      std::isfinite(value) && value >= type.least && value <= type.most;
    if (!good) return std::nullopt;
    return type.id == kF32 ? static_cast<double>(static_cast<float>(value)) : value;
  }
  const auto parse = [&]<class T>(T value) -> std::optional<Value> {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    const bool good = error == std::errc() && end == text.data() + text.size() &&
                      static_cast<double>(value) >= type.least &&
                      static_cast<double>(value) <= type.most;
    return good ? std::optional<Value>(value) : std::nullopt;
  };
  return type.least < 0 ? parse(std::int64_t{}) : parse(std::uint64_t{});
}

/// The text as a value of that type, or what it would have to be.
std::expected<Value, std::string> parsed(const std::string& text, int type) {
  if (type == kString) return Value(text);
  if (type == kBool) {
    if (text == "true" || text == "false") return Value(text == "true");
    return std::unexpected("true or false");
  }
  const auto row = std::ranges::find(kNumberTypes, type, &NumberType::id);
  if (row == kNumberTypes.end()) return std::unexpected("a type that can be set");
  if (auto value = number_from(text, *row)) return *std::move(value);
  return std::unexpected(row->whole ? fmt::format("a whole number from {:.0f} to {:.0f} ({})",
                                                  row->least, row->most, row->name)
                                    : fmt::format("a number ({})", row->name));
}

const model::Entry* entry_of(const Checkpoint& checkpoint, const std::string& key) {
  const auto& entries = checkpoint.metadata.entries();
  const auto it = std::ranges::find(entries, key, &model::Entry::key);
  return it == entries.end() ? nullptr : &*it;
}

bool is_array(const Value& value) {
  return std::visit(
      [](const auto& held) {
        using T = std::decay_t<decltype(held)>;
        return std::is_class_v<T> && !std::is_same_v<T, std::string>;
      },
      value);
}

/// The digits of a number, the bytes of a string: what can be parsed again.
std::string text_of(const Value& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<double>(&value)) return fmt::format("{}", *number);
  return model::to_text(value);
}

Result<void> check_may_change(const Checkpoint& checkpoint, const std::string& key) {
  const bool fixed = key.starts_with("split.") || std::ranges::find(kFixed, key) != kFixed.end();
  if (!fixed) return {};
  return refused(checkpoint, key, "a key that may change",
                 "one that says how the rest of the file is to be read");
}

Result<KeyChange> put(Checkpoint& checkpoint, const std::string& key, Value value, int type) {
  const Value* before = checkpoint.metadata.find(key);
  KeyChange change{key, before ? model::to_text(*before) : "", model::to_text(value)};
  checkpoint.metadata.set(key, std::move(value), type);
  return change;
}

template <class T>
std::optional<std::size_t> length_of(const Checkpoint& checkpoint, std::string_view key) {
  const Value* value = checkpoint.metadata.find(key);
  const auto* list = value ? std::get_if<std::vector<T>>(value) : nullptr;
  return list ? std::optional(list->size()) : std::nullopt;
}

/// Ids below the number of tokens, lists as long as that.
Result<void> check_tokens(const Checkpoint& checkpoint) {
  const auto* tokens = checkpoint.metadata.strings(kTokens);
  if (!tokens) return {};
  for (const model::Entry& entry : checkpoint.metadata.entries()) {
    const auto id = checkpoint.metadata.integer(entry.key);
    if (!entry.key.starts_with("tokenizer.ggml.") || !entry.key.ends_with("_token_id") || !id)
      continue;
    if (*id < 0 || *id >= static_cast<std::int64_t>(tokens->size()))
      return refused(checkpoint, entry.key,
                     fmt::format("one of the {} tokens, 0 to {}", tokens->size(),
                                 static_cast<std::int64_t>(tokens->size()) - 1),
                     fmt::format("{}", *id));
  }
  const auto scores = length_of<double>(checkpoint, "tokenizer.ggml.scores");
  auto types = length_of<std::int64_t>(checkpoint, "tokenizer.ggml.token_type");
  if (!types) types = length_of<std::uint64_t>(checkpoint, "tokenizer.ggml.token_type");
  for (const auto& length : {scores, types})
    if (length && *length != tokens->size())
      return refused(checkpoint, "tokenizer.ggml.scores and tokenizer.ggml.token_type",
                     fmt::format("{} entries, one for each token", tokens->size()),
                     fmt::format("{}", *length));
  const model::Tensor* embedding = checkpoint.find("token_embd.weight");
  if (embedding && embedding->row_count() != static_cast<std::int64_t>(tokens->size()))
    return refused(
        checkpoint, std::string(kTokens),
        fmt::format("{} tokens, one for each row of token_embd.weight", embedding->row_count()),
        fmt::format("{}", tokens->size()));
  return {};
}

}  // namespace

Result<KeyChange> set_key(Checkpoint& checkpoint, const std::string& pair) {
  const auto at = pair.find('=');
  if (at == 0 || at == std::string::npos)
    return fail({Kind::input, "REPAIR-002", "", "--set", "KEY=VALUE", pair,
                 "For example --set tokenizer.ggml.eos_token_id=2"});
  const std::string key = pair.substr(0, at);
  const std::string text = pair.substr(at + 1);
  QUALM_CHECK(check_may_change(checkpoint, key));
  const model::Entry* entry = entry_of(checkpoint, key);
  if (entry && is_array(entry->value))
    return fail({Kind::input, "REPAIR-004", checkpoint.path, key, "a single value",
                 "a list: " + model::to_text(entry->value),
                 "Lists are copied: --from FILE --copy " + key});
  int type = type_of_missing(key);
  if (entry) type = entry->type;
  if (type < 0)
    return fail({Kind::input, "REPAIR-005", checkpoint.path, key, "a key that the file has",
                 "none, and its type is not known here",
                 "Check how it is written, or copy it: --from FILE --copy " + key});
  auto value = parsed(text, type);
  if (!value)
    return fail({Kind::input, "REPAIR-004", checkpoint.path, key, value.error(), text, ""});
  return put(checkpoint, key, *std::move(value), type);
}

Result<KeyChange> copy_key(Checkpoint& checkpoint, const Checkpoint& from, const std::string& key) {
  const model::Entry* theirs = entry_of(from, key);
  if (!theirs)
    return fail({Kind::input, "REPAIR-005", from.path, key, "the key that is to be copied", "none",
                 "Check how it is written."});
  const model::Entry* ours = entry_of(checkpoint, key);
  const int usual = ours ? ours->type : type_of_missing(key);
  // A number keeps the width that this file has for it.
  if (!is_array(theirs->value) && (!ours || !is_array(ours->value)) && usual >= 0)
    return set_key(checkpoint, key + "=" + text_of(theirs->value));
  QUALM_CHECK(check_may_change(checkpoint, key));
  const bool same_class = ours && ours->value.index() == theirs->value.index();
  return put(checkpoint, key, theirs->value, same_class ? ours->type : theirs->type);
}

Result<KeyChange> remove_key(Checkpoint& checkpoint, const std::string& key) {
  QUALM_CHECK(check_may_change(checkpoint, key));
  const Value* value = checkpoint.metadata.find(key);
  if (!value)
    return fail({Kind::input, "REPAIR-005", checkpoint.path, key, "a key that the file has", "none",
                 "Check how it is written."});
  KeyChange change{key, model::to_text(*value), ""};
  checkpoint.metadata.erase(key);
  return change;
}

Result<void> check_keys(const Checkpoint& checkpoint) {
  constexpr std::int64_t kMostAlignment = 1 << 16;  // bytes; files are written with 32
  if (checkpoint.metadata.integer("general.alignment").value_or(0) > kMostAlignment)
    return refused(checkpoint, "general.alignment", fmt::format("at most {}", kMostAlignment),
                   model::to_text(*checkpoint.metadata.find("general.alignment")));
  return check_tokens(checkpoint);
}

}  // namespace qualm::commands
