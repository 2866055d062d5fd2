// The token list, and the small helpers of the tokenizer readers.
#include <fmt/format.h>

#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

/// Sixteen times the largest vocabulary in use: a table of it still fits everywhere.
constexpr std::int64_t kMostTokens = std::int64_t{1} << 22;

}  // namespace

std::unexpected<Error> refuse(const std::string& file, std::string code, std::string place,
                              std::string expected, std::string found) {
  return fail({Kind::input, std::move(code), file, std::move(place), std::move(expected),
               std::move(found), "Fetch the tokenizer's files again from the model's source."});
}

std::string text_of(const json& object, std::string_view key) {
  const json& value = member(object, key);
  return value.is_string() ? value.get<std::string>() : std::string();
}

bool flag_of(const json& object, std::string_view key, bool otherwise) {
  const json& value = member(object, key);
  return value.is_boolean() ? value.get<bool>() : otherwise;
}

Result<TokenTable> TokenTable::create(std::string file, std::int64_t rows) {
  if (rows < 1 || rows > kMostTokens)
    return refuse(file, "TOK-011", "vocabulary", fmt::format("1 to {} tokens", kMostTokens),
                  fmt::format("{}", rows));
  TokenTable table;
  table.file_ = std::move(file);
  table.tokens_.resize(static_cast<std::size_t>(rows));
  return table;
}

Result<void> TokenTable::add(const json& id, std::string text, double score, std::int64_t type) {
  const std::string place = fmt::format("token \"{}\"", printable(text.substr(0, 60)));
  if (!id.is_number_unsigned() || id.get<std::uint64_t>() >= tokens_.size())
    return refuse(file_, "TOK-011", place, fmt::format("an id from 0 to {}", tokens_.size() - 1),
                  printable(id.dump(-1, ' ', true).substr(0, 60)));
  const auto index = id.get<std::int64_t>();
  if (at(index).is_set)
    return refuse(file_, "TOK-012", place, "an id of its own",
                  fmt::format("{}, the id of \"{}\"", index, printable(at(index).text)));
  return replace(index, std::move(text), score, type);
}

Result<void> TokenTable::replace(std::int64_t id, std::string text, double score,
                                 std::int64_t type) {
  if (id < 0 || id >= rows())
    return refuse(file_, "TOK-011", fmt::format("token \"{}\"", printable(text.substr(0, 60))),
                  fmt::format("an id from 0 to {}", rows() - 1), fmt::format("{}", id));
  const auto [known, is_new] = ids_.try_emplace(text, id);
  if (!is_new && known->second != id)
    return refuse(
        file_, "TOK-012", fmt::format("token {}", id), "a text of its own",
        fmt::format("\"{}\", the text of token {}", printable(text.substr(0, 60)), known->second));
  Token& token = at(id);
  if (token.is_set && token.text != text) ids_.erase(token.text);
  token = {std::move(text), score, type, true};
  return {};
}

Result<void> TokenTable::finish(Holes holes) {
  for (std::int64_t id = 0; id < rows(); ++id) {
    if (at(id).is_set) continue;
    if (holes == Holes::refuse)
      return refuse(file_, "TOK-013", "vocabulary", fmt::format("ids 0 to {}", rows() - 1),
                    fmt::format("none for {}", id));
    QUALM_CHECK(replace(id, fmt::format("[PAD{}]", id), kPadScore, kUnused));
  }
  return {};
}

std::optional<std::int64_t> TokenTable::find(const std::string& text) const {
  const auto found = ids_.find(text);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

void TokenTable::write(model::Metadata& metadata, Scores scores) const {
  std::vector<std::string> texts;
  std::vector<double> all_scores;
  std::vector<std::int64_t> types;
  for (const Token& token : tokens_) {
    texts.push_back(token.text);
    all_scores.push_back(token.score);
    types.push_back(token.type);
  }
  metadata.set("tokenizer.ggml.tokens", std::move(texts));
  if (scores == Scores::written) metadata.set("tokenizer.ggml.scores", std::move(all_scores));
  metadata.set("tokenizer.ggml.token_type", std::move(types));
}

bool looks_special(std::string_view text) {
  for (const std::string_view known : {"<pad>", "<mask>", "<2mass>", "[@BOS@]"})
    if (text == known) return true;
  return (text.starts_with("<|") && text.ends_with("|>")) ||
         (text.starts_with("<\uFF5C") && text.ends_with("\uFF5C>")) ||
         (text.starts_with("<unused") && text.ends_with(">"));
}

bool is_byte_token(std::string_view text) {
  const auto is_hex = [](char c) { return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'F'); };
  return text.size() == 6 && text.starts_with("<0x") && text[5] == '>' && is_hex(text[3]) &&
         is_hex(text[4]);
}

std::string replaced(std::string text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
  return text;
}

}  // namespace qualm::formats::hf
