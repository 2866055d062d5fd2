// The types that set the limits, read on as few windows as decide.
#pragma once

#include <functional>

#include "diagnose/facts.h"
#include "diagnose/wanted.h"
#include "evaluate/measurement.h"

namespace qualm::diagnose {

/// The original as kFloorType, to hold the loss of weights against. On the first kFirstLook
/// selection windows where `measured` is certainly over the limit there (kFirstLookConfidence), or
/// where no limit is so low; else on all of them.
[[nodiscard]] Known<const evaluate::Measurement*> floor_for(const Facts& facts,
                                                            const evaluate::Measurement& measured);

/// The original as kCacheLineType, to hold the loss of a cache against, likewise.
[[nodiscard]] Known<const evaluate::Measurement*> cache_line_for(
    const Facts& facts, const evaluate::Measurement& measured);

/// The original as a type, on the windows of the first look where those settle it.
using Settles = std::function<bool(const evaluate::Measurement* measured)>;
[[nodiscard]] Known<const evaluate::Measurement*> type_as_needed(const Facts& facts,
                                                                 const char* type,
                                                                 const Settles& settles);

/// The windows of the first look: kFirstLook of the selection, or all with --full.
[[nodiscard]] Known<WindowRange> first_look(const Facts& facts);

/// `ask` of the windows of the first look; where `settled` does not hold for its answer, of all
/// selection windows. What was left out of these is done without.
template <class Ask, class Settled>
[[nodiscard]] auto looked_at(const Facts& facts, Ask&& ask, Settled&& settled)
    -> decltype(ask(WindowRange{})) {
  QUALM_TRY(const WindowRange first, first_look(facts));
  QUALM_TRY(const WindowRange all, facts.selection());
  auto answer = ask(first);
  if (!answer || first.count() == all.count() || settled(*answer)) return answer;
  auto of_all = ask(all);
  return left_out(of_all) ? answer : of_all;
}

}  // namespace qualm::diagnose
