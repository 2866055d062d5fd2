#include "chat/lint.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "base/text.h"
#include "chat/prompt.h"
#include "chat/render.h"
#include "chat/text.h"

namespace qualm::chat {
namespace {

/// The sample prompts, rendered.
struct Sample {
  std::vector<Prompt> prompts = sample_prompts();
  std::vector<Result<std::string>> texts;
  Result<std::string> unanswered;  ///< the question without the begin of an answer

  explicit Sample(const engine::ChatTemplate& chat_template) {
    std::vector<Prompt> all = prompts;
    all.push_back(prompts.front());
    all.back().begins_answer = false;
    texts = render_all(chat_template, all);
    unanswered = std::move(texts.back());
    texts.pop_back();
  }
  [[nodiscard]] const Result<std::string>& question() const { return texts.front(); }
  [[nodiscard]] const Result<std::string>& exchange() const { return texts.back(); }
};

/// What the template writes behind each message of a prompt: "<|im_end|>\n<|im_start|>assistant\n".
/// Absent where not all messages are there, one after the other.
std::optional<std::vector<std::string>> written_between(const std::string& text,
                                                        const Prompt& prompt) {
  std::vector<std::string> between;
  std::size_t end = std::string::npos;  // of the message before
  for (const engine::ChatMessage& message : prompt.messages) {
    const std::string_view content = trimmed(message.content);
    const auto at = text.find(content, end == std::string::npos ? 0 : end);
    if (at == std::string::npos) return std::nullopt;
    if (end != std::string::npos) between.push_back(text.substr(end, at - end));
    end = at + content.size();
  }
  between.push_back(text.substr(end));
  return between;
}

/// A system message may be refused; the others not.
std::optional<model::Risk> fails(const Sample& sample) {
  for (const auto* text : {&sample.question(), &sample.exchange()}) {
    if (*text || text->error().kind == Kind::engine) continue;
    const Error& error = text->error();
    return model::Risk{
        "template_fails",
        fmt::format("The chat template cannot be rendered for {} ({}: {}): no runtime can make "
                    "that prompt.",
                    text == &sample.question() ? "a question" : "a question after an answer",
                    error.place, on_one_line(error.found))};
  }
  return std::nullopt;
}

std::optional<model::Risk> drops_message(const Sample& sample) {
  for (std::size_t i = 0; i < sample.prompts.size(); ++i) {
    if (!sample.texts[i]) continue;
    for (const engine::ChatMessage& message : sample.prompts[i].messages)
      if (sample.texts[i]->find(trimmed(message.content)) == std::string::npos)
        return model::Risk{
            "template_drops_message",
            fmt::format("The chat template does not write the {} message of a conversation of {}: "
                        "the model never sees it.",
                        message.role, speakers(sample.prompts[i]))};
  }
  return std::nullopt;
}

/// Nothing but the contents tells a question from an answer.
std::optional<model::Risk> hides_roles(const Sample& sample) {
  if (!sample.exchange()) return std::nullopt;
  const auto between = written_between(*sample.exchange(), sample.prompts.back());
  if (!between || (*between)[0] != (*between)[1]) return std::nullopt;
  return model::Risk{
      "template_hides_roles",
      fmt::format("The chat template writes \"{}\" between a question and its answer, and between "
                  "an answer and the next question: the model cannot tell who speaks.",
                  on_one_line((*between)[0]))};
}

/// A prompt ends before that which comes before every answer of the conversation.
std::optional<model::Risk> begins_no_answer(const Sample& sample) {
  if (!sample.question() || !sample.exchange() || !sample.unanswered ||
      *sample.question() != *sample.unanswered)
    return std::nullopt;
  const auto behind = written_between(*sample.question(), sample.prompts.front());
  const auto between = written_between(*sample.exchange(), sample.prompts.back());
  if (!behind || !between) return std::nullopt;
  const std::string_view ending = trimmed(behind->back());
  const std::string_view before_answer = trimmed(between->front());
  if (!before_answer.starts_with(ending) || before_answer == ending) return std::nullopt;
  return model::Risk{
      "template_begins_no_answer",
      fmt::format("The chat template never begins the answer: with add_generation_prompt a prompt "
                  "ends without \"{}\", which comes before answers. The model may go on with the "
                  "user's turn.",
                  on_one_line(trimmed(before_answer.substr(ending.size()))))};
}

/// A begin token that bos_token writes is no fault: runtimes know of it and add none.
std::optional<model::Risk> begins_twice(const Sample& sample, const engine::ChatTemplate& written,
                                        bool added) {
  const std::string& bos = written.bos;
  if (bos.empty() || !sample.question() || !sample.question()->starts_with(bos))
    return std::nullopt;
  if (sample.question()->starts_with(bos + bos))
    return model::Risk{"begin_token_twice",
                       fmt::format("The chat template begins a prompt with two {}.", bos)};
  if (!added || written.text.find(bos) == std::string::npos) return std::nullopt;
  const auto nameless = render({written.text, "", written.eos}, sample.prompts.front());
  if (!nameless || !nameless->starts_with(bos)) return std::nullopt;  // it was bos_token
  return model::Risk{"begin_token_twice",
                     fmt::format("The chat template writes {} as text, and add_bos_token adds it "
                                 "again: a prompt begins with two.",
                                 bos)};
}

}  // namespace

std::vector<model::Risk> rendered_risks(const model::Metadata& metadata) {
  const engine::ChatTemplate written = template_of(metadata);
  if (written.text.empty()) return {};
  const Sample sample(written);
  const bool added = metadata.boolean("tokenizer.ggml.add_bos_token").value_or(false);
  std::vector<model::Risk> risks;
  const auto hidden = hides_roles(sample);
  for (const auto& risk :
       {fails(sample), hidden, drops_message(sample),
        hidden ? std::nullopt : begins_no_answer(sample), begins_twice(sample, written, added)})
    if (risk) risks.push_back(*risk);
  return risks;
}

}  // namespace qualm::chat
