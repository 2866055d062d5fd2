#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

std::string_view to_string(Integrity::Status status) {
  switch (status) {
    case Integrity::Status::whole:
      return "whole";
    case Integrity::Status::damaged:
      return "damaged";
    case Integrity::Status::not_examined:
      return "not_examined";
  }
  return "not_examined";
}

Json tokenizer(const std::optional<TokenizerCard>& card) {
  if (!card) return absent("no tokenizer in the file");
  return {{"model", card->model},
          {"pre", card->pre},
          {"vocab_size", card->vocab_size},
          {"sha256", card->sha256}};
}

Json experts(const std::optional<Experts>& experts) {
  if (!experts) return absent("not a mixture of experts");
  return {{"count", experts->count}, {"used", experts->used}};
}

Json types(const std::vector<TypeStat>& types) {
  Json json = Json::object();
  for (const TypeStat& type : types)
    json[type.name] = {
        {"tensors", type.tensors}, {"bytes", type.bytes}, {"params", type.parameters}};
  return json;
}

Json classes(const std::vector<ClassStat>& classes) {
  Json json = Json::object();
  for (const ClassStat& stat : classes)
    json[stat.name] = {{"bpw", number(stat.bpw)}, {"tensors", stat.tensors},
                       {"bytes", stat.bytes},     {"params", stat.parameters},
                       {"types", stat.types},     {"estimated_error", metric(stat.rounding)}};
  return json;
}

Json integrity(const Integrity& integrity) {
  Json findings = Json::array();
  for (const Finding& finding : integrity.findings)
    findings.push_back({{"place", finding.place}, {"says", finding.says}});
  return {{"status", to_string(integrity.status)}, {"findings", std::move(findings)}};
}

}  // namespace

Json to_json(const InspectReport& report) {
  Json model = card(report.model);
  Json provenance = Json::object();
  for (const auto& [key, value] : report.provenance) provenance[key] = value;
  model.update({{"tied_embeddings", report.tied_embeddings},
                {"experts", experts(report.experts)},
                {"tokenizer", tokenizer(report.tokenizer)},
                {"types", types(report.types)},
                {"classes", classes(report.classes)},
                {"provenance", std::move(provenance)}});
  Json risks = Json::array();
  for (const Risk& risk : report.risks) risks.push_back({{"id", risk.id}, {"says", risk.says}});
  Json document = heading("inspect", report.tool);
  document["model"] = std::move(model);
  document["summary"] = report.says;
  document["risks"] = std::move(risks);
  document["integrity"] = integrity(report.integrity);
  document["runtime"] = report.runtime.empty()
                            ? absent("none was named (--runtime)")
                            : Json{{"name", report.runtime}, {"loads", report.loads}};
  return document;
}

Json to_json(const ErrorReport& report) {
  const Error& error = report.error;
  Json document = heading(report.command, report.tool);
  document["error"] = {{"code", error.code},         {"file", error.file},
                       {"place", error.place},       {"expected", error.expected},
                       {"found", error.found},       {"advice", error.advice},
                       {"message", describe(error)}, {"exit_code", exit_code(error.kind)}};
  return document;
}

}  // namespace qualm::report
