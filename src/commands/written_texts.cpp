#include "commands/written_texts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <span>

#include "base/sha256.h"
#include "base/units.h"
#include "commands/bundled.h"
#include "experiment/measured_text.h"
#include "experiment/symptom_record.h"
#include "probe/examine.h"

namespace qualm::commands {
namespace {

constexpr std::size_t kMostPrompts = 1000;
constexpr std::int64_t kLongestPrompt = 1024;  // tokens

probe::Symptom not_examined(probe::SymptomId symptom, const std::string& why) {
  probe::Symptom s{.symptom = symptom};
  s.candidate = s.control = s.difference = {std::nullopt, "fraction", why};
  s.says = "Not examined: " + why;
  return s;
}

Result<std::vector<probe::Tokens>> read_prompts(const job::Request& request,
                                                engine::Model& reader) {
  std::string path = request.prompts;
  if (path.empty()) {
    QUALM_TRY(path, data_file("corpora/prompts.txt"));
  }
  QUALM_TRY(const std::string text, read_text(path));
  QUALM_TRY(const auto lines, parse_prompts(text, path));
  std::vector<probe::Tokens> prompts;
  for (const std::string& line : lines) {
    QUALM_TRY(auto tokens, reader.tokenize(line, engine::SpecialTokens::parsed));
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
std::string texts_key(const probe::Plan& plan, const std::string& candidate,
                      const std::string& control, const std::string& engine) {
  Sha256 hash;
  for (const probe::Tokens& prompt : plan.prompts) {
    hash.add(fmt::format("{}:", prompt.size()));
    hash.add(std::as_bytes(std::span(prompt)));
  }
  for (const probe::SymptomRow& row : probe::kSymptoms)
    if (plan.symptoms.wants(row.id)) hash.add(fmt::format("{}|", row.name));
  hash.add(
      fmt::format("texts 3|{}|{}|{}|{}|{}", candidate, control, plan.control, plan.length, engine));
  return std::move(hash).hex();
}

/// What the candidate's texts are compared with.
struct Control {
  probe::Side side;
  std::string weights;  ///< their identity
  std::string name;
};

std::optional<Control> control_of(const WritingSettings& writing, const Writers& writers,
                                  const diagnose::Facts& facts) {
  engine::Settings plain = writing.settings;
  plain.type_k = plain.type_v = "f16";
  if (writers.baseline && facts.paired())
    return Control{{writers.baseline->load, plain}, writers.baseline->identity, probe::kOriginal};
  if (facts.cache_quantized())
    return Control{
        {writers.candidate.load, plain}, writers.candidate.identity, probe::kSameWeights};
  return std::nullopt;
}

/// The candidate as the user runs it, beside the control, which also judges.
Result<probe::Examined> write_beside(const WritingSettings& writing, const Writer& candidate,
                                     const Control& control) {
  QUALM_TRY(auto reader, control.side.load());
  QUALM_TRY(auto prompts, read_prompts(writing.request, *reader));
  reader.reset();
  const probe::Plan plan{
      .prompts = std::move(prompts), .symptoms = writing.symptoms, .control = control.name};
  const std::string key = texts_key(
      plan, experiment::run_identity(candidate.identity, writing.settings),
      experiment::run_identity(control.weights, control.side.settings), writing.engine.version());
  if (const auto known = writing.store.recall(key))
    if (auto examined = experiment::from_record(*known)) return *std::move(examined);
  QUALM_TRY(auto found, probe::examine(plan, {candidate.load, writing.settings}, control.side,
                                       control.side, writing.progress));
  writing.store.remember(key, experiment::to_record(found));
  return found;
}

probe::Examined none_examined(const probe::SymptomChoice& wanted, const std::string& why) {
  probe::Examined none;
  for (const probe::SymptomRow& row : probe::kSymptoms)
    if (wanted.wants(row.id) && probe::needs_texts(row.id))
      none.symptoms.push_back(not_examined(row.id, why));
  return none;
}

}  // namespace

Result<probe::SymptomChoice> symptoms_of(const job::Request& request) {
  if (const auto choice = probe::parse_symptoms(request.symptom)) return *choice;
  return fail({Kind::input, "REQUEST-005", "", "--symptom",
               fmt::format("{}", fmt::join(symptom_options(), ", ")), request.symptom, ""});
}

std::vector<std::string> symptom_options() {
  std::vector<std::string> options;
  for (const probe::SymptomRow& row : probe::kSymptoms) options.emplace_back(row.name);
  options.insert(options.end(), {"all", "none"});
  return options;
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

Result<probe::Examined> write_texts(const WritingSettings& writing, const Writers& writers,
                                    const diagnose::Facts& facts) {
  const std::int64_t weights = facts.given.candidate->parameters();
  if (!writing.symptoms.asked && weights > kWriteUnasked)
    return none_examined(writing.symptoms,
                         fmt::format("a model of {} weights writes texts slowly; --symptom all "
                                     "has them written",
                                     format_count(weights)));
  const auto control = control_of(writing, writers, facts);
  if (!control)
    return none_examined(writing.symptoms,
                         "nothing to compare its texts with: give the original "
                         "(--baseline)");
  auto found = write_beside(writing, writers.candidate, *control);
  if (found) {
    probe::settle(found->symptoms);
    return found;
  }
  if (found.error().kind != Kind::engine && found.error().code != "TOKENIZER-001") return found;
  return none_examined(writing.symptoms, found.error().found);
}

}  // namespace qualm::commands
