#include "diagnose/ladder.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "model/file_type.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

/// Absent where the cache decides and its size is not known.
std::optional<bool> fits(const Rung& rung, std::int64_t memory) {
  if (rung.file_bytes > memory) return false;
  if (!rung.cache_bytes) return std::nullopt;
  return *rung.cache_bytes <= memory - rung.file_bytes;
}

std::string limit_in_words(const std::optional<Accept>& accept) {
  if (!accept)
    return fmt::format("the limit for weights ({} times the KLD of {}, at least {}, at most {})",
                       kFloorFactor, kFloorType, kLeastLine, kMostLine);
  const evaluate::MetricRow& row = evaluate::row_of(accept->metric);
  const bool percent = row.unit == "fraction";
  return fmt::format("{}<{}{}", row.name, percent ? 100 * accept->most : accept->most,
                     percent ? "%" : "");
}

/// The candidate's weights as they are, or the original as a plain quant type, with an F16 cache.
bool is_rung(const Variant& variant) {
  return is_plain_type(variant) || id_of(variant) == id_of(Facts::weights_only());
}

/// What draws the line on the windows of `one`. `floor`: what runs as kFloorType.
const Measurement* floor_beside(const std::vector<KnownMeasurement>& all,
                                const KnownMeasurement& one, const Variant& floor) {
  const auto id = id_of(floor);
  const auto it = std::ranges::find_if(all, [&](const KnownMeasurement& other) {
    return other.begin == one.begin && id_of(*other.variant) == id;
  });
  return it == all.end() ? nullptr : it->measured;
}

}  // namespace

Rung rung_of(std::string name, const Measurement& measured) {
  return {.name = std::move(name),
          .lost = measured.lost > 0,
          .windows = static_cast<std::int64_t>(measured.windows.size()),
          .kld = measured.metrics[MetricId::kld_mean],
          .ppl_change = measured.metrics[MetricId::ppl_change]};
}

Ladder in_order(Ladder ladder) {
  std::ranges::stable_sort(ladder.rungs, {}, &Rung::file_bytes);
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) {
    Rung& rung = ladder.rungs[i];
    rung.fits = fits(rung, ladder.memory);
    if (rung.limit != Side::below) continue;
    if (!ladder.smallest) ladder.smallest = i;
    if (!ladder.picked && rung.fits.value_or(true)) ladder.picked = i;
  }
  return ladder;
}

Known<Ladder> ladder_of(const Facts& facts) {
  const Given& given = facts.given;
  Ladder ladder{.limit = limit_in_words(given.accept),
                .memory = given.memory,
                .estimated = facts.estimated()};
  QUALM_TRY(const auto cache, facts.cache_bytes(given.type_k, given.type_v));
  if (facts.estimated()) {  // what nobody can look up for this model
    for (const char* type : kRemedyTypes)
      if (const auto known = facts.measured(Facts::as_type(type)); !left_out(known))
        QUALM_CHECK(known);
  }
  QUALM_TRY(const Variant of_floor, facts.stand_in(Facts::as_type(kFloorType)));
  const auto all = facts.against_original();
  std::set<experiment::VariantId> seen;
  for (const KnownMeasurement& one : all) {
    const Weights& weights = one.variant->weights;
    if (!is_rung(*one.variant) || !seen.insert(id_of(*one.variant)).second) continue;
    const bool yours = weights.kind == Weights::Kind::candidate;
    Rung rung = rung_of(yours ? model::type_of(*given.candidate) : weights.mix, *one.measured);
    rung.yours = yours;
    rung.cache_bytes = cache;
    QUALM_TRY(rung.file_bytes, facts.model_bytes(weights));
    if (const Measurement* const floor = floor_beside(all, one, of_floor))
      rung.limit = rung.lost ? Side::above : harm(given, *one.measured, *floor);
    ladder.rungs.push_back(std::move(rung));
  }
  return in_order(std::move(ladder));
}

}  // namespace qualm::diagnose
