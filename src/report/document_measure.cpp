#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

// So near the noise floor fidelity predicts nothing (docs/statistics.md): another format of the
// same weights runs other kernels, and is some five times the noise floor away.
constexpr double kFloors = 10;

std::string_view to_string(Gate::Outcome outcome) {
  switch (outcome) {
    case Gate::Outcome::holds:
      return "holds";
    case Gate::Outcome::does_not_hold:
      return "does_not_hold";
    case Gate::Outcome::cannot_tell:
      return "cannot_tell";
  }
  return "cannot_tell";
}

using evaluate::MetricId;

const numeric::Estimate* find(const evaluate::Metrics& metrics, MetricId id) {
  return metrics[id].estimate ? &*metrics[id].estimate : nullptr;
}

/// What a reader of the figures must know beside them.
Json notes(const MeasureResult& result) {
  const evaluate::Measurement& m = result.measurement;
  Json json = Json::array();
  if (m.cancelled)
    json.push_back(note("cancelled", "Stopped by the user; what was read until then is whole."));
  if (m.not_finite > 0)
    json.push_back(
        note("not_finite", std::to_string(m.not_finite) +
                               " positions had NaN or infinite logits and are not in any number."));
  if (const auto* change = find(m.metrics, MetricId::ppl_change); change && change->high < 0)
    json.push_back(
        note("ppl_below_baseline",
             "Perplexity is below the original's. That is an anomaly, not a pass: this text, "
             "or one like it, may have been used for calibration."));
  const auto* kld = find(m.metrics, MetricId::kld_mean);
  const auto& resolution = result.resolution_kld.estimate;
  if (kld && resolution && kld->low <= kFloors * resolution->high)
    json.push_back(
        note("below_resolution",
             "The KLD is within a few times the noise floor: not distinguishable from the "
             "original on this machine."));
  return json;
}

Json raw(const evaluate::WindowScores& window) {
  double nll_baseline = 0, nll = 0, kld = 0, delta_p = 0, delta_p_squared = 0;
  std::int64_t tokens = 0, same_top = 0, not_finite = 0;
  for (const evaluate::Score& score : window.scores) {
    if (!score.finite) {
      ++not_finite;
      continue;
    }
    const auto change = static_cast<double>(score.delta_p);
    ++tokens;
    nll_baseline += score.nll_p;
    nll += score.nll_q;
    kld += static_cast<double>(score.kld);
    delta_p += change;
    delta_p_squared += change * change;
    same_top += score.same_top ? 1 : 0;
  }
  return {{"window", window.window},
          {"tokens", tokens},
          {"nll_baseline", number(nll_baseline)},
          {"nll", number(nll)},
          {"kld", number(kld)},
          {"delta_p", number(delta_p)},
          {"delta_p_squared", number(delta_p_squared)},
          {"same_top", same_top},
          {"not_finite", not_finite}};
}

Json departs_at(const KvCell& cell) {
  if (cell.departs_at) return *cell.departs_at;
  return absent(find(cell.metrics, MetricId::kld_mean) ? "within the noise floor at every position"
                                                       : "no KLD was measured");
}

Json kv_cell(const KvCell& cell) {
  return {{"type_k", cell.type_k},
          {"type_v", cell.type_v},
          {"bytes", cell.bytes ? Json(*cell.bytes) : absent("not known")},
          {"departs_at", departs_at(cell)},
          {"metrics", metrics(cell.metrics)},
          {"buckets", {{"position", buckets(cell.by_position)}}}};
}

Json to_json(const MeasureResult& result) {
  const evaluate::Measurement& m = result.measurement;
  Json kv = Json::array();
  for (const KvCell& cell : result.kv) kv.push_back(kv_cell(cell));
  Json windows_raw = Json::array();
  for (const evaluate::WindowScores& window : m.windows) windows_raw.push_back(raw(window));
  return {
      {"candidate", card(result.candidate)},
      {"text", result.text},
      {"ctx_size", result.settings.ctx_size},
      {"protocol", result.protocol},
      {"settings", settings(result.settings)},
      {"windows", windows(static_cast<std::int64_t>(m.windows.size()), m.windows_total)},
      {"tokens_scored", m.tokens_scored},
      {"not_finite", m.not_finite},
      {"stopped_early", m.stopped_early},
      {"cancelled", m.cancelled},
      {"metrics", metrics(m.metrics)},
      {"resolution", {{"kld_mean", metric(result.resolution_kld)}}},
      {"notes", notes(result)},
      {"buckets", {{"position", buckets(m.by_position)}, {"confidence", buckets(m.by_confidence)}}},
      {"kv", std::move(kv)},
      {"windows_raw", std::move(windows_raw)}};
}

}  // namespace

Json to_json(const MeasureReport& report) {
  Json document = heading("measure", report.tool);
  document["baseline"] = card(report.baseline);
  document["results"] = Json::array();
  for (const MeasureResult& result : report.results) document["results"].push_back(to_json(result));
  document["gates"] = Json::array();
  for (const Gate& gate : report.gates)
    document["gates"].push_back({{"condition", gate.condition},
                                 {"candidate", gate.candidate},
                                 {"outcome", to_string(gate.outcome)}});
  return document;
}

}  // namespace qualm::report
