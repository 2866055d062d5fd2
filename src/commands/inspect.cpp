// `qualm inspect`: what a model file is, from the file alone.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "chat/lint.h"
#include "commands/commands.h"
#include "commands/pack.h"
#include "commands/session.h"
#include "diagnose/weights_in_words.h"
#include "formats/read.h"
#include "model/anatomy.h"
#include "model/kind.h"
#include "model/runtime.h"
#include "report/document.h"
#include "weights/integrity.h"
#include "weights/quantization_error.h"

namespace qualm::commands {
namespace {

constexpr std::size_t kMostFindings = 50;

std::vector<report::TypeStat> types_of(const model::Anatomy& anatomy) {
  std::vector<report::TypeStat> out;
  for (const auto& [type, total] : anatomy.types)
    out.push_back({type, total.tensors, total.bytes, total.parameters});
  return out;
}

std::vector<report::ClassStat> classes_of(const model::Checkpoint& checkpoint,
                                          const model::Anatomy& anatomy, Progress& progress) {
  std::vector<report::ClassStat> out;
  auto rounding = weights::quantization_error_by_class(checkpoint, progress);
  for (const model::ClassTotal& entry : anatomy.classes)
    out.push_back({std::string(model::class_name(entry.tensor_class)), entry.total.tensors,
                   entry.total.bytes, entry.total.parameters, entry.total.bits_per_weight(),
                   entry.types, rounding[entry.tensor_class].estimate()});
  return out;
}

/// Bytes that belong to nothing: not wrong, but nobody should ship them unknowingly.
void note_trailing(const model::Checkpoint& checkpoint, std::vector<report::Finding>& findings) {
  for (const model::SourceFile& file : checkpoint.files)
    for (const model::Region& region : file.regions)
      if (region.kind == model::Region::Kind::trailing)
        findings.push_back(
            {file.path, fmt::format("{} bytes after the last tensor belong to nothing",
                                    region.end - region.begin)});
}

/// What the reader noticed, and what stands in the way of running the model.
void add_notes(const model::Checkpoint& checkpoint, std::vector<report::Finding>& findings) {
  for (const std::string& lack : checkpoint.lacks)
    findings.push_back({checkpoint.path, "cannot be run as it is: it lacks " + lack});
  for (const model::Note& note : checkpoint.notes) {
    if (findings.size() == kMostFindings) return;
    findings.push_back({note.place, note.says});
  }
}

/// Reads every block. Zeros and rows of one value are told, but only a baseline can say whether
/// they are wrong; a block that cannot be decoded leaves the file unexamined.
Result<report::Integrity> verify(const job::Request& request, const model::Checkpoint& checkpoint,
                                 Progress& progress) {
  QUALM_TRY(const auto settings, settings_of(request));
  QUALM_TRY(const auto damage,
            weights::check_integrity(checkpoint, nullptr, settings.threads, progress));
  report::Integrity integrity{report::Integrity::Status::whole, {}};
  if (!damage.not_read.empty()) integrity.status = report::Integrity::Status::not_examined;
  if (!damage.found.empty()) integrity.status = report::Integrity::Status::damaged;
  for (const auto* list : {&damage.found, &damage.unjudged})
    for (const weights::IntegrityFault& one : *list)
      if (integrity.findings.size() < kMostFindings)
        integrity.findings.push_back({"tensor " + one.tensor, diagnose::in_words(one)});
  for (const std::string& reason : damage.not_read)
    if (integrity.findings.size() < kMostFindings)
      integrity.findings.push_back({"not read", reason});
  return integrity;
}

/// What the file alone can answer. No grade: at one number of bits models lose very different
/// amounts.
std::string answer_of(const report::InspectReport& report) {
  // In the order in which they matter; the others are in the list below it.
  constexpr std::array kFirst{"wrong_container",
                              "not_a_language_model",
                              "pre_tokenizer_of_another_family",
                              "special_token_unknown",
                              "template_of_another_family",
                              "template_fails",
                              "pre_tokenizer_missing",
                              "rope_base_default",
                              "rope_original_context_missing",
                              "rope_context_too_long",
                              "quant_of_a_quant",
                              "below_floor",
                              "tied_embedding_crushed",
                              "router_quantized",
                              "template_hides_roles",
                              "template_drops_message",
                              "turn_marks_no_tokens",
                              "template_begins_no_answer",
                              "end_of_turn_no_end_token",
                              "begin_token_twice",
                              "template_missing",
                              "below_q4_k_m"};
  std::string text;
  if (report.integrity.status == report::Integrity::Status::damaged)
    text = fmt::format("DAMAGED: {}: {}. ", report.integrity.findings.front().place,
                       report.integrity.findings.front().says);
  for (const char* id : kFirst) {
    const auto risk = std::ranges::find(report.risks, id, &report::Risk::id);
    if (risk == report.risks.end()) continue;
    if (risk->id == "below_floor")
      return text + risk->says + " A loss is likely; `qualm diagnose` estimates it.";
    if (risk->id == "below_q4_k_m")
      return text + risk->says + " `qualm diagnose` estimates what that costs.";
    return text + risk->says;
  }
  if (!text.empty()) return text;
  return fmt::format("The file alone shows no fault{}. `qualm diagnose` runs it.",
                     report.risks.empty() ? "" : ", but risks: see below");
}

}  // namespace

Result<job::Outcome> inspect(const job::Request& request, Progress& progress) {
  const std::string& path = request.models.front();
  if (is_reference(path)) {
    QUALM_TRY(const auto pack, open_pack(path));
    return job::Outcome{report::to_json(report_of_pack(pack, path)), 0};
  }
  QUALM_TRY(const auto checkpoint, formats::read(path));
  const model::Anatomy anatomy = model::anatomy(checkpoint);
  report::InspectReport report;
  report.model = card(checkpoint);
  report.tied_embeddings = checkpoint.tied_embeddings();
  if (anatomy.experts)
    report.experts = report::Experts{anatomy.experts->count, anatomy.experts->used.value_or(0)};
  const auto& tokenizer = anatomy.tokenizer;
  if (!tokenizer.model.empty() || tokenizer.vocab_size > 0)
    report.tokenizer = report::TokenizerCard{tokenizer.model, tokenizer.pre, tokenizer.vocab_size,
                                             tokenizer.sha256};
  report.types = types_of(anatomy);
  report.classes = classes_of(checkpoint, anatomy, progress);
  report.provenance = anatomy.provenance;
  for (const model::Risk& risk : chat::rendered_risks(checkpoint.metadata))
    report.risks.push_back({risk.id, risk.says});
  for (const model::Risk& risk : model::static_risks(checkpoint, anatomy))
    report.risks.push_back({risk.id, risk.says});
  if (const auto& kind = model::kind_of(checkpoint); kind.kind != model::Kind::language_model)
    report.risks.insert(
        report.risks.begin(),
        {"not_a_language_model", fmt::format("This is {}. {}", kind.name, kind.advice)});
  report.runtime = request.runtime;
  const auto why = model::unsuited(checkpoint, request.runtime);
  report.loads = why.empty();
  if (!why.empty()) report.risks.insert(report.risks.begin(), {"wrong_container", why});
  if (request.verify) {
    QUALM_TRY(report.integrity, verify(request, checkpoint, progress));
  }
  note_trailing(checkpoint, report.integrity.findings);
  add_notes(checkpoint, report.integrity.findings);
  report.says = answer_of(report);
  const bool damaged = report.integrity.status == report::Integrity::Status::damaged;
  return job::Outcome{report::to_json(report), damaged ? 1 : 0};
}

}  // namespace qualm::commands
