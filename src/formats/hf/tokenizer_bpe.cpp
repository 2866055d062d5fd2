// tokenizer.json with a byte-level BPE: merges, and the pre-tokenizer under llama.cpp's name.
//
// llama.cpp's converter finds the name by tokenizing a text and hashing the ids. The structure says
// the same without an engine: the steps of `pre_tokenizer` written as one line, looked up below.
// Several names stand for the same split; the first is used unless model_type says which.
#include <fmt/format.h>

#include <array>

#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

constexpr std::string_view kContractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)|";
constexpr std::string_view kContractionsShort = "'(?i:[sdmt]|ll|ve|re)|";
constexpr std::string_view kTail = "|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

/// How a step that splits by a regular expression is written; a real line feed becomes "\n", and
/// possessive quantifiers greedy ones (in these patterns they match the same).
std::string canonical_regex(std::string regex) {
  regex = replaced(std::move(regex), "\n", "\\n");
  regex = replaced(std::move(regex), "\r", "\\r");
  regex = replaced(std::move(regex), "?+", "?");
  regex = replaced(std::move(regex), "++", "+");
  regex = replaced(std::move(regex), std::string(kContractionsShort), kContractions);
  // \s* takes all line breaks but the last already.
  regex = replaced(std::move(regex), "|\\s*[\\r\\n]|", "|\\s*[\\r\\n]+|");
  return regex;
}

std::string step_of(const json& step) {
  const std::string type = text_of(step, "type");
  if (type == "Split") {
    const json& pattern = member(step, "pattern");
    const std::string regex = text_of(pattern, "Regex");
    const std::string how = text_of(step, "behavior");
    const bool invert = flag_of(step, "invert");
    // Removing what does not match is isolating what does.
    const bool isolates =
        (how == "Isolated" && !invert) || ((how == "Removed" || how == "Isolated") && invert);
    return fmt::format("{}<{}>", isolates ? "Split" : how,
                       regex.empty() ? text_of(pattern, "String") : canonical_regex(regex));
  }
  if (type == "Digits") return flag_of(step, "individual_digits") ? "Digit" : "Digits";
  if (type == "ByteLevel") return flag_of(step, "use_regex", true) ? "ByteLevel" : "";
  return type + (type == "Punctuation" ? " " + text_of(step, "behavior") : "");
}

/// "Digit, ByteLevel": the steps in order; "" for none.
std::string steps_of(const json& pre_tokenizer) {
  if (text_of(pre_tokenizer, "type") != "Sequence") return step_of(pre_tokenizer);
  std::string line;
  for (const json& step : member(pre_tokenizer, "pretokenizers")) {
    const std::string one = step_of(step);
    if (!one.empty()) line += (line.empty() ? "" : ", ") + one;
  }
  return line;
}

struct Known {
  std::string steps;
  std::string_view name;        ///< libllama's, with the original's ignore_merges
  std::string_view other = {};  ///< the name with the other ignore_merges, if there is one
  bool ignore_merges = false;   ///< what libllama does under `name`
};

std::string cased(std::string_view contraction, std::string_view digits) {
  constexpr std::string_view kUpper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
  constexpr std::string_view kLower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
  constexpr std::string_view kLead = "[^\\r\\n\\p{L}\\p{N}]?";
  return fmt::format(
      "Split<{0}{1}*{2}+{3}|{0}{1}+{2}*{3}|{4}| ?[^\\s\\p{{L}}\\p{{N}}]+[\\r\\n/]*{5}>", kLead,
      kUpper, kLower, contraction, digits, kTail);
}

std::string worded(std::string_view letters, std::string_view digits,
                   std::string_view not_symbol = "\\p{L}\\p{N}") {
  return fmt::format("Split<{}[^\\r\\n\\p{{L}}\\p{{N}}]?{}|{}| ?[^\\s{}]+[\\r\\n]*{}>",
                     kContractions, letters, digits, not_symbol, kTail);
}

/// From the tokenizer.json of these models, and the patterns quoted in src/llama-vocab.cpp.
std::vector<Known> known_steps() {
  constexpr std::string_view kOneContraction = "(?i:'s|'t|'re|'ve|'m|'ll|'d)?";
  const std::string deepseek_words =
      "Split<[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?"
      "[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*" +
      std::string(kTail) + ">";
  return {
      {worded("\\p{L}+", "\\p{N}{1,3}"), "llama-bpe", "smaug-bpe", true},
      {worded("\\p{L}+", "\\p{N}"), "qwen2"},
      {worded("[\\p{L}\\p{M}]+", "\\p{N}", "\\p{L}\\p{M}\\p{N}"), "qwen35"},
      {"Split<\\p{N}{1,3}>, " + worded("\\p{L}+", "\\p{N}+"), "minicpm5", {}, true},
      {"ByteLevel", "gpt-2"},
      {"Digit, ByteLevel", "smollm"},
      {cased("", "\\p{N}"), "tekken", {}, true},
      {cased(kOneContraction, "\\p{N}{1,3}"), "gpt-4o"},
      {"Split<\\p{N}{1,3}>, Split<[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+>, " + deepseek_words,
       "deepseek-v3"},
      {"Split<[\\r\\n]>, Split<\\s?\\p{L}+>, Split<\\s?\\p{P}+>, "
       "Split<[\u4E00-\u9FA5\u0800-\u4E00\uAC00-\uD7FF]+>, Digit",
       "deepseek-coder"},
      {"Punctuation Contiguous, ByteLevel, Digits, Split<[0-9][0-9][0-9]>", "falcon"},
      {"Split< ?[^(\\s|[.,!?\u2026\u3002\uFF0C\u3001\u0964\u06D4\u060C])]+>", "bloom"},
  };
}

