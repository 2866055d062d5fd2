#include "model/prompt_risks.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/text.h"

namespace qualm::model {
namespace {

/// How a family of models marks the turns of a conversation.
struct TurnMarks {
  std::string_view family;
  std::string_view begin;  ///< of a turn
  std::string_view end;    ///< of a turn: an answer ends there
};
/// Of models whose marks are tokens. [INST] and <|user|> were plain text in many.
/// Source: the chat templates that llama.cpp knows by these marks (llama-chat.cpp).
constexpr std::array kTurnMarks{
    TurnMarks{"ChatML", "<|im_start|>", "<|im_end|>"},
    TurnMarks{"Llama 3", "<|start_header_id|>", "<|eot_id|>"},
    TurnMarks{"Gemma", "<start_of_turn>", "<end_of_turn>"},
};

/// A vocabulary that is known by its size and one of its tokens, and how its text is split first.
struct KnownVocabulary {
  std::string_view name;
  std::string_view token;
  std::size_t least = 0;
  std::size_t most = 0;
  std::array<std::string_view, 4> pre;
};
/// Source: llama.cpp's convert_hf_to_gguf.py and llama-vocab.cpp (names of pre-tokenizers).
constexpr std::array kVocabularies{
    KnownVocabulary{"Llama 3",
                    "<|start_header_id|>",
                    128000,
                    128512,
                    {"llama-bpe", "llama3", "llama-v3", "smaug-bpe"}},
    KnownVocabulary{"Qwen 2 and 3",
                    "<|im_start|>",
                    151000,
                    152064,
                    {"qwen2", "deepseek-r1-qwen", "qwen35", "megrez"}},
};

/// Looks tokens up by their text.
class Vocabulary {
 public:
  explicit Vocabulary(const Metadata& metadata)
      : tokens_(metadata.strings("tokenizer.ggml.tokens")) {
    if (!tokens_) return;
    for (std::size_t id = 0; id < tokens_->size(); ++id)
      if (!(*tokens_)[id].empty() && (*tokens_)[id].front() == '<')
        ids_.emplace((*tokens_)[id], id);
  }
  [[nodiscard]] std::size_t size() const { return tokens_ ? tokens_->size() : 0; }
  /// Of tokens that begin with "<".
  [[nodiscard]] std::optional<std::size_t> find(std::string_view token) const {
    const auto it = ids_.find(token);
    return it == ids_.end() ? std::nullopt : std::optional(it->second);
  }
  [[nodiscard]] std::string text(std::size_t id) const {
    return tokens_ && id < tokens_->size() ? (*tokens_)[id] : "no token of the vocabulary";
  }

