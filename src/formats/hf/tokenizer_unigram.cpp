// tokenizer.json with a unigram model (T5, and SentencePiece's unigram of others): libllama's "t5".
#include <fmt/format.h>

#include <cstring>

#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

/// RFC 4648; absent for anything else.
std::optional<std::string> from_base64(std::string_view text) {
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string bytes;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const int value = c >= 'A' && c <= 'Z'   ? c - 'A'
                      : c >= 'a' && c <= 'z' ? c - 'a' + 26
                      : c >= '0' && c <= '9' ? c - '0' + 52
                      : c == '+'             ? 62
                      : c == '/'             ? 63
                                             : -1;
    if (value < 0) return std::nullopt;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    have += 6;
    if (have >= 8) bytes.push_back(static_cast<char>((bits >> (have -= 8)) & 0xFF));
  }
  return bytes;
}

struct Steps {
  std::string charsmap;
  bool prefix = false;
  bool merges_spaces = false;
  std::string others;
};

Result<void> look(const json& step, const std::string& file, Steps& steps) {
  const std::string type = text_of(step, "type");
  if (type == "Precompiled") {
    const auto bytes = from_base64(text_of(step, "precompiled_charsmap"));
    if (!bytes)
      return refuse(file, "TOK-017", "normalizer, precompiled_charsmap", "base64",
                    "something else");
    steps.charsmap = *bytes;
  } else if (type == "Metaspace") {
    const std::string scheme = text_of(step, "prepend_scheme");
    steps.prefix = scheme.empty() ? flag_of(step, "add_prefix_space", true) : scheme != "never";
  } else if (type == "WhitespaceSplit" || type == "Strip" ||
             (type == "Replace" && text_of(member(step, "pattern"), "Regex") == " {2,}")) {
    steps.merges_spaces = true;
  } else if (!type.empty() && type != "Sequence") {
    steps.others += (steps.others.empty() ? "" : ", ") + type;
  }
  return {};
}

Result<Steps> steps_of(const json& tokenizer, const std::string& file) {
  Steps steps;
  for (const auto& [key, list] :
       {std::pair("normalizer", "normalizers"), std::pair("pre_tokenizer", "pretokenizers")}) {
    const json& part = member(tokenizer, key);
    QUALM_CHECK(look(part, file, steps));
    for (const json& step : member(part, list)) QUALM_CHECK(look(step, file, steps));
  }
  return steps;
}

}  // namespace

Result<void> write_charsmap(std::string_view bytes, const std::string& file,
                            model::Metadata& metadata) {
  if (bytes.empty()) return {};
  // A u32 size of the trie, the trie, and at least one byte of replacements: what libllama asks.
  std::uint32_t trie = 0;
  if (bytes.size() >= sizeof(trie)) std::memcpy(&trie, bytes.data(), sizeof(trie));
  if (bytes.size() < sizeof(trie) || trie % 4 != 0 || trie >= bytes.size() - sizeof(trie))
    return refuse(file, "TOK-017", "precompiled_charsmap",
                  fmt::format("a trie inside its {} bytes", bytes.size()),
                  fmt::format("one of {} bytes", trie));
  std::vector<std::int64_t> numbers;
  numbers.reserve(bytes.size());
  for (const char byte : bytes) numbers.push_back(static_cast<unsigned char>(byte));
  constexpr int kUint8 = 0;  // GGUF's value type
  metadata.set("tokenizer.ggml.precompiled_charsmap", std::move(numbers), kUint8);
  return {};
}

Result<void> read_unigram(const json& tokenizer, TokenTable& table, const TokenizerOutput& out) {
  auto& [metadata, notes] = out;
  const json& model = member(tokenizer, "model");
  const json& unknown = member(model, "unk_id");
  if (unknown.is_number_unsigned() &&
      unknown.get<std::uint64_t>() < static_cast<std::uint64_t>(table.rows())) {
    table.at(unknown.get<std::int64_t>()).type = kUnknown;
    metadata.set("tokenizer.ggml.unknown_token_id", unknown.get<std::uint64_t>());
  }
  QUALM_TRY(const Steps steps, steps_of(tokenizer, table.file()));
  if (!steps.others.empty())
    notes.push_back(fmt::format(
        "tokenizer.json treats text first in ways that libllama's 't5' tokenizer does not ({}): "
        "tokens may differ",
        printable(steps.others)));
  if (flag_of(model, "byte_fallback"))
    notes.emplace_back(
        "libllama's unigram tokenizer has no byte fallback: a character that is no token becomes "
        "the unknown token");
  metadata.set("tokenizer.ggml.model", std::string("t5"));
  metadata.set("tokenizer.ggml.pre", std::string("default"));
  table.write(metadata, TokenTable::Scores::written);
  metadata.set("tokenizer.ggml.add_space_prefix", steps.prefix);
  metadata.set("tokenizer.ggml.remove_extra_whitespaces", steps.merges_spaces);
  return write_charsmap(steps.charsmap, table.file(), metadata);
}

}  // namespace qualm::formats::hf
