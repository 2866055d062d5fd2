#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {

Json card(const ReferenceCard& reference) {
  return {{"path", reference.path},
          {"original", reference.original},
          {"content_hash", reference.content_hash},
          {"made_with", reference.made_with},
          {"types", reference.types}};
}

namespace {

/// Of the type that the pack's own error was measured on.
numeric::Metric kld_beside_error(const PackReport& report) {
  for (const PackTypeCard& type : report.types)
    if (report.error && type.name == report.error->of)
      return type.metrics[evaluate::MetricId::kld_mean];
  return {};
}

/// That the types were measured on.
std::int64_t windows_of(const PackReport& report) {
  return report.texts.empty() ? 1 : report.texts.front().windows;
}

}  // namespace

Json to_json(const PackReport& report) {
  Json texts = Json::array();
  for (const PackTextCard& text : report.texts)
    texts.push_back({{"name", text.name},
                     {"source", text.source},
                     {"bytes", text.bytes},
                     {"windows", text.windows},
                     {"ctx_size", text.ctx_size},
                     {"original_ppl", metric(text.original_ppl)}});
  Json types = Json::array();
  for (const PackTypeCard& type : report.types)
    types.push_back({{"name", type.name},
                     {"file_bytes", type.bytes},
                     {"metrics", metrics(type.metrics, Which::in_tables)}});
  Json original = absent("the reference does not describe it");
  if (const auto& of = report.original)
    original = {{"name", of->name},
                {"arch", of->arch},
                {"type", of->type},
                {"parameters", of->parameters},
                {"file_bytes", of->file_bytes}};
  Json document = heading("reference", report.tool);
  document.update({{"reference", card(report.reference)},
                   {"bytes", report.bytes},
                   {"original", std::move(original)},
                   {"vocab_size", report.vocab_size},
                   {"tokenizer_hash", report.tokenizer_hash},
                   {"texts", std::move(texts)},
                   {"types", std::move(types)},
                   {"noise_floor", metric(report.noise_floor)},
                   {"reference_error",
                    reference_error(report.error, kld_beside_error(report), windows_of(report),
                                    "it was not measured for this reference")}});
  return document;
}

}  // namespace qualm::report