 private:
  const std::vector<std::string>* tokens_;
  std::unordered_map<std::string_view, std::size_t> ids_;
};

bool has(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

const TurnMarks* marks_of(std::string_view chat_template) {
  const auto* const it = std::ranges::find_if(
      kTurnMarks, [&](const TurnMarks& marks) { return has(chat_template, marks.begin); });
  return it == kTurnMarks.end() ? nullptr : it;
}

/// The family whose marks the vocabulary holds, other than `marks`.
const TurnMarks* other_family(const Vocabulary& vocabulary, const TurnMarks& marks) {
  const auto* const it = std::ranges::find_if(kTurnMarks, [&](const TurnMarks& other) {
    return &other != &marks && vocabulary.find(other.begin) && vocabulary.find(other.end);
  });
  return it == kTurnMarks.end() ? nullptr : it;
}

void marks_risk(const Vocabulary& vocabulary, const TurnMarks& marks, std::string_view text,
                std::vector<Risk>& risks) {
  std::vector<std::string_view> missing;
  for (const std::string_view mark : {marks.begin, marks.end})
    if (has(text, mark) && !vocabulary.find(mark)) missing.push_back(mark);
  if (missing.empty()) return;
  const TurnMarks* const other = other_family(vocabulary, marks);
  if (other && missing.size() == 2) {
    risks.push_back(
        {"template_of_another_family",
         fmt::format("The chat template is for {} models ({}), and the vocabulary is "
                     "that of a {} model ({}): the model does not know these marks.",
                     marks.family, fmt::join(missing, ", "), other->family, other->begin)});
    return;
  }
  risks.push_back({"turn_marks_no_tokens",
                   fmt::format("The chat template marks turns with {}, which the vocabulary does "
                               "not have: it is split into pieces. That works only for a model "
                               "that was trained so.",
                               fmt::join(missing, " and "))});
}

/// Ids of keys that end answers.
std::vector<std::size_t> end_tokens(const Metadata& metadata) {
  std::vector<std::size_t> ids;
  for (const char* key : {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
                          "tokenizer.ggml.eom_token_id"})
    if (const auto id = metadata.integer(key); id && *id >= 0)
      ids.push_back(static_cast<std::size_t>(*id));
  return ids;
}

void end_risk(const Metadata& metadata, const Vocabulary& vocabulary, const TurnMarks& marks,
              std::string_view text, std::vector<Risk>& risks) {
  const auto end = vocabulary.find(marks.end);
  const auto ends = end_tokens(metadata);
  if (!end || ends.empty() || !has(text, marks.end) || std::ranges::find(ends, *end) != ends.end())
    return;
  risks.push_back(
      {"end_of_turn_no_end_token",
       fmt::format("The chat template ends a turn with {} (token {}), and the end token is {} "
                   "(token {}). llama.cpp knows the former by its name and stops there. A runtime "
                   "that goes by the end token runs on.",
                   marks.end, *end, vocabulary.text(ends.front()), ends.front())});
}

void missing_template_risk(const Metadata& metadata, const Vocabulary& vocabulary,
                           std::vector<Risk>& risks) {
  const auto* const marks = std::ranges::find_if(kTurnMarks, [&](const TurnMarks& one) {
    return vocabulary.find(one.begin) && vocabulary.find(one.end);
  });
  if (marks == kTurnMarks.end()) return;
  const std::string names = lower_case(metadata.string("general.name").value_or("") + " " +
                                       metadata.string("general.finetune").value_or(""));
  if (!has(names, "instruct") && !has(names, "chat")) return;
  risks.push_back({"template_missing",
                   fmt::format("The file has no chat template, and its name says that it is for "
                               "chats. Its vocabulary has the marks of {} ({}).",
                               marks->family, marks->begin)});
}

void template_risks(const Metadata& metadata, const Vocabulary& vocabulary,
                    std::vector<Risk>& risks) {
  const auto text = metadata.string("tokenizer.chat_template");
  if (vocabulary.size() == 0) return;
  if (!text || text->empty()) {
    missing_template_risk(metadata, vocabulary, risks);
    return;
  }
  if (const TurnMarks* marks = marks_of(*text)) {
    marks_risk(vocabulary, *marks, *text, risks);
    end_risk(metadata, vocabulary, *marks, *text, risks);
  }
}

void special_token_risks(const Metadata& metadata, const Vocabulary& vocabulary,
                         std::vector<Risk>& risks) {
  if (vocabulary.size() == 0) return;
  for (const char* key :
       {"tokenizer.ggml.bos_token_id", "tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id",
        "tokenizer.ggml.unknown_token_id", "tokenizer.ggml.padding_token_id"}) {
    const auto id = metadata.integer(key);
    // -1 as 32 bits: there is none.
    if (!id || *id < 0 || *id == 0xffffffff || static_cast<std::size_t>(*id) < vocabulary.size())
      continue;
    risks.push_back(
        {"special_token_unknown",
         fmt::format("{} is {}, and the vocabulary has {} tokens.", key, *id, vocabulary.size())});
  }
}

void pre_tokenizer_risks(const Metadata& metadata, const Vocabulary& vocabulary,
                         std::vector<Risk>& risks) {
  const std::string model = metadata.string("tokenizer.ggml.model").value_or("");
  const std::string pre = metadata.string("tokenizer.ggml.pre").value_or("");
  if (model != "gpt2") return;
  if (pre.empty() || pre == "default") {
    risks.push_back({"pre_tokenizer_missing",
                     fmt::format("tokenizer.ggml.pre is {}: llama.cpp splits text by its default "
                                 "rule, which is wrong for most BPE models.",
                                 pre.empty() ? "absent" : "\"default\"")});
    return;
  }
  for (const KnownVocabulary& known : kVocabularies) {
    if (vocabulary.size() < known.least || vocabulary.size() > known.most ||
        !vocabulary.find(known.token) || std::ranges::find(known.pre, pre) != known.pre.end())
      continue;
    // Only a rule of another known family is certainly wrong.
    if (std::ranges::none_of(kVocabularies,
                             [&](const KnownVocabulary& other) {
                               return std::ranges::find(other.pre, pre) != other.pre.end();
                             }) &&
        pre != "gpt-2")
      continue;
    risks.push_back(
        {"pre_tokenizer_of_another_family",
         fmt::format("tokenizer.ggml.pre is \"{}\", and the vocabulary is that of {}, "
                     "which is split by \"{}\": text reaches the model as other tokens.",
                     pre, known.name, known.pre.front())});
  }
}

}  // namespace

std::vector<Risk> prompt_risks(const Metadata& metadata) {
  std::vector<Risk> risks;
  const Vocabulary vocabulary(metadata);
  pre_tokenizer_risks(metadata, vocabulary, risks);
  special_token_risks(metadata, vocabulary, risks);
  template_risks(metadata, vocabulary, risks);
  return risks;
}

}  // namespace qualm::model
