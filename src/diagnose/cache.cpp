// Check 2: has the KV cache too few bits?
//
// The same weights run with the user's cache and with an F16 one, K and V also alone: what parts
// the two is the cache. It has too few bits where it costs more than the whole step from the
// original to kCacheLineType, and more than kLeastCacheLine. Without an original that line is not
// known.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/checks.h"
#include "diagnose/facts.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;
using Types = std::pair<std::string, std::string>;

struct Cells {
  const Measurement* both = nullptr;
  const Measurement* k_alone = nullptr;
  const Measurement* v_alone = nullptr;
};

/// The candidate's weights with cache types k and v.
Variant with_cache(const std::string& k, const std::string& v) { return {{}, k, v}; }

Known<Cells> measure_cells(const Facts& facts) {
  const Given& given = facts.given;
  Cells cells;
  QUALM_TRY(cells.both, facts.measured(Facts::weights_only(), facts.as_run()));
  // Which of the two it is decides nothing but what is said and tried: few windows do.
  const std::array halves{with_cache(given.type_k, "f16"), with_cache("f16", given.type_v)};
  QUALM_TRY(const WindowRange windows, first_look(facts));
  QUALM_TRY(const auto measured, facts.measured(windows, Facts::weights_only(), halves));
  cells.k_alone = measured[0];
  cells.v_alone = measured[1];
  return cells;
}

/// What the loss of this cache is held against; null without an original.
Known<const Measurement*> line_for(const Facts& facts, const Measurement& cell) {
  return facts.paired() ? cache_line_for(facts, cell) : Known<const Measurement*>(nullptr);
}

/// The part that costs more, where both are quantized and separate.
std::string costs_more(const Given& given, const Cells& cells) {
  if (!Facts::quantized(given.type_k)) return fmt::format("all of it is V at {}", given.type_v);
  if (!Facts::quantized(given.type_v)) return fmt::format("all of it is K at {}", given.type_k);
  if (kld_against(*cells.k_alone, kCostsMore, *cells.v_alone) == Side::above)
    return fmt::format("{} for K loses more than twice as much as {} for V", given.type_k,
                       given.type_v);
  if (kld_against(*cells.v_alone, kCostsMore, *cells.k_alone) == Side::above)
    return fmt::format("{} for V loses more than twice as much as {} for K", given.type_v,
                       given.type_k);
  return "K and V lose about the same";
}

/// The last position that was read.
std::int64_t deepest(const Measurement& cell) {
  double deepest = 0;
  for (const evaluate::Bucket& bucket : cell.by_position) deepest = std::max(deepest, bucket.high);
  return static_cast<std::int64_t>(deepest);
}

/// A quantized cache loses more the more it holds: what lies deeper than was read is not examined.
void add_depth(const model::Checkpoint& candidate, std::int64_t read, Finding& finding) {
  const auto trained = candidate.arch_integer("context_length");
  const std::int64_t deep = std::min(trained.value_or(0), kLongContext);
  if (read < deep)
    finding.needs.push_back(
        fmt::format("-c {} for positions beyond {}, which were not examined", deep, read));
}

void add_positions(const Measurement& cell, std::vector<Evidence>& evidence) {
  for (const evaluate::Bucket& bucket : cell.by_position) {
    if (!bucket.kld_mean.estimate) continue;
    evidence.push_back(
        {fmt::format("kld_mean_from_{:.0f}", bucket.low), bucket.kld_mean.estimate, "nat/token",
         fmt::format("Positions {:.0f} to {:.0f}: KLD {}", bucket.low, bucket.high - 1,
                     numeric::format_estimate(*bucket.kld_mean.estimate))});
  }
}

/// Weights alone, cache alone, both: what every pair of the two factors costs.
Known<std::vector<Evidence>> factors(const Facts& facts) {
  const std::array variants{Facts::weights_only(), facts.cache_only(), facts.as_run()};
  constexpr std::array kNames{"grid_weights", "grid_cache", "grid_both"};
  constexpr std::array kSays{"Candidate's weights, F16 cache",
                             "Original's weights, quantized cache",
                             "Candidate's weights, quantized cache"};
  QUALM_TRY(const WindowRange windows, facts.selection());
  QUALM_TRY(const auto measured, facts.measured(windows, variants));
  std::vector<Evidence> evidence;
  for (std::size_t i = 0; i < variants.size(); ++i)
    evidence.push_back(metric_evidence(kNames[i], *measured[i], MetricId::kld_mean, kSays[i]));
  return evidence;
}

Known<std::vector<Evidence>> evidence_of(const Facts& facts, const Cells& cells) {
  const Given& given = facts.given;
  const std::string both =
      fmt::format("Candidate's weights, {}/{} cache compared with F16", given.type_k, given.type_v);
  const auto kld = MetricId::kld_mean;
  std::vector<Evidence> evidence{
      metric_evidence("kld_mean", *cells.both, kld, both),
      metric_evidence("ppl_change", *cells.both, MetricId::ppl_change, both),
      metric_evidence("k_alone_kld_mean", *cells.k_alone, kld, "K alone " + given.type_k),
      metric_evidence("v_alone_kld_mean", *cells.v_alone, kld, "V alone " + given.type_v)};
  add_positions(*cells.both, evidence);
  if (!facts.paired()) return evidence;
  QUALM_TRY(const auto* line, line_for(facts, *cells.both));
  evidence.push_back(metric_evidence(
      "line_kld_mean", *line, kld,
      fmt::format("KLD of the original as {} (the threshold is 0.01 at least)", kCacheLineType)));
  if (!facts.swaps()) return evidence;
  QUALM_TRY(const auto grid, factors(facts));
  evidence.insert(evidence.end(), grid.begin(), grid.end());
  return evidence;
}