/// The converter's own name for the same split in this kind of model.
std::string_view own_name(std::string_view name, std::string_view model_type) {
  struct Own {
    std::string_view name, model_type, own;
  };
  constexpr std::array kOwn{
      Own{"smollm", "cohere", "command-r"},   Own{"smollm", "starcoder2", "starcoder"},
      Own{"smollm", "gpt_bigcode", "refact"}, Own{"smaug-bpe", "dbrx", "dbrx"},
      Own{"smaug-bpe", "glm4", "glm4"},       Own{"smaug-bpe", "glm", "glm4"},
      Own{"qwen2", "stablelm", "stablelm2"},  Own{"gpt-2", "phi", "phi-2"},
      Own{"gpt-2", "olmo", "olmo"},           Own{"gpt-2", "mpt", "mpt"},
      Own{"gpt-4o", "llama4", "llama4"},      Own{"gpt-4o", "llama4_text", "llama4"},
      Own{"gpt-2", "exaone4", "exaone4"},     Own{"smollm", "exaone", "exaone"},
  };
  for (const Own& row : kOwn)
    if (row.name == name && row.model_type == model_type) return row.own;
  return name;
}

/// Parts of the pipeline that libllama's BPE has not.
void note_what_is_missing(const json& tokenizer, std::vector<std::string>& notes) {
  const json& normalizer = member(tokenizer, "normalizer");
  if (!normalizer.is_null())
    notes.push_back(fmt::format(
        "tokenizer.json normalizes text first ({}); libllama does not: text that this changes is "
        "split otherwise",
        printable(text_of(normalizer, "type"))));
  const json& pre = member(tokenizer, "pre_tokenizer");
  bool prefix = flag_of(pre, "add_prefix_space");
  for (const json& step : member(pre, "pretokenizers"))
    prefix = prefix || flag_of(step, "add_prefix_space");
  if (prefix)
    notes.emplace_back(
        "tokenizer.json puts a space before the text; libllama's BPE does not: the first word is "
        "split otherwise");
}

std::string merge_part(const std::string& text) { return replaced(text, " ", "\u0120"); }

}  // namespace

std::string pre_tokenizer_name(const json& tokenizer, std::string_view model_type,
                               std::vector<std::string>& notes) {
  const std::string steps = steps_of(member(tokenizer, "pre_tokenizer"));
  const bool ignores = flag_of(member(tokenizer, "model"), "ignore_merges");
  for (const Known& known : known_steps()) {
    if (known.steps != steps) continue;
    if (ignores == known.ignore_merges) return std::string(own_name(known.name, model_type));
    if (!known.other.empty()) return std::string(own_name(known.other, model_type));
    notes.push_back(fmt::format(
        "tokenizer.json has ignore_merges {}, libllama's {} the opposite: words that are tokens "
        "but no result of merges are split otherwise",
        ignores, known.name));
    return std::string(own_name(known.name, model_type));
  }
  notes.push_back(fmt::format(
      "libllama has no pre-tokenizer that is known to split like this one's ({}): 'default' is "
      "used, and tokens may differ",
      steps.empty() ? "none" : printable(steps.substr(0, 200))));
  return "default";
}

Result<void> read_byte_level_bpe(const json& tokenizer, std::string_view model_type,
                                 const std::vector<Merge>& merges, TokenTable& table,
                                 const TokenizerOutput& out) {
  auto& [metadata, notes] = out;
  std::vector<std::string> lines;
  lines.reserve(merges.size());
  for (const Merge& merge : merges)
    lines.push_back(merge_part(table.at(merge.left).text) + " " +
                    merge_part(table.at(merge.right).text));
  metadata.set("tokenizer.ggml.model", std::string("gpt2"));
  metadata.set("tokenizer.ggml.pre", pre_tokenizer_name(tokenizer, model_type, notes));
  table.write(metadata, TokenTable::Scores::left_out);
  metadata.set("tokenizer.ggml.merges", std::move(lines));
  note_what_is_missing(tokenizer, notes);
  return {};
}

}  // namespace qualm::formats::hf
