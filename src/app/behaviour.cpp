#include "app/behaviour.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "app/data.h"
#include "app/symptom_record.h"
#include "app/workbench.h"
#include "base/sha256.h"
#include "diagnose/words.h"
#include "numeric/format.h"
#include "probe/examine.h"
#include "probe/readable.h"

namespace qualm::app {
namespace {

constexpr std::size_t kUserText = std::size_t{64} << 10;  // bytes of it that are split
constexpr std::size_t kMostPrompts = 1000;
constexpr std::int64_t kLongestPrompt = 1024;  // tokens
constexpr std::array<std::string_view, 3> kWritten{"repetition", "incoherent", "off-topic"};

/// The probe text and the beginning of the user's, cut at a character.
Result<std::string> text_to_split(const Request& request) {
  QUALM_TRY(std::string text, read_text(request.text));
  if (text.size() > kUserText) {
    std::size_t end = kUserText;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text.resize(end);
  }
  return std::string(probe::split_text()) + text;
}

probe::Symptom not_examined(std::string_view symptom, const std::string& why) {
  probe::Symptom s;
  s.symptom = s.id = symptom;
  s.candidate = s.control = s.difference = {std::nullopt, "fraction", why};
  s.says = "Not examined: " + why;
  return s;
}

Result<std::vector<probe::Tokens>> read_prompts(const Request& request, engine::Model& reader) {
  std::string path = request.prompts;
  if (path.empty()) {
    QUALM_TRY(path, data_file("corpora/prompts.txt"));
  }
  QUALM_TRY(const std::string text, read_text(path));
  QUALM_TRY(const auto lines, parse_prompts(text, path));
  std::vector<probe::Tokens> prompts;
  for (const std::string& line : lines) {
    QUALM_TRY(auto tokens, reader.tokenize(line, true));
    if (static_cast<std::int64_t>(tokens.size()) > kLongestPrompt)
      return fail({Kind::input, "PROMPTS-003", path, fmt::format("prompt {}", prompts.size() + 1),
                   fmt::format("at most {} tokens", kLongestPrompt),
                   fmt::format("{}", tokens.size()), "Shorten it: what counts is what follows."});
    if (!tokens.empty()) prompts.push_back(std::move(tokens));
  }
  return prompts;
}

/// All that decides what is written and how it is judged. The number goes up with every change of
/// probe/ that changes a figure.
std::string texts_key(const probe::Plan& plan, const engine::Settings& settings, const Pair& pair,
                      const std::string& control) {
  Sha256 hash;
  for (const probe::Tokens& prompt : plan.prompts) {
    hash.add(fmt::format("{}:", prompt.size()));
    hash.add(std::as_bytes(std::span(prompt)));
  }
  hash.add(fmt::format("texts 1|{}|{}|{}{}{}|{}|{}",
                       run_identity(pair.candidate_identity, settings), control, plan.repetition,
                       plan.incoherent, plan.off_topic, plan.length, pair.engine.version()));
  return std::move(hash).hex();
}

/// The candidate as the user runs it, beside whatever there is to hold it against.
Result<std::vector<probe::Symptom>> write_texts(const Request& request,
                                                const engine::Settings& settings, const Pair& pair,
                                                const diagnose::Patient& patient,
                                                evaluate::WindowStore& store, Progress& progress) {
  const bool comparable = pair.baseline && patient.not_comparable.empty();
  QUALM_TRY(auto prompts, read_prompts(request, comparable ? *pair.baseline : pair.candidate));
  const probe::Plan plan{.prompts = std::move(prompts),
                         .repetition = wants_symptom(request, "repetition"),
                         .incoherent = wants_symptom(request, "incoherent"),
                         .off_topic = wants_symptom(request, "off-topic")};
  engine::Settings plain = settings;
  plain.type_k = plain.type_v = "f16";
  std::optional<probe::Side> control;
  if (comparable)
    control = probe::Side{pair.baseline, plain};
  else if (diagnose::Case(patient, nullptr).cache_quantized())
    control = probe::Side{&pair.candidate, plain};
  const std::string& controls = comparable ? pair.baseline_identity : pair.candidate_identity;
  const std::string key =
      texts_key(plan, settings, pair, control ? run_identity(controls, plain) : "none");
  if (const auto known = store.recall(key))
    if (auto symptoms = from_record(*known)) return *std::move(symptoms);
  QUALM_TRY(auto found,
            probe::examine(plan, {&pair.candidate, settings}, control, control, progress));
  store.remember(key, to_record(found));
  return found;
}

/// A text cannot do without these.
bool is_plain(const std::string& character) {
  return character.size() == 1 && (character == "\n" || character == " " ||
                                   std::isalnum(static_cast<unsigned char>(character[0])) != 0);
}

/// Characters that a tokenizer throws at stop libllama, and so whatever runs the model. A fault
/// where the baseline reads them or where they are letters, digits or white space, else a property
/// of the model.
void add_unread(const probe::Readable& own, const probe::Readable* theirs,
                diagnose::Patient& patient) {
  if (own.left_out.empty()) return;
  const auto lost = [&](const probe::Unread& unread) {
    return is_plain(unread.character) ||
           (theirs && std::ranges::find(theirs->left_out, unread.character,
                                        &probe::Unread::character) == theirs->left_out.end());
  };
  const bool fault = std::ranges::any_of(own.left_out, lost);
  std::string says =
      fmt::format("{} at {} of a test text", own.thrown, probe::left_out_in_words(own));
  if (theirs && !theirs->left_out.empty())
    says += ", the baseline's at " + probe::left_out_in_words(*theirs);
  (fault ? patient.faults : patient.remarks).push_back(diagnose::fact("tokenizer", says));
}

}  // namespace

bool wants_symptom(const Request& request, std::string_view symptom) {
  return request.symptom.empty() || request.symptom == "all" || request.symptom == symptom;
}

Result<std::vector<std::string>> parse_prompts(const std::string& text, const std::string& path) {
  std::vector<std::string> prompts;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    std::string line = text.substr(at, end - at);
    at = end + 1;
    if (line.ends_with('\r')) line.pop_back();
    if (line.empty() || line.starts_with('#')) continue;
    prompts.push_back(std::move(line));
  }
  if (prompts.empty())
    return fail({Kind::input, "PROMPTS-001", path, "", "one prompt a line", "none", ""});
  if (prompts.size() > kMostPrompts)
    return fail({Kind::input, "PROMPTS-002", path, "", fmt::format("at most {}", kMostPrompts),
                 fmt::format("{} prompts", prompts.size()), "24 to 100 tell what can be told."});
  return prompts;
}

