// Check 0: is it the quant at all?
//
// What makes a model answer otherwise without any weight being rounded: another tokenizer,
// template, rope, shape, a damaged file, a container that its runtime does not load, or a symptom
// that the baseline has as well. The files are compared here; what running them showed (how they
// split text, what their templates make of a conversation, what they write) comes with the patient.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "codec/gptq.h"
#include "diagnose/check.h"
#include "diagnose/key_effects.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/words.h"
#include "model/runtime.h"

namespace qualm::diagnose {
namespace {

constexpr std::size_t kShown = 8;
constexpr std::string_view kTemplateKey = "tokenizer.chat_template";
constexpr const char* kLabel = "checkpoint_format";

/// What was found, before it is written down.
struct Findings {
  std::vector<Evidence> faults;  ///< the first one is the headline
  std::vector<Evidence> notes;
  std::vector<std::string> open;  ///< what would have to be given to tell
};

/// Differences in how keys split text count by what they come to, where both tokenizers ran.
void add_tokenizer(const Patient& given, std::vector<Difference>& differences, Findings& found) {
  if (!given.split) return;
  const std::string words = probe::in_words(*given.split);
  if (!given.split->equal) {  // before what else is wrong with the tokenizer: this one tells most
    found.faults.insert(found.faults.begin(), fact("split", words));
    return;
  }
  for (Difference& difference : differences)
    if (only_splits(difference.key)) difference.weight = Difference::Weight::note;
  found.notes.push_back(fact("split", words));
}

void add_template(const Patient& given, std::vector<Difference>& differences, Findings& found) {
  using enum probe::ChatComparison::Outcome;
  if (!given.chat || given.chat->outcome == equal) return;
  const auto outcome = given.chat->outcome;
  const Evidence evidence = fact(std::string(kTemplateKey) + ".rendered", given.chat->says);
  if (outcome == renders_otherwise || outcome == not_rendered) {
    found.faults.push_back(evidence);
    return;
  }
  for (Difference& difference : differences)
    if (difference.key == kTemplateKey) difference.weight = Difference::Weight::note;
  found.notes.push_back(evidence);
  if (outcome == renders_alike)
    found.open.emplace_back(
        "the prompts that your runtime makes with either chat template (llama-server --jinja)");
}

void add_damage(const compare::DamageReport& damage, Findings& found) {
  constexpr std::array kNames{"not_finite", "zeros", "constant"};
  for (const compare::Damage& one : damage.found)
    found.faults.push_back(
        fact(kNames[static_cast<std::size_t>(one.kind)], "tensor " + one.tensor + ": " + one.says));
  for (const compare::Damage& one : damage.unjudged)
    found.notes.push_back(
        fact(kNames[static_cast<std::size_t>(one.kind)],
             "tensor " + one.tensor + ": " + one.says + " (meant or not: unknown)"));
  for (const std::string& tensor : damage.not_read) found.notes.push_back(fact("not_read", tensor));
}

bool damaged(const compare::DamageReport& damage, const std::string& tensor) {
  return std::ranges::find(damage.found, tensor, &compare::Damage::tensor) != damage.found.end();
}

/// The file contradicts itself, and not all runtimes see through that.
void add_mislabelled(const model::Checkpoint& candidate, Findings& found) {
  const auto mislabelled = [](const model::Note& note) {
    return note.says.starts_with(codec::kMislabelled);
  };
  const auto first = std::ranges::find_if(candidate.notes, mislabelled);
  if (first == candidate.notes.end()) return;
  found.faults.push_back(fact(
      kLabel, fmt::format("{} here: runtimes that go by the label are a step off ({} matrices)",
                          first->says, std::ranges::count_if(candidate.notes, mislabelled))));
}

/// Matrices that are not the baseline's, among others that are: no rounding does that.
Result<void> add_strangers(Case& patient, Findings& found) {
  QUALM_TRY(const compare::Provenance* const origin, patient.origin());
  for (const compare::Stranger& stranger : origin->strangers)
    if (!damaged(patient.patient().damage, stranger.tensor))
      found.faults.push_back(fact("tensor " + stranger.tensor,
                                  fmt::format("tensor {}: {}", stranger.tensor, stranger.says)));
  return {};
}

/// The paired control: the baseline shows what the user sees, and the candidate no more of it.
void add_symptoms(const Patient& given, Findings& found) {
  using enum probe::Symptom::Finding;
  std::vector<const probe::Symptom*> asked;
  for (const probe::Symptom& s : given.symptoms)
    if (s.symptom == given.asked_symptom) asked.push_back(&s);
  const auto is = [](probe::Symptom::Finding finding) {
    return [finding](const probe::Symptom* s) { return s->finding == finding; };
  };
  if (std::ranges::any_of(asked, is(worse))) return;
  for (const probe::Symptom* s : asked)
    if (s->finding == shared)
      found.faults.push_back({"symptom_" + s->id, s->control.estimate, s->control.unit,
                              "The baseline shows it too. " + s->says});
}

/// These explain what a user sees, but no loss of the weights on a text as they are read here.
bool yields(const Evidence& fault) {
  return fault.name.starts_with(kTemplateKey) || fault.name.starts_with("symptom_") ||
         fault.name == kLabel || only_ends(fault.name);
}

/// The weights are run with these, whatever their bits are.
bool confounds(const Evidence& fault, const std::string& architecture) {
  constexpr std::array<std::string_view, 3> kDamage{"not_finite", "zeros", "constant"};
  if (only_ends(fault.name)) return false;
  return std::ranges::find(kDamage, fault.name) != kDamage.end() ||
         fault.name.starts_with("tensor ") ||
         (!architecture.empty() && fault.name.starts_with(architecture + "."));
}

void write_down(const Findings& found, std::size_t more, CheckResult& result) {
  result.evidence = found.faults;
  for (const Evidence& note : found.notes)
    if (result.evidence.size() < found.faults.size() + kShown) result.evidence.push_back(note);
  if (more > 0)
    result.evidence.push_back(fact("more", fmt::format("and {} more differences", more)));
  for (const std::string& need : found.open) result.needs.push_back(need);
}

}  // namespace

Result<CheckResult> examine_not_quant(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  Findings found;
  found.faults = given.faults;
  found.notes = given.remarks;
  if (const auto why = model::unsuited(*given.candidate, given.runtime); !why.empty())
    found.faults.insert(found.faults.begin(), fact("container", why));
  add_damage(given.damage, found);
  add_mislabelled(*given.candidate, found);
  if (given.baseline) QUALM_CHECK(add_strangers(patient, found));
  std::vector<Difference> differences;
  if (given.baseline) differences = diagnose::differences(*given.candidate, *given.baseline);
  add_tokenizer(given, differences, found);
  add_template(given, differences, found);
  std::ranges::stable_sort(differences, {}, [](const Difference& difference) {
    return std::pair(difference.weight, only_ends(difference.key));  // what breaks texts first
  });
  std::size_t notes = 0;
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const Difference& difference = differences[i];
    const bool note = difference.weight == Difference::Weight::note;
    notes += note ? 1 : 0;
    if (i < kShown)
      (note ? found.notes : found.faults)
          .push_back(fact(difference.key, difference.key + ": " + difference.says));
  }
  add_symptoms(given, found);
  write_down(found, differences.size() - std::min(differences.size(), kShown), result);

