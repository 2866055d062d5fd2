#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

Json evidence(const diagnose::Evidence& evidence) {
  Json json{{"name", evidence.name}};
  if (evidence.value) json.update(metric(*evidence.value, evidence.unit));
  json["unit"] = evidence.unit;
  json["says"] = evidence.says;
  return json;
}

Json share(const diagnose::CheckResult& check) {
  if (check.share) return metric(*check.share, "fraction");
  return absent(check.status == diagnose::Status::not_examined ? "not examined" : "not attributed");
}

Json to_json(const diagnose::CheckResult& check) {
  Json all = Json::array();
  for (const diagnose::Evidence& one : check.evidence) all.push_back(evidence(one));
  return {{"id", check.id},
          {"title", check.title},
          {"status", diagnose::to_string(check.status)},
          {"share", share(check)},
          {"headline", check.headline},
          {"evidence", std::move(all)},
          {"needs", check.needs}};
}

Json to_json(const diagnose::Remedy& remedy) {
  return {{"cause", remedy.cause},
          {"command", remedy.command},
          {"effect", remedy.effect},
          {"bytes", remedy.bytes ? Json(*remedy.bytes) : absent("not known")},
          {"before", metrics(remedy.before)},
          {"after", metrics(remedy.after)},
          {"windows", remedy.windows},
          {"fresh", remedy.fresh}};
}

Json to_json(const probe::Symptom& symptom) {
  return {{"symptom", symptom.symptom},
          {"id", symptom.id},
          {"finding", probe::to_string(symptom.finding)},
          {"candidate", metric(symptom.id, symptom.candidate)},
          {"baseline", metric(symptom.id, symptom.control)},
          {"difference", metric(symptom.id, symptom.difference)},
          {"p_value", symptom.p_value ? number(*symptom.p_value) : absent("nothing was compared")},
          {"says", symptom.says}};
}

}  // namespace

Json to_json(const DiagnoseReport& report) {
  const diagnose::Diagnosis& diagnosis = report.diagnosis;
  Json checks = Json::array();
  for (const diagnose::CheckResult& check : diagnosis.checks) checks.push_back(to_json(check));
  Json remedies = Json::array();
  for (const diagnose::Remedy& remedy : diagnosis.remedies) remedies.push_back(to_json(remedy));
  Json symptoms = Json::array();
  for (const probe::Symptom& one : diagnosis.symptoms) symptoms.push_back(to_json(one));
  Json document = heading("diagnose", report.tool);
  document.update(
      {{"model", card(report.model)},
       {"baseline", report.baseline ? card(*report.baseline) : absent("no baseline was given")},
       {"evidence_level", diagnosis.evidence_level},
       {"verdict", diagnosis.verdict},
       {"summary", diagnosis.summary},
       {"checks", std::move(checks)},
       {"principal_cause", diagnosis.principal_cause.empty() ? absent("no cause was found")
                                                             : Json(diagnosis.principal_cause)},
       {"remedies", std::move(remedies)},
       {"symptoms", std::move(symptoms)},
       {"text", report.text.empty() ? absent("nothing was run") : Json(report.text)},
       {"ctx_size", report.settings.ctx_size},
       {"protocol", report.protocol.empty() ? absent("nothing was run") : Json(report.protocol)},
       {"settings", settings(report.settings)},
       {"windows", windows(report.windows.read, report.windows.total)},
       {"stopped_early", report.stopped_early},
       {"resolution", {{"kld_mean", metric("kld_mean", report.resolution_kld)}}},
       {"spent",
        {{"seconds", number(report.spent.seconds)},
         {"passes", report.spent.passes},
         {"variants", report.spent.variants}}}});
  return document;
}

}  // namespace qualm::report
