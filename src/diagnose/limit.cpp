#include "diagnose/limit.h"

#include <span>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

}  // namespace

Known<WindowRange> first_look(const Facts& facts) {
  return facts.given.read_all ? facts.selection() : facts.selection(kFirstLook);
}

Known<const Measurement*> type_as_needed(const Facts& facts, const char* type,
                                         const Settles& settles) {
  const Variant variant = Facts::as_type(type);
  const auto ask = [&](WindowRange windows) -> Known<const Measurement*> {
    QUALM_TRY(const auto known, facts.measured(windows, std::span(&variant, 1)));
    return known.front();
  };
  return looked_at(facts, ask, settles);
}

Known<const Measurement*> floor_for(const Facts& facts, const Measurement& measured) {
  // Windows that are rarely bad make a loss look smaller, not larger: under a limit that was read
  // on few windows nothing is certain.
  const bool under_all = side_of(measured, MetricId::kld_mean, kLeastLine) == Side::below;
  return type_as_needed(facts, kFloorType, [&](const Measurement* floor) {
    return facts.given.accept || under_all ||
           harm(facts.given, measured, *floor, kFirstLookConfidence) == Side::above;
  });
}

Known<const Measurement*> cache_line_for(const Facts& facts, const Measurement& measured) {
  const bool under_all = side_of(measured, MetricId::kld_mean, kLeastCacheLine) == Side::below;
  return type_as_needed(facts, kCacheLineType, [&](const Measurement* line) {
    return facts.given.accept || under_all ||
           cache_harm(facts.given, measured, line, kFirstLookConfidence) == Side::above;
  });
}

}  // namespace qualm::diagnose
