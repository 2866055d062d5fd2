#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/units.h"
#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "numeric/format.h"
#include "report/document_parts.h"

namespace qualm::report {
namespace {

std::string_view to_string(Gate::Outcome outcome) {
  switch (outcome) {
    case Gate::Outcome::holds:
      return "holds";
    case Gate::Outcome::does_not_hold:
      return "does_not_hold";
    case Gate::Outcome::cannot_tell:
      return "cannot_tell";
    case Gate::Outcome::lost:
      return "lost";
    case Gate::Outcome::below:
      return "below_original";
  }
  return "cannot_tell";
}

using evaluate::MetricId;

const numeric::Estimate* find(const evaluate::Metrics& metrics, MetricId id) {
  return metrics[id].estimate ? &*metrics[id].estimate : nullptr;
}

void add_not_finite(const evaluate::Measurement& m, Json& notes) {
  if (m.lost > 0)
    notes.push_back(
        note("positions_lost",
             fmt::format("At {} of {} positions the candidate has NaN or infinite logits and the "
                         "original has none: the candidate is broken. The figures leave these "
                         "positions out.",
                         m.lost, m.tokens_scored + m.not_finite)));
  if (m.not_finite > m.lost)
    notes.push_back(note("not_finite", fmt::format("{} positions have NaN or infinite logits of "
                                                   "the original. The figures leave them out.",
                                                   m.not_finite - m.lost)));
}

/// The text ended before the default question was decided.
void add_undecided(const evaluate::Measurement& m, Json& notes) {
  const auto* change = find(m.metrics, MetricId::ppl_change);
  if (!change || m.stopped || m.cancelled || m.lost > 0 || change->low > diagnose::kPplLine ||
      change->high < diagnose::kPplLine)
    return;
  const auto least = evaluate::smallest_detectable(m, MetricId::ppl_change, numeric::kConfidence);
  notes.push_back(note(
      "undecided",
      fmt::format("Cannot tell whether perplexity rose by more than {}. A text like this one shows "
                  "only differences of {} or more from that limit. Use a longer text (-f).",
                  format_value(diagnose::kPplLine, {.percent = true}),
                  least ? format_value(*least, {.percent = true}) : "unknown size")));
}

/// Where the whole text was read, its windows have neighbours.
void add_neighbours(const evaluate::Measurement& m, Json& notes) {
  if (std::ssize(m.windows) < m.windows_total || std::ssize(m.windows) < numeric::kFewestClusters)
    return;
  const auto times = evaluate::widening_by_neighbours(m);
  notes.push_back(
      note("neighbours",
           "All windows of the text were read. Neighbouring windows are not independent, so the "
           "intervals may be too narrow" +
               (times ? fmt::format(". If neighbouring windows count as one, the interval of the "
                                    "KLD is {:.1f} times as wide.",
                                    *times)
                      : std::string("."))));
}

/// What a server's answers tell, and do not.
void add_server(const MeasureResult& result, Json& notes) {
  const evaluate::Measurement& m = result.measurement;
  if (m.kld_at_least && m.kld_at_least->estimate)
    notes.push_back(note(
        "server_kld",
        fmt::format("A server lists only some log-probabilities: the KLD is estimated with tokens "
                    "drawn by the original's probabilities. It is certainly at least {}.",
                    numeric::format_estimate(*m.kld_at_least->estimate))));
  if (result.server_share)
    notes.push_back(
        note("server_share", fmt::format("The server adds a KLD of {} to the same file run here.",
                                         numeric::format_estimate(*result.server_share))));
  if (!m.cut_off.empty())
    notes.push_back(note("cut_off", "The server answered no more: " + m.cut_off));
}

/// Whether conditions were given, or the default question is asked: perplexity 1 % up?
enum class Asks { conditions, default_question };

/// What a reader of the figures must know beside them.
Json notes(const MeasureResult& result, Asks asks) {
  const evaluate::Measurement& m = result.measurement;
  Json json = Json::array();
  if (m.cancelled)
    json.push_back(
        note("cancelled", "Stopped by the user. The windows that were read before are counted."));
  add_not_finite(m, json);
  for (const std::string& says : result.file_notes) json.push_back(note("tokenizer_differs", says));
  if (const auto* change = find(m.metrics, MetricId::ppl_change); change && change->high < 0)
    json.push_back(note(
        "ppl_below_baseline",
        "Perplexity is below the original's. That is an anomaly, not a pass: judge the loss by "
        "the KLD."));
  if (evaluate::indistinguishable(m, result.noise_floor))
    json.push_back(
        note("below_resolution",
             fmt::format("The KLD is under {} times the noise floor: not distinguishable from the "
                         "original on this machine.",
                         evaluate::kFloors)));
  add_server(result, json);
  if (asks == Asks::default_question) add_undecided(m, json);
  add_neighbours(m, json);
  return json;
}

Json raw(const evaluate::WindowScores& window) {
  const evaluate::WindowSums sums = evaluate::sums_of(window);
  return {{"window", window.window},
          {"tokens", sums.tokens},
          {"nll_baseline", number(sums.nll_p)},
          {"nll", number(sums.nll_q)},
          {"kld", number(sums.kld)},
          {"delta_p", number(sums.delta_p)},
          {"delta_p_squared", number(sums.delta_p_squared)},
          {"same_top", sums.same_top},
          {"not_finite", sums.not_finite},
          {"positions_lost", sums.lost}};
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
          {"positions_lost", cell.lost},
          {"buckets", {{"position", buckets(cell.by_position)}}}};
}

Json to_json(const MeasureResult& result, Asks asks) {
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
      {"hashes",
       {{"candidate", result.hashes.candidate},
        {"original", result.hashes.original},
        {"text", result.hashes.text}}},
      {"server", card(result.server)},
      {"kld_at_least", m.kld_at_least ? metric(*m.kld_at_least)
                                      : absent("only a server gives bounds: the KLD is measured")},
      {"server_share", metric({result.server_share, "nat/token",
                               "no server was measured beside the file that it runs"})},
      {"cut_off", m.cut_off.empty() ? absent("all windows were read") : Json(m.cut_off)},
      {"cache_bytes", result.cache_bytes ? Json(*result.cache_bytes) : absent("not known")},
      {"windows", windows(static_cast<std::int64_t>(m.windows.size()), m.windows_total)},
      {"tokens_scored", m.tokens_scored},
      {"not_finite", m.not_finite},
      {"positions_lost", m.lost},
      {"stopped_early", m.stopped_early},
      {"cancelled", m.cancelled},
      {"metrics", metrics(m.metrics)},
      {"original", diagnose::original_in_words(m.metrics[MetricId::ppl_baseline])},
      {"resolution", noise_floor(result.noise_floor)},
      {"notes", notes(result, asks)},
      {"buckets", {{"position", buckets(m.by_position)}, {"confidence", buckets(m.by_confidence)}}},
      {"kv", std::move(kv)},
      {"windows_raw", std::move(windows_raw)},
      {"tokens",
       result.tokens ? to_json(*result.tokens) : absent("only for qualm measure --format html")}};
}

Json detectable(const Gate& gate) {
  if (gate.detectable) return number(*gate.detectable);
  return absent(gate.outcome == Gate::Outcome::cannot_tell ? "the metric has no interval"
                                                           : "it was decided");
}

}  // namespace

Json to_json(const MeasureReport& report) {
  Json document = heading("measure", report.tool);
  document["baseline"] =
      report.baseline ? card(*report.baseline) : absent("the reference does not describe it");
  document["reference"] =
      report.reference ? card(*report.reference) : absent("no --reference was given");
  document["results"] = Json::array();
  const Asks asks = report.gates.empty() ? Asks::default_question : Asks::conditions;
  for (const MeasureResult& result : report.results)
    document["results"].push_back(to_json(result, asks));
  document["gates"] = Json::array();
  for (const Gate& gate : report.gates)
    document["gates"].push_back({{"condition", gate.condition},
                                 {"candidate", gate.candidate},
                                 {"outcome", to_string(gate.outcome)},
                                 {"smallest_detectable", detectable(gate)}});
  document["ladder"] = report.ladder
                           ? to_json(*report.ladder)
                           : absent("it needs --pick, or several candidates and no --fail-if");
  document["command_line"] = command_line(report.command_line);
  return document;
}

}  // namespace qualm::report
