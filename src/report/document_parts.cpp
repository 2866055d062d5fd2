#include "report/document_parts.h"

#include <cmath>
#include <nlohmann/json.hpp>

namespace qualm::report {
namespace {

/// Metrics in the order people read them; any other follows.
constexpr const char* kFirst[] = {
    "ppl",     "ppl_baseline", "ppl_change", "kld_mean", "kld_median",   "kld_p90",    "kld_p95",
    "kld_p99", "kld_p999",     "kld_max",    "same_top", "delta_p_mean", "delta_p_rms"};

bool is_change(std::string_view name) { return name == "ppl_change" || name == "delta_p_mean"; }

/// An interval of width 0 is none: it says that nobody knows how wide it is. Only 0 can be exact (a
/// model against itself).
bool has_interval(const numeric::Estimate& e) {
  return std::isfinite(e.low) && std::isfinite(e.high) &&
         (e.low < e.high || (e.value == 0 && e.low == 0 && e.high == 0));
}

}  // namespace

Json heading(std::string_view command, const Tool& tool) {
  return {{"schema_version", kSchemaVersion},
          {"command", command},
          {"tool",
           {{"name", "qualm"},
            {"version", tool.version},
            {"libllama", tool.libllama.empty() ? absent("no engine ran") : Json(tool.libllama)}}}};
}

Json absent(std::string_view reason) { return {{"absent", reason}}; }

Json number(double value) {
  return std::isfinite(value) ? Json(value) : absent("not a finite number");
}

Json metric(const numeric::Estimate& estimate, std::string_view unit) {
  if (!std::isfinite(estimate.value)) return absent("not a finite number");
  Json json{{"value", estimate.value}};
  if (has_interval(estimate)) {
    json["low"] = estimate.low;
    json["high"] = estimate.high;
  } else {
    json["interval"] = "absent";
  }
  json["unit"] = unit;
  return json;
}

Json metric(std::string_view name, const numeric::Metric& m) {
  if (!m.estimate) return absent(m.absent.empty() ? "not measured" : m.absent);
  Json json = metric(*m.estimate, m.unit);
  if (is_change(name) && json.contains("low"))
    json["separated"] = m.estimate->low > 0 || m.estimate->high < 0;
  return json;
}

Json metrics(const std::map<std::string, numeric::Metric>& metrics) {
  Json json = Json::object();
  for (const char* name : kFirst)
    if (const auto it = metrics.find(name); it != metrics.end())
      json[name] = metric(name, it->second);
  for (const auto& [name, value] : metrics)
    if (!json.contains(name)) json[name] = metric(name, value);
  return json;
}

Json buckets(const std::vector<evaluate::Bucket>& buckets) {
  Json json = Json::array();
  for (const evaluate::Bucket& bucket : buckets) {
    json.push_back({{"low", bucket.low},
                    {"high", bucket.high},
                    {"tokens", bucket.tokens},
                    {"kld_mean", metric("kld_mean", bucket.kld_mean)},
                    {"ppl_change", metric("ppl_change", bucket.ppl_change)}});
  }
  return json;
}

Json card(const ModelCard& card) {
  Json types = Json::array();
  for (const auto& [name, share] : card.top_types)
    types.push_back({{"name", name}, {"share", number(share)}});
  return {{"path", card.path},
          {"format", card.format},
          {"arch", card.arch},
          {"name", card.name},
          {"parameters", card.parameters},
          {"file_bytes", card.file_bytes},
          {"bpw", number(card.bpw)},
          {"context_length",
           card.context_length ? Json(*card.context_length) : absent("the file does not say")},
          {"top_types", std::move(types)}};
}

Json windows(std::int64_t read, std::int64_t total) { return {{"read", read}, {"total", total}}; }

Json settings(const engine::Settings& settings) {
  return {{"type_k", settings.type_k},
          {"type_v", settings.type_v},
          {"flash_attn", settings.flash_attn},
          {"batch", settings.batch},
          {"ubatch", settings.ubatch}};
}

Json note(std::string_view id, std::string_view says) { return {{"id", id}, {"says", says}}; }

}  // namespace qualm::report
