// Check 2: is the KV cache quantized too hard?
//
// The same weights run with the user's cache and with an F16 one, K and V also alone: what parts
// the two is the cache. It is too hard where it costs more than the whole step from the baseline to
// Q5_K_M (lines.h). Without a baseline that line is not known, and perplexity alone decides.
#include <fmt/format.h>

#include <array>

#include "diagnose/check.h"
#include "diagnose/lines.h"
#include "diagnose/words.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

struct Cells {
  const evaluate::Measurement* both = nullptr;
  const evaluate::Measurement* k_alone = nullptr;
  const evaluate::Measurement* v_alone = nullptr;
};

/// The candidate's weights with cache types k and v.
Variant with_cache(const std::string& k, const std::string& v) { return {{}, k, v}; }

Result<Cells> measure_cells(Case& patient) {
  const Patient& given = patient.patient();
  const Variant own = patient.tier_only();
  const Variant both = with_cache(given.type_k, given.type_v);
  Cells cells;
  QUALM_TRY(cells.both, patient.measured(own, both));
  // Which of the two it is decides nothing but what is said and tried: few windows do.
  const std::array halves{with_cache(given.type_k, "f16"), with_cache("f16", given.type_v)};
  QUALM_TRY(const auto measured, patient.measured_on(patient.tried(), own, halves));
  cells.k_alone = measured[0];
  cells.v_alone = measured[1];
  return cells;
}

/// above: this cache costs too much; below: it is fine.
Result<Side> cost(Case& patient, const evaluate::Measurement& cell) {
  const Side by_ppl = side_of(cell.metrics.at("ppl_change"), kPplLine);
  if (!patient.paired()) return by_ppl;
  QUALM_TRY(const auto* line, patient.measured(Case::rung(kCacheLineMix)));
  const Side by_kld = kld_against(cell, 1.0, *line);
  if (by_ppl == Side::above) return Side::above;
  return by_kld;
}

/// The part that costs more, where K and V separate.
std::string blame(const Patient& given, const Cells& cells) {
  if (kld_against(*cells.k_alone, 2.0, *cells.v_alone) == Side::above)
    return fmt::format("K {} costs more than twice what V {} does", given.type_k, given.type_v);
  if (kld_against(*cells.v_alone, 2.0, *cells.k_alone) == Side::above)
    return fmt::format("V {} costs more than twice what K {} does", given.type_v, given.type_k);
  return "K and V cost alike";
}

void add_positions(const evaluate::Measurement& cell, std::vector<Evidence>& evidence) {
  for (const evaluate::Bucket& bucket : cell.by_position) {
    if (!bucket.kld_mean.estimate) continue;
    evidence.push_back(
        {fmt::format("kld_mean_from_{:.0f}", bucket.low), bucket.kld_mean.estimate, "nat/token",
         fmt::format("Positions {:.0f} to {:.0f}: kld {}", bucket.low, bucket.high - 1,
                     numeric::format_estimate(*bucket.kld_mean.estimate))});
  }
}

}  // namespace

Result<CheckResult> examine_kv_cache(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  if (!patient.cache_quantized()) {
    result.status = Status::cleared;
    result.headline = fmt::format("the cache is not quantized ({}/{})", given.type_k, given.type_v);
    return result;
  }
  if (!patient.lab()) {
    result.headline = fmt::format("{}/{}", given.type_k, given.type_v);
    result.needs.push_back("a model that libllama can run");
    return result;
  }
  QUALM_TRY(const Cells cells, measure_cells(patient));
  const std::string both =
      fmt::format("Same weights, {}/{} cache against F16", given.type_k, given.type_v);
  result.evidence.push_back(metric_evidence("kld_mean", *cells.both, "kld_mean", both));
  result.evidence.push_back(metric_evidence("ppl_change", *cells.both, "ppl_change", both));
  result.evidence.push_back(
      metric_evidence("k_alone_kld_mean", *cells.k_alone, "kld_mean", "K alone " + given.type_k));
  result.evidence.push_back(
      metric_evidence("v_alone_kld_mean", *cells.v_alone, "kld_mean", "V alone " + given.type_v));
  add_positions(*cells.both, result.evidence);
  if (patient.paired()) {
    QUALM_TRY(const auto* line, patient.measured(Case::rung(kCacheLineMix)));
    result.evidence.push_back(
        metric_evidence("line_kld_mean", *line, "kld_mean",
                        fmt::format("The line: the baseline re-made as {}", kCacheLineMix)));
  }
  result.headline =
      fmt::format("{}/{}: {}", given.type_k, given.type_v, loss_in_words(*cells.both));
  QUALM_TRY(const Side side, cost(patient, *cells.both));
  if (side == Side::above) {
    result.status = Status::cause;
    result.headline += "   " + blame(given, cells);
  } else if (side == Side::below) {
    result.status = Status::cleared;
  } else {
    result.status = Status::cannot_tell;
    result.needs.push_back(patient.paired()
                               ? "more text (-f)"
                               : "the model it was made from (--baseline), or more text (-f)");
  }
  return result;
}

Result<std::optional<Fix>> prescribe_kv_cache(Case& patient) {
  const Patient& given = patient.patient();
  const Variant own = patient.tier_only();
  // From the cheapest on: what stays of the user's choice, then q8_0, then no quantization.
  using Pair = std::pair<std::string, std::string>;
  const std::array pairs{Pair{"q8_0", given.type_v}, Pair{given.type_k, "q8_0"},
                         Pair{"q8_0", "q8_0"}, Pair{"f16", "f16"}};
  std::vector<Variant> variants;
  for (const auto& [k, v] : pairs) variants.push_back(with_cache(k, v));
  QUALM_TRY(const auto measured, patient.measured_on(patient.tried(), own, variants));
  const std::int64_t now = patient.lab()->cache_bytes(given.type_k, given.type_v);
  std::optional<Pair> best;
  std::int64_t best_bytes = 0;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const auto& [k, v] = pairs[i];
    if (k == given.type_k && v == given.type_v) continue;
    QUALM_TRY(const Side side, cost(patient, *measured[i]));
    const std::int64_t bytes = patient.lab()->cache_bytes(k, v);
    if (side == Side::below && (!best || bytes < best_bytes)) {
      best = Pair{k, v};
      best_bytes = bytes;
    }
  }
  if (!best) return std::nullopt;
  Fix fix;
  fix.cache = best;
  fix.command = fmt::format("--cache-type-k {} --cache-type-v {}", best->first, best->second);
  fix.effect = fmt::format("cache from {} to {}", numeric::format_bytes(now),
                           numeric::format_bytes(best_bytes));
  fix.bytes = best_bytes;
  return fix;
}

}  // namespace qualm::diagnose
