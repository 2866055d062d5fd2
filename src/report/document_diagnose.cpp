#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "diagnose/loss.h"
#include "diagnose/plan.h"
#include "report/document_parts.h"
#include "report/summary.h"

namespace qualm::report {
namespace {

Json evidence(const diagnose::Evidence& evidence) {
  Json json{{"name", evidence.name}};
  if (evidence.value) json.update(metric(*evidence.value, evidence.unit));
  json["unit"] = evidence.unit;
  json["says"] = evidence.says;
  return json;
}

Json share(const diagnose::Finding& finding) {
  if (finding.share) return metric(*finding.share, "fraction");
  return absent(finding.status == diagnose::Status::not_examined ? "not examined"
                                                                 : "not attributed");
}

Json to_json(const diagnose::Finding& finding) {
  const diagnose::CheckRow& row = diagnose::row_of(finding.check);
  Json all = Json::array();
  for (const diagnose::Evidence& one : finding.evidence) all.push_back(evidence(one));
  return {{"id", row.name},
          {"title", row.title},
          {"status", diagnose::to_string(finding.status)},
          {"estimated", finding.estimated},
          {"share", share(finding)},
          {"headline", finding.headline},
          {"evidence", std::move(all)},
          {"needs", finding.needs}};
}

/// Is it acceptable?
const char* answer(diagnose::Side of_line) {
  if (of_line == diagnose::Side::below) return "yes";
  return of_line == diagnose::Side::above ? "no" : "cannot_tell";
}

Json proof(const std::optional<evaluate::Metrics>& figures) {
  return figures ? metrics(*figures, Which::in_tables) : Json::object();
}

Json to_json(const diagnose::Remedy& remedy) {
  return {{"cause", diagnose::row_of(remedy.cause).name},
          {"name", remedy.name},
          {"command", remedy.command},
          {"effect", remedy.effect},
          {"bytes", remedy.bytes ? Json(*remedy.bytes) : absent("not known")},
          {"before", proof(remedy.before)},
          {"after", proof(remedy.after)},
          {"windows", remedy.windows},
          {"fresh", remedy.holdout},
          {"acceptable", answer(remedy.line)}};
}

/// The three answers about a loss, and what was measured of the model as it is run.
Json to_json(const diagnose::Loss& loss, const evaluate::Metrics& as_run) {
  Json grades = Json::array();
  if (loss.grades)
    for (auto grade = loss.grades->least; grade <= loss.grades->most;
         grade = static_cast<diagnose::Grade>(static_cast<int>(grade) + 1))
      grades.push_back(diagnose::to_string(grade));
  const auto known = [](const std::optional<numeric::Estimate>& value, const char* unit,
                        const char* reason) {
    return value ? metric(*value, unit) : absent(reason);
  };
  return {{"grades", std::move(grades)},
          {"excess_over_type", known(loss.excess, "1", "not examined")},
          {"runtime_share", known(loss.runtime_share, "nat/token", "not examined")},
          {"acceptable", answer(loss.line)},
          {"kld_mean", metric(evaluate::MetricId::kld_mean, as_run[evaluate::MetricId::kld_mean])},
          {"ppl_change",
           metric(evaluate::MetricId::ppl_change, as_run[evaluate::MetricId::ppl_change])},
          {"same_top", metric(evaluate::MetricId::same_top, as_run[evaluate::MetricId::same_top])}};
}

Json to_json(const probe::Symptom& symptom) {
  return {{"symptom", probe::row_of(symptom.symptom).name},
          {"id", probe::figure_name(symptom)},
          {"finding", probe::to_string(symptom.finding)},
          {"candidate", metric(symptom.candidate)},
          {"baseline", metric(symptom.control)},
          {"difference", metric(symptom.difference)},
          {"p_value", symptom.p_value ? number(*symptom.p_value) : absent("nothing was compared")},
          {"says", symptom.says}};
}

Json loop(const probe::WrittenSide& side) {
  if (!side.loop) return nullptr;
  const std::string_view text = side.text;
  return {{"begin", character_count(text.substr(0, side.loop->begin))},
          {"period", character_count(text.substr(side.loop->begin, side.loop->period))}};
}

Json to_json(const probe::WrittenText& text) {
  Json json{{"prompt", text.prompt},
            {"sampling", text.greedy ? "greedy" : "sampled"},
            {"candidate", text.candidate.text},
            {"candidate_loop", loop(text.candidate)}};
  json["original"] = text.control ? Json(text.control->text) : absent("nothing to compare with");
  json["original_loop"] = text.control ? loop(*text.control) : Json(nullptr);
  json["diverges"] =
      text.parts_at
          ? Json(character_count(std::string_view(text.candidate.text).substr(0, *text.parts_at)))
          : Json(nullptr);
  return json;
}

std::string_view why_no_error(const DiagnoseReport& report) {
  if (report.windows.read == 0) return "nothing was measured";
  return report.reference ? "whoever made the reference did not measure it"
                          : "the original was not run: its windows came from the cache";
}

Json left_out(const DiagnoseReport& report) {
  Json all = Json::array();
  for (const diagnose::LeftOut& one : report.left_out)
    all.push_back(
        {{"for", diagnose::title_of(one.stage)}, {"what", one.what}, {"command", report.again}});
  return all;
}

template <class T>
Json list(const std::vector<T>& values) {
  Json all = Json::array();
  for (const T& value : values) all.push_back(to_json(value));
  return all;
}

Json principal_cause(const diagnose::Conclusion& conclusion) {
  return conclusion.principal ? Json(diagnose::row_of(*conclusion.principal).name)
                              : absent("no cause was found");
}

}  // namespace

Json to_json(const DiagnoseReport& report) {
  const diagnose::Diagnosis& diagnosis = report.diagnosis;
  Json document = heading("diagnose", report.tool);
  document.update(
      {{"model", card(report.model)},
       {"baseline", report.baseline ? card(*report.baseline) : absent("no baseline was given")},
       {"reference",
        report.reference ? card(*report.reference) : absent("no --reference was given")},
       {"server", card(report.server)},
       {"evidence_level", diagnosis.evidence_level},
       {"verdict", diagnose::to_string(diagnosis.conclusion.verdict)},
       {"summary", summary(report)},
       {"estimated", diagnosis.conclusion.estimated},
       {"truth_over_estimate", metric({report.truth_over_estimate, "1", "no loss was estimated"})},
       {"loss", diagnosis.conclusion.loss ? to_json(*diagnosis.conclusion.loss, report.as_run)
                                          : absent("it was not compared with an original")},
       {"accept", report.accept.empty() ? absent("no --accept was given") : Json(report.accept)},
       {"checks", list(diagnosis.findings)},
       {"principal_cause", principal_cause(diagnosis.conclusion)},
       {"remedies", list(diagnosis.remedies)},
       {"ladder", diagnosis.ladder ? to_json(*diagnosis.ladder)
                                   : absent("it was not compared with an original")},
       {"symptoms", list(diagnosis.symptoms)},
       {"text", report.text.empty() ? absent("nothing was run") : Json(report.text)},
       {"ctx_size", report.settings.ctx_size},
       {"protocol", report.protocol.empty() ? absent("nothing was run") : Json(report.protocol)},
       {"settings", settings(report.settings)},
       {"original_ppl", metric(report.original_ppl)},
       {"original", diagnose::original_in_words(report.original_ppl)},
       {"windows", windows(report.windows.read, report.windows.total)},
       {"scored_every", report.scored_every},
       {"stopped_early", report.stopped_early},
       {"resolution", noise_floor(report.noise_floor)},
       {"reference_error",
        reference_error(report.reference_error, report.as_run[evaluate::MetricId::kld_mean],
                        report.windows.read, why_no_error(report))},
       {"left_out", left_out(report)},
       {"spent",
        {{"seconds", number(report.spent.seconds)},
         {"passes", report.spent.passes},
         {"variants", report.spent.variants}}},
       {"memory", memory(report.memory)},
       {"command_line", command_line(report.command_line)}});
  add_where(report.where, document);
  document["texts"] = list(report.texts);
  return document;
}

}  // namespace qualm::report
