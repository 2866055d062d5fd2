// tokenizer.json: vocabulary, merges and added tokens, before the kinds part ways.
#include <fmt/format.h>

#include <cmath>

#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

Result<std::int64_t> rows_of(const json& vocab, const json& added, std::int64_t vocab_size) {
  if (vocab_size > 0) return vocab_size;
  // Without the embedding's size every token that is named has to have a row.
  std::int64_t rows = static_cast<std::int64_t>(vocab.size());
  for (const json& token : added)
    if (vocab.is_object() && !vocab.contains(text_of(token, "content"))) ++rows;
  return rows;
}

Result<void> add_bpe_vocab(const json& vocab, TokenTable& table) {
  for (const auto& [text, id] : vocab.items())
    QUALM_CHECK(table.add(id, text, 0, is_byte_token(text) ? kByte : kNormal));
  return {};
}

Result<void> add_unigram_vocab(const json& vocab, TokenTable& table) {
  std::uint64_t id = 0;
  for (const json& entry : vocab) {
    if (!entry.is_array() || entry.size() != 2 || !entry[0].is_string() || !entry[1].is_number())
      return refuse(table.file(), "TOK-010", fmt::format("model.vocab, entry {}", id),
                    "a piece and its score", "something else");
    const auto& text = entry[0].get_ref<const std::string&>();
    const double score = entry[1].get<double>();
    if (!std::isfinite(static_cast<float>(score)))
      return refuse(table.file(), "TOK-016", fmt::format("model.vocab, entry {}", id),
                    "a finite score", fmt::format("{}", score));
    QUALM_CHECK(table.add(id, text, score, is_byte_token(text) ? kByte : kNormal));
    ++id;
  }
  return {};
}

/// The converter's rule: special ones are control tokens; spaces of the others are real ones, as
/// libllama looks for them in raw text.
Result<void> add_added(const json& added, const std::string& unknown, TokenTable& table) {
  for (const json& token : added) {
    const json& id = member(token, "id");
    std::string text = text_of(token, "content");
    if (!token.is_object() || text.empty())
      return refuse(table.file(), "TOK-010", "added_tokens", "objects with id and content",
                    "something else");
    if (!id.is_number_unsigned() ||
        id.get<std::uint64_t>() >= static_cast<std::uint64_t>(table.rows())) {
      QUALM_CHECK(table.add(id, text, 0, kNormal));
    }
    const auto index = id.get<std::int64_t>();
    if (table.at(index).is_set && table.at(index).text != text)
      return refuse(table.file(), "TOK-012", fmt::format("added_tokens, id {}", index),
                    fmt::format("\"{}\" as in the vocabulary", printable(table.at(index).text)),
                    fmt::format("\"{}\"", printable(text)));
    const bool special = flag_of(token, "special") || looks_special(text);
    const std::int64_t type = text == unknown ? kUnknown : special ? kControl : kUserDefined;
    if (type == kUserDefined) text = replaced(std::move(text), kSpaceMark, " ");
    QUALM_CHECK(table.replace(index, std::move(text), kAddedScore, type));
  }
  return {};
}

Result<std::pair<std::string, std::string>> parts_of(const json& merge, const std::string& file,
                                                     std::size_t rank) {
  if (merge.is_array() && merge.size() == 2 && merge[0].is_string() && merge[1].is_string())
    return std::pair(merge[0].get<std::string>(), merge[1].get<std::string>());
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space != std::string::npos && text.find(' ', space + 1) == std::string::npos)
      return std::pair(text.substr(0, space), text.substr(space + 1));
  }
  return refuse(file, "TOK-014", fmt::format("model.merges, entry {}", rank),
                "two pieces as \"a b\" or [\"a\", \"b\"]",
                printable(merge.dump(-1, ' ', true).substr(0, 60)));
}

/// What Hugging Face's BPE can do and nothing here can follow.
Result<void> check_supported(const json& model, const std::string& file) {
  for (const std::string_view key : {"continuing_subword_prefix", "end_of_word_suffix"})
    if (!text_of(model, key).empty())
      return refuse(file, "TOK-021", fmt::format("model.{}", key), "none", text_of(model, key));
  return {};
}

}  // namespace

Result<std::vector<Merge>> read_merges(const json& model, const TokenTable& table) {
  const json& list = member(model, "merges");
  if (!list.is_array())
    return refuse(table.file(), "TOK-010", "model.merges", "a list", list.type_name());
  std::vector<Merge> merges;
  merges.reserve(list.size());
  for (const json& entry : list) {
    QUALM_TRY(const auto parts, parts_of(entry, table.file(), merges.size()));
    const auto& [left, right] = parts;
    std::int64_t ids[3];
    std::size_t known = 0;
    for (const std::string& text : {left, right, left + right}) {
      const auto id = table.find(text);
      if (!id)
        return refuse(table.file(), "TOK-014", fmt::format("model.merges, entry {}", merges.size()),
                      "pieces of the vocabulary",
                      fmt::format("\"{}\"", printable(text.substr(0, 60))));
      ids[known++] = *id;
    }
    merges.push_back({ids[0], ids[1], ids[2]});
  }
  return merges;
}

Result<TokenTable> read_json_model(const json& tokenizer, const std::string& file,
                                   std::string_view model_type, std::int64_t vocab_size,
                                   const TokenizerOutput& out) {
  const json& model = member(tokenizer, "model");
  if (!model.is_object()) return refuse(file, "TOK-010", "model", "an object", model.type_name());
  const std::string type = text_of(model, "type");
  const json& vocab = member(model, "vocab");
  // Files of before 2020 name no type; an object with merges is a BPE.
  const bool is_bpe = type == "BPE" || (type.empty() && model.contains("merges"));
  if (!is_bpe && type != "Unigram")
    return refuse(file, "TOK-021", "model.type", "BPE or Unigram", printable(type.substr(0, 60)));
  if (is_bpe ? !vocab.is_object() : !vocab.is_array())
    return refuse(file, "TOK-010", "model.vocab", is_bpe ? "an object" : "a list",
                  vocab.type_name());
  const json& added = member(tokenizer, "added_tokens");
  if (!added.is_null() && !added.is_array())
    return refuse(file, "TOK-010", "added_tokens", "a list", added.type_name());
  QUALM_TRY(const std::int64_t rows, rows_of(vocab, added, vocab_size));
  QUALM_TRY(TokenTable table, TokenTable::create(file, rows));
  const auto finish = [&]() -> Result<void> {
    const std::string unknown = text_of(model, "unk_token");
    QUALM_CHECK(add_added(added, unknown, table));
    return table.finish(vocab_size > 0 ? TokenTable::Holes::pad : TokenTable::Holes::refuse);
  };
  if (!is_bpe) {
    QUALM_CHECK(add_unigram_vocab(vocab, table));
    QUALM_CHECK(finish());
    QUALM_CHECK(read_unigram(tokenizer, table, out));
    return table;
  }
  QUALM_CHECK(check_supported(model, file));
  QUALM_CHECK(add_bpe_vocab(vocab, table));
  QUALM_TRY(const auto merges, read_merges(model, table));
  QUALM_CHECK(finish());
  if (flag_of(model, "byte_fallback")) {
    QUALM_CHECK(read_fallback_bpe(tokenizer, merges, table, out));
  } else {
    QUALM_CHECK(read_byte_level_bpe(tokenizer, model_type, merges, table, out));
  }
  return table;
}

}  // namespace qualm::formats::hf