Result<void> examine_tokenizer_and_template(const Request& request, const Pair& pair,
                                            diagnose::Patient& patient) {
  QUALM_TRY(const std::string text, text_to_split(request));
  const auto own = probe::readable(pair.candidate, text);
  if (!own) {
    patient.faults.push_back(diagnose::fact("tokenizer", own.error().found + " on plain text"));
    return {};
  }
  const auto theirs = pair.baseline ? probe::readable(*pair.baseline, text) : own;
  if (!theirs) return std::unexpected(theirs.error());
  add_unread(*own, pair.baseline ? &*theirs : nullptr, patient);
  if (!pair.baseline) return {};
  if (patient.not_comparable.empty()) {
    const auto common = probe::readable(pair.candidate, theirs->text);
    if (auto split = probe::compare_splits(pair.candidate, *pair.baseline,
                                           common ? common->text : theirs->text))
      patient.split = std::move(*split);
  }
  const auto template_of = [](const model::Checkpoint& checkpoint) {
    return checkpoint.metadata.string("tokenizer.chat_template");
  };
  const auto ours = template_of(*patient.candidate);
  const auto original = template_of(*patient.baseline);
  if (ours && original) patient.chat = probe::compare_chats(pair.engine, *ours, *original);
  return {};
}

Result<void> examine_symptoms(const Request& request, const engine::Settings& settings,
                              const Pair& pair, diagnose::Patient& patient,
                              evaluate::WindowStore& store, Progress& progress) {
  const bool any = std::ranges::any_of(
      kWritten, [&](std::string_view symptom) { return wants_symptom(request, symptom); });
  if (!any) return {};
  const auto skip = [&](const std::string& why) {
    for (const std::string_view symptom : kWritten)
      if (wants_symptom(request, symptom)) patient.symptoms.push_back(not_examined(symptom, why));
  };
  const std::int64_t weights = patient.candidate->parameters();
  if (request.symptom.empty() && weights > kProbedUnasked) {
    skip(fmt::format("{} weights write slowly; give --symptom all to have texts written",
                     numeric::format_count(weights)));
    return {};
  }
  auto found = write_texts(request, settings, pair, patient, store, progress);
  if (found) {
    probe::settle(*found);
    patient.symptoms = std::move(*found);
    return {};
  }
  if (found.error().kind != Kind::engine && found.error().code != "TOKENIZER-001")
    return std::unexpected(found.error());
  skip(found.error().found);
  return {};
}

}  // namespace qualm::app
