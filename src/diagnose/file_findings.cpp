#include "diagnose/file_findings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "diagnose/key_effects.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/run_with.h"
#include "diagnose/symptoms.h"
#include "diagnose/weights_in_words.h"
#include "model/activations.h"
#include "model/layer_name.h"
#include "model/prompt_risks.h"
#include "model/rope_risks.h"
#include "model/runtime.h"

namespace qualm::diagnose {
namespace {

constexpr std::size_t kShown = 8;
constexpr std::string_view kTemplateKey = "tokenizer.chat_template";

/// The key that splits text otherwise, before what comes of it. One that a file leaves to the
/// default matters too.
std::string because_of(std::vector<Difference>& differences) {
  std::string keys;
  for (Difference& difference : differences) {
    if (!only_splits(difference.key) && !starts_texts(difference.key)) continue;
    difference.weight = Difference::Weight::breaks;
    if (keys.empty()) keys = fmt::format("{}: {}; ", difference.key, difference.says);
  }
  return keys;
}

/// Differences in keys that split text count by what they come to, where both tokenizers ran.
void add_split(const FileFacts& files, std::vector<Difference>& differences, FileFindings& found) {
  if (!files.split) return;
  const std::string words = probe::in_words(*files.split);
  if (!files.split->equal) {  // before what else is wrong with the tokenizer: this one tells most
    found.faults.insert(found.faults.begin(), Fault{.kind = FaultKind::tokenizer,
                                                    .effect = Effect::tokens,
                                                    .where = "split",
                                                    .says = because_of(differences) + words});
    return;
  }
  for (Difference& difference : differences)
    if (only_splits(difference.key)) difference.weight = Difference::Weight::note;
  found.notes.push_back(fact("split", words));
}

void add_template(const FileFacts& files, std::vector<Difference>& differences,
                  FileFindings& found) {
  using enum chat::Comparison::Outcome;
  if (!files.chat || files.chat->outcome == equal) return;
  const auto outcome = files.chat->outcome;
  const std::string where = std::string(kTemplateKey) + ".rendered";
  if (outcome == renders_otherwise || outcome == fails || outcome == not_rendered) {
    found.faults.push_back({.kind = FaultKind::chat_template,
                            .effect = Effect::prompts,
                            .where = where,
                            .says = files.chat->says});
    return;
  }
  for (Difference& difference : differences)
    if (difference.key == kTemplateKey) difference.weight = Difference::Weight::note;
  found.notes.push_back(fact(where, files.chat->says));
}

void add_integrity(const weights::IntegrityReport& integrity, FileFindings& found) {
  constexpr std::array kNames{"not_finite", "zeros", "constant", "too_large", "few_values"};
  const auto name = [&](const weights::IntegrityFault& fault) {
    return kNames[static_cast<std::size_t>(fault.kind)];
  };
  const auto words = [](const weights::IntegrityFault& fault) {
    return fmt::format("tensor {}: {}", fault.tensor, in_words(fault));
  };
  for (const weights::IntegrityFault& one : integrity.found)
    found.faults.push_back({.kind = FaultKind::integrity,
                            .effect = Effect::weights,
                            .where = name(one),
                            .tensors = {one.tensor},
                            .says = words(one)});
  for (const weights::IntegrityFault& one : integrity.unjudged)
    found.notes.push_back(
        fact(name(one), words(one) + " (intended or not: the original would tell)"));
  for (const std::string& tensor : integrity.not_read)
    found.notes.push_back(fact("not_read", tensor));
}

/// The file contradicts itself, and not all runtimes see through that. What is said of many
/// matrices is told once.
void add_mislabelled(const model::Checkpoint& candidate, FileFindings& found) {
  std::map<std::string, std::int64_t> matrices;
  for (const model::Note& note : candidate.notes)
    if (note.kind == model::Note::Kind::mislabelled) ++matrices[note.says];
  for (const auto& [says, count] : matrices)
    found.faults.push_back(
        {.kind = FaultKind::mislabelled,
         .effect = Effect::prompts,
         .where = "checkpoint_format",
         .says = fmt::format("{}; runtimes that go by the label run other weights ({} {})", says,
                             count, count == 1 ? "matrix" : "matrices")});
}

bool damaged(const weights::IntegrityReport& integrity, const std::string& tensor) {
  return std::ranges::find(integrity.found, tensor, &weights::IntegrityFault::tensor) !=
         integrity.found.end();
}

/// "in layer 2", "in layers 0, 3", "in all layers".
std::string layers_in_words(const std::set<std::int64_t>& layers, const model::Checkpoint& of) {
  if (std::ssize(layers) == of.arch_integer("block_count").value_or(0) && layers.size() > 1)
    return "in all layers";
  return fmt::format("in layer{} {}", layers.size() == 1 ? "" : "s", fmt::join(layers, ", "));
}

bool of_experts(const weights::Mismatch& mismatch) {
  using enum weights::Mismatch::Kind;
  return mismatch.kind == experts_exchanged || mismatch.kind == expert_order;
}

/// An expert is three matrices, and all of them were moved together: told once.
void add_moved_experts(const Facts& facts, FileFindings& found) {
  std::map<std::string, std::pair<std::set<std::int64_t>, std::vector<std::string>>> moved;
  for (const weights::MismatchedTensor& one : facts.read_weights.origin->mismatched) {
    const auto layer = model::layer_of(one.tensor);
    if (!of_experts(one.mismatch) || !layer) continue;
    auto& [layers, tensors] = moved[in_words(one.mismatch)];
    layers.insert(*layer);
    tensors.push_back(one.tensor);
  }
  for (const auto& [words, where] : moved)
    found.faults.push_back(
        {.kind = FaultKind::mismatched_tensor,
         .effect = Effect::weights,
         .where = "tensor " + where.second.front(),
         .tensors = where.second,
         .says = words + " " + layers_in_words(where.first, *facts.given.candidate)});
}

/// Tensors that are not the original's, among others that are: no rounding does that.
void add_mismatched(const Facts& facts, FileFindings& found) {
  if (!facts.read_weights.origin) return;
  add_moved_experts(facts, found);
  for (const weights::MismatchedTensor& one : facts.read_weights.origin->mismatched)
    if (!damaged(facts.files.integrity, one.tensor) && !of_experts(one.mismatch))
      found.faults.push_back(
          {.kind = FaultKind::mismatched_tensor,
           .effect = Effect::weights,
           .where = "tensor " + one.tensor,
           .tensors = {one.tensor},
           .says = fmt::format("tensor {}: {}", one.tensor, in_words(one.mismatch))});
}

Fault fault_of(const Difference& difference, const std::string& architecture) {
  Fault fault{.kind = FaultKind::key,
              .where = difference.key,
              .says = difference.key + ": " + difference.says,
              .mend = difference.mend};
  const bool tensor = difference.key.starts_with("tensor ");
  if (tensor) fault.kind = FaultKind::tensors;
  if (difference.key.starts_with(kTemplateKey)) fault.kind = FaultKind::chat_template;
  const bool run_with =
      tensor || (!architecture.empty() && difference.key.starts_with(architecture + "."));
  const bool of_prompts = fault.kind == FaultKind::chat_template || only_ends(difference.key);
  fault.effect = of_prompts ? Effect::prompts : run_with ? Effect::weights : Effect::tokens;
  return fault;
}

void add_differences(const Facts& facts, std::vector<Difference> differences, FileFindings& found) {
  std::ranges::stable_sort(differences, {}, [](const Difference& difference) {
    return std::pair(difference.weight, only_ends(difference.key));  // what breaks texts first
  });
  for (std::size_t i = 0; i < differences.size(); ++i) {
    const Difference& difference = differences[i];
    const bool note = difference.weight == Difference::Weight::note;
    found.note_count += note ? 1 : 0;
    if (i >= kShown) continue;
    if (note) {
      found.notes.push_back(fact(difference.key, difference.key + ": " + difference.says));
    } else {
      found.faults.push_back(fault_of(difference, facts.given.candidate->architecture()));
    }
  }
  found.more = differences.size() - std::min(differences.size(), kShown);
}

/// Positions at which the candidate as run has no finite logits and its reference has.
void add_lost(const Facts& facts, FileFindings& found) {
  if (!facts.selected()) return;  // nothing was read yet, and this asks for nothing
  const auto known = facts.measured(facts.reference(), facts.as_run());
  if (!known || (*known)->lost == 0) return;
  const evaluate::Measurement& as_run = **known;
  found.faults.push_back(
      {.kind = FaultKind::lost_logits,
       .effect = Effect::weights,
       .where = "positions_lost",
       .says = fmt::format("NaN or infinite logits at {} of {} positions where {} has none",
                           as_run.lost, as_run.tokens_scored + as_run.not_finite,
                           facts.paired() ? "the original" : "the same model with an F16 cache")});
}

/// What template, tokens and pre-tokenizer say about each other, what the template writes, and how
/// positions are read. Beside an original the differences from it tell more.
void add_metadata_risks(const Facts& facts, FileFindings& found) {
  if (facts.given.baseline) return;
  constexpr std::array kFaults{"pre_tokenizer_of_another_family", "special_token_unknown",
                               "template_of_another_family", "template_fails"};
  std::vector<model::Risk> risks = model::prompt_risks(facts.given.candidate->metadata);
  risks.insert(risks.end(), facts.files.rendered.begin(), facts.files.rendered.end());
  std::ranges::move(model::rope_risks(*facts.given.candidate), std::back_inserter(risks));
  for (const model::Risk& risk : risks) {
    const bool splits = risk.id == kFaults.front();
    if (std::ranges::find(kFaults, risk.id) == kFaults.end()) {
      found.notes.push_back(fact(risk.id, risk.says));
      found.risks.push_back(risk.says.substr(0, risk.says.find_last_not_of('.') + 1));
      continue;
    }
    found.faults.push_back({.kind = splits ? FaultKind::tokenizer : FaultKind::chat_template,
                            .effect = splits ? Effect::tokens : Effect::prompts,
                            .where = risk.id,
                            .says = risk.says});
  }
}

/// A run of the weights is not what a runtime computes that rounds the layers' inputs too. What a
/// server runs is measured.
void add_activations(const Given& given, FileFindings& found) {
  const auto rounded = model::quantized_activations(*given.candidate);
  if (!rounded) return;
  const std::string says = fmt::format(
      "activations are quantized as well ({}): qualm runs the weights alone", rounded->says);
  found.notes.push_back(fact("quantized_activations", says));
  if (rounded->where == model::QuantizedActivations::Where::everywhere && !given.server)
    found.open.push_back({says, "a measurement in the runtime that you use (vLLM, ...)"});
}

/// Weights that are stored rotated are compared by what the model answers, not one by one.
void add_rotation(const Given& given, FileFindings& found) {
  if (const std::string key = model::rotation_key(*given.candidate); !key.empty())
    found.notes.push_back(
        fact("weights_rotated",
             fmt::format("The weights are stored rotated ({}): they were not compared with the "
                         "original's one by one",
                         key)));
}

/// The original shows what the user sees as often: no fault of the file, but worth telling.
void add_symptom(const Facts& facts, FileFindings& found) {
  if (const probe::Symptom* s = shared_with_original(facts))
    found.notes.push_back({fmt::format("symptom_{}", probe::figure_name(*s)), s->control.estimate,
                           s->control.unit, "The original shows it as often. " + s->says});
}

}  // namespace

FileFindings file_findings(const Facts& facts) {
  const Given& given = facts.given;
  FileFindings found{.faults = facts.files.faults, .notes = facts.files.remarks};
  if (const auto why = model::unsuited(*given.candidate, given.runtime); !why.empty())
    found.faults.insert(found.faults.begin(), Fault{.kind = FaultKind::container,
                                                    .effect = Effect::tokens,
                                                    .where = "container",
                                                    .says = why});
  add_integrity(facts.files.integrity, found);
  add_mislabelled(*given.candidate, found);
  add_mismatched(facts, found);
  std::vector<Difference> differences = facts.files.differences;
  add_split(facts.files, differences, found);
  add_template(facts.files, differences, found);
  add_differences(facts, std::move(differences), found);
  add_lost(facts, found);
  add_metadata_risks(facts, found);
  add_activations(given, found);
  add_rotation(given, found);
  add_symptom(facts, found);
  add_run_with(given, found);
  return found;
}

bool confounded(const FileFindings& findings) noexcept {
  return std::ranges::any_of(findings.faults,
                             [](const Fault& fault) { return fault.effect == Effect::weights; });
}

}  // namespace qualm::diagnose