/// Of the candidate's weights with another cache: on the windows of the first look, if they decide.
Known<Side> side_of_cache(const Facts& facts, const Types& types) {
  const Variant variant = with_cache(types.first, types.second);
  const auto ask = [&](WindowRange windows) -> Known<Side> {
    QUALM_TRY(const auto measured,
              facts.measured(windows, Facts::weights_only(), std::span(&variant, 1)));
    QUALM_TRY(const auto* line, line_for(facts, *measured.front()));
    return cache_harm(facts.given, *measured.front(), line);
  };
  return looked_at(facts, ask, [](Side side) { return side != Side::not_separated; });
}

Finding not_told(const Given& given) {
  Finding finding;
  if (given.server && given.server->own_cache) {
    finding.headline = fmt::format(
        "{} has a cache of its own kind: what it costs is in what the server adds (check 0)",
        given.server->kind);
    finding.needs.emplace_back("a second run against the server with a 16-bit cache");
    return finding;
  }
  finding.headline = "the cache types were not given: f16 was assumed";
  finding.needs.emplace_back("the cache types you run with (-ctk, -ctv)");
  return finding;
}

}  // namespace

Known<Finding> check_cache(const Facts& facts) {
  const Given& given = facts.given;
  Finding finding;
  if (const auto& unfit = facts.files.unfit_caches; !unfit.empty()) {
    finding.status = Status::cause;
    finding.headline = model::in_words(unfit.front());
    for (const model::UnfitCache& one : unfit)
      finding.evidence.push_back(fact("unfit_cache", model::in_words(one)));
    return finding;
  }
  if (given.cache_assumed) return not_told(given);
  if (!facts.cache_quantized()) {
    finding.status = Status::cleared;
    finding.headline =
        fmt::format("the cache is not quantized ({}/{})", given.type_k, given.type_v);
    return finding;
  }
  if (!facts.runs()) {
    finding.headline = fmt::format("{}/{}", given.type_k, given.type_v);
    finding.needs.emplace_back("a model that libllama can run");
    return finding;
  }
  QUALM_TRY(const Cells cells, measure_cells(facts));
  QUALM_TRY(finding.evidence, evidence_of(facts, cells));
  finding.headline = fmt::format("{}/{} cache, read to position {}: {}", given.type_k, given.type_v,
                                 deepest(*cells.both), loss_in_words(*cells.both));
  add_depth(*given.candidate, deepest(*cells.both), finding);
  QUALM_TRY(const auto* line, line_for(facts, *cells.both));
  const Side side = cache_harm(facts.given, *cells.both, line);
  finding.loss = Loss{.line = side};
  set_size(*cells.both, *finding.loss);
  if (side == Side::above) {
    finding.status = Status::cause;
    finding.headline += "; " + costs_more(given, cells);
  } else if (side == Side::below) {
    finding.status = Status::cleared;
  } else {
    finding.status = Status::cannot_tell;
    finding.needs.emplace_back(facts.paired() && !facts.estimated()
                                   ? "a longer text (-f)"
                                   : "the original model (--baseline), or a longer text (-f)");
  }
  return finding;
}

Known<std::optional<Fix>> fix_cache(const Facts& facts) {
  const Given& given = facts.given;
  if (!facts.files.unfit_caches.empty())  // measured as it is: the other types are what was run
    return Fix{
        .name = fmt::format("a {}/{} cache", given.type_k, given.type_v),
        .command = fmt::format("--cache-type-k {} --cache-type-v {}", given.type_k, given.type_v),
        .effect = "a cache that this model can have"};
  // From the cheapest on: what stays of the user's choice, then q8_0, then no quantization.
  std::vector<Types> pairs{
      {"q8_0", given.type_v}, {given.type_k, "q8_0"}, {"q8_0", "q8_0"}, {"f16", "f16"}};
  std::erase(pairs, Types{given.type_k, given.type_v});
  std::optional<Types> best;
  std::optional<std::int64_t> best_bytes;  // the same for all where it is not known
  for (const Types& pair : pairs) {
    QUALM_TRY(const auto bytes, facts.cache_bytes(pair.first, pair.second));
    if (best && bytes >= best_bytes) continue;
    QUALM_TRY(const Side side, side_of_cache(facts, pair));
    if (side != Side::below) continue;
    best = pair;
    best_bytes = bytes;
  }
  if (!best) return std::nullopt;
  QUALM_TRY(const auto now, facts.cache_bytes(given.type_k, given.type_v));
  Fix fix{.name = fmt::format("a {}/{} cache", best->first, best->second),
          .bytes = best_bytes,
          .cache = best};
  fix.command = fmt::format("--cache-type-k {} --cache-type-v {}", best->first, best->second);
  fix.effect = now && best_bytes ? fmt::format("cache from {} to {}", format_bytes(*now),
                                               format_bytes(*best_bytes))
                                 : "the file does not tell the size of the cache";
  return fix;
}

}  // namespace qualm::diagnose
