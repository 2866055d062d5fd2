#include "report/document_parts.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace qualm::report {
namespace {

using evaluate::MetricId;

/// An interval of width 0 is none: it says that nobody knows how wide it is. Only 0 can be exact (a
/// model against itself).
bool has_interval(const numeric::Estimate& e) {
  return std::isfinite(e.low) && std::isfinite(e.high) &&
         (e.low < e.high || (e.value == 0 && e.low == 0 && e.high == 0));
}

/// Only the value: its bounds are infinite, which metric() takes for none.
numeric::Estimate without_interval(const numeric::Estimate& range) {
  constexpr double kInfinite = std::numeric_limits<double>::infinity();
  return {range.value, -kInfinite, kInfinite};
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

Json reference_error(const std::optional<ReferenceError>& error, const numeric::Metric& kld,
                     std::int64_t windows, std::string_view why) {
  if (!error) return absent(why);
  Json json{{"of", error->of},
            {"windows", error->kld.windows},
            {"exact", number(error->kld.exact)},
            {"estimated", number(error->kld.estimated)},
            {"difference", metric(error->kld.difference)}};
  const double half = kld.estimate ? (kld.estimate->high - kld.estimate->low) / 2 : 0;
  const double checked = static_cast<double>(error->kld.windows) / static_cast<double>(windows);
  const double expected =
      std::abs(error->kld.estimated - error->kld.exact) * std::sqrt(std::min(1.0, checked));
  json["of_half_width"] = half > 0 ? number(expected / half) : absent("the KLD has no interval");
  return json;
}

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

Json metric(const numeric::Metric& m) {
  const std::string reason = m.absent.empty() ? "not measured" : m.absent;
  if (!m.estimate && !m.range) return absent(reason);
  Json json = metric(m.estimate ? *m.estimate : without_interval(*m.range), m.unit);
  if (!m.estimate && json.contains("interval")) json["reason"] = reason;
  if (m.range && std::isfinite(m.range->low) && std::isfinite(m.range->high))
    json["windows"] = {{"low", m.range->low}, {"high", m.range->high}};
  return json;
}

Json metric(evaluate::MetricId id, const numeric::Metric& m) {
  Json json = metric(m);
  if (evaluate::row_of(id).is_change && json.contains("low"))
    json["separated"] = m.estimate->low > 0 || m.estimate->high < 0;
  return json;
}

Json metrics(const evaluate::Metrics& metrics, Which which) {
  Json json = Json::object();
  for (const evaluate::MetricRow& row : evaluate::metric_rows())
    if (which == Which::all || row.in_tables) json[row.name] = metric(row.id, metrics[row.id]);
  return json;
}

Json buckets(const std::vector<evaluate::Bucket>& buckets) {
  Json json = Json::array();
  for (const evaluate::Bucket& bucket : buckets) {
    json.push_back({{"low", bucket.low},
                    {"high", bucket.high},
                    {"tokens", bucket.tokens},
                    {"kld_mean", metric(MetricId::kld_mean, bucket.kld_mean)},
                    {"ppl_change", metric(MetricId::ppl_change, bucket.ppl_change)}});
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
          {"type", card.type},
          {"name", card.name},
          {"parameters", card.parameters},
          {"file_bytes", card.file_bytes},
          {"bpw", card.parameters > 0 ? number(card.bpw) : absent("not known")},
          {"context_length",
           card.context_length ? Json(*card.context_length) : absent("the file does not say")},
          {"top_types", std::move(types)}};
}

Json card(const std::optional<ServerCard>& server) {
  if (!server) return absent("the model is a file");
  return {{"address", server->address},       {"kind", server->kind},
          {"build", server->build},           {"model_path", server->model_path},
          {"model_name", server->model_name}, {"slots", server->slots}};
}

Json windows(std::int64_t read, std::int64_t total) { return {{"read", read}, {"total", total}}; }

Json settings(const engine::Settings& settings) {
  return {{"type_k", settings.type_k},
          {"type_v", settings.type_v},
          {"flash_attn", settings.flash_attn},
          {"batch", settings.batch},
          {"ubatch", settings.ubatch}};
}

Json noise_floor(const evaluate::NoiseFloor& floor) {
  return {{"kld_mean", metric(floor.original)}, {"candidate_kld_mean", metric(floor.candidate)}};
}

Json note(std::string_view id, std::string_view says) { return {{"id", id}, {"says", says}}; }

Json memory(const MemoryUse& memory) {
  return {{"needed_estimated", memory.needed},
          {"free", memory.free},
          {"low_memory", memory.low_memory}};
}

Json command_line(const std::string& line) {
  return line.empty() ? absent("not known") : Json(line);
}

}  // namespace qualm::report
