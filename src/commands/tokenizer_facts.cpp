#include "commands/tokenizer_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/text.h"
#include "chat/lint.h"
#include "chat/render.h"
#include "commands/chat_text.h"
#include "numeric/format.h"
#include "probe/readable.h"

namespace qualm::commands {
namespace {

constexpr std::size_t kUserText = std::size_t{64} << 10;  // bytes of it that are split

/// The probe text and the beginning of the user's, cut at a character.
Result<std::string> text_to_split(const job::Request& request, const LoadedPair& pair) {
  const ChatForm form{pair.engine, pair.baseline ? *pair.baseline : pair.candidate};
  QUALM_TRY(std::string text, read_text_as(form, request.text));
  if (text.size() > kUserText) {
    std::size_t end = kUserText;
    while (end > 0 && continues_character(text[end])) --end;
    text.resize(end);
  }
  return std::string(probe::split_text()) + text;
}

/// A text cannot do without these.
bool is_plain(const std::string& character) {
  return character.size() == 1 && (character == "\n" || character == " " ||
                                   std::isalnum(static_cast<unsigned char>(character[0])) != 0);
}

diagnose::Fault tokenizer_fault(std::string says) {
  return {.kind = diagnose::FaultKind::tokenizer,
          .effect = diagnose::Effect::tokens,
          .where = "tokenizer",
          .says = std::move(says)};
}

/// Characters that a tokenizer throws at stop libllama, and so whatever runs the model. A fault
/// where the original reads them or where they are letters, digits or white space, else a property
/// of the model.
void add_unread(const probe::Readable& own, const probe::Readable* theirs,
                diagnose::FileFacts& files) {
  if (own.left_out.empty()) return;
  const auto lost = [&](const probe::Unread& unread) {
    return is_plain(unread.character) ||
           (theirs && std::ranges::find(theirs->left_out, unread.character,
                                        &probe::Unread::character) == theirs->left_out.end());
  };
  std::string says =
      fmt::format("{} at {} of a test text", own.thrown, probe::left_out_in_words(own));
  if (theirs && !theirs->left_out.empty())
    says += ", the original's at " + probe::left_out_in_words(*theirs);
  if (std::ranges::any_of(own.left_out, lost)) {
    files.faults.push_back(tokenizer_fault(std::move(says)));
  } else {
    files.remarks.push_back(diagnose::fact("tokenizer", says));
  }
}

void add_templates(const diagnose::Given& given, diagnose::FileFacts& files) {
  if (!given.baseline) {
    files.rendered = chat::rendered_risks(given.candidate->metadata);
    return;
  }
  const engine::ChatTemplate ours = chat::template_of(given.candidate->metadata);
  const engine::ChatTemplate original = chat::template_of(given.baseline->metadata);
  if (!ours.text.empty() && !original.text.empty()) files.chat = chat::compare(ours.text, original);
}

}  // namespace

Result<void> compare_tokenizers(const job::Request& request, const LoadedPair& pair,
                                const diagnose::Given& given, diagnose::FileFacts& files) {
  add_templates(given, files);
  QUALM_TRY(const std::string text, text_to_split(request, pair));
  const auto own = probe::readable(pair.candidate, text);
  if (!own) {
    files.faults.push_back(tokenizer_fault(own.error().found + " on plain text"));
    return {};
  }
  const auto theirs = pair.baseline ? probe::readable(*pair.baseline, text) : own;
  if (!theirs) return std::unexpected(theirs.error());
  add_unread(*own, pair.baseline ? &*theirs : nullptr, files);
  if (!pair.baseline) return {};
  if (files.not_comparable.empty()) {
    const auto common = probe::readable(pair.candidate, theirs->text);
    if (auto split = probe::compare_splits(pair.candidate, *pair.baseline,
                                           common ? common->text : theirs->text))
      files.split = std::move(*split);
  }
  return {};
}

diagnose::Evidence split_evidence(const experiment::SplitCost& cost) {
  const auto shown = [](const numeric::Metric& metric) {
    return metric.estimate ? numeric::format_estimate(*metric.estimate) : metric.absent;
  };
  return {"split_ppl", cost.candidate_on_own.estimate, "1",
          fmt::format("Perplexity of the candidate's weights with its own splitting {}, with the "
                      "original's {}; of the original's weights {} and {}: the splitting makes the "
                      "difference.",
                      shown(cost.candidate_on_own), shown(cost.candidate_on_originals),
                      shown(cost.original_on_candidates), shown(cost.original_on_own))};
}

}  // namespace qualm::commands