  if (!found.faults.empty()) {
    result.status = Status::cause;
    result.headline = found.faults.front().says;
    result.confounds = std::ranges::any_of(found.faults, [&](const Evidence& fault) {
      return confounds(fault, given.candidate->architecture());
    });
    result.yields = std::ranges::all_of(found.faults, yields);
  } else if (!given.baseline) {
    result.headline = given.damage.weights_read > 0 ? "file whole, no NaN or infinity in any block"
                                                    : "file whole";
  } else if (!found.open.empty()) {
    result.status = Status::cannot_tell;
    result.headline = "chat templates differ, and were not seen to render otherwise";
  } else {
    result.status = Status::cleared;
    result.headline =
        notes > 0 ? fmt::format("tokenizer, template and hyperparameters agree ({} {}), file whole",
                                notes, notes == 1 ? "note" : "notes")
                  : "tokenizer, template and hyperparameters equal, file whole";
  }
  if (!given.baseline)
    result.needs.push_back(
        "the model it was made from (--baseline), for tokenizer, template and hyperparameters");
  return result;
}

Result<std::optional<Fix>> prescribe_not_quant(Case& patient) {
  QUALM_TRY(const CheckResult found, examine_not_quant(patient));
  if (!found.confounds) return std::nullopt;  // no loss on a text that a remedy could be seen in
  return make_again(patient);
}

}  // namespace qualm::diagnose
