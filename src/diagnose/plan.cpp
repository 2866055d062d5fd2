#include "diagnose/plan.h"

#include <algorithm>

#include "diagnose/thresholds.h"
#include "evaluate/noise_floor.h"

namespace qualm::diagnose {
namespace {

constexpr std::string_view kCandidate = "candidate";

std::string original_of(const Facts& facts) {
  return facts.estimated() ? "estimated original" : "original";
}

/// Most texts are decided after the least number of windows.
std::int64_t usual_windows(const Facts& facts, std::int32_t most) {
  const std::int32_t total = facts.texts.front().windows;
  const std::int32_t few = facts.estimated() ? kForEstimate : kHoldout;
  const std::int32_t usual = facts.given.read_all ? total - kHoldout : few;
  const auto selected = facts.selected();
  return std::min({most, total, selected ? selected->count() : std::max(usual, 1)});
}

std::int64_t first_of(const Facts& facts, std::int64_t windows) {
  return facts.given.read_all ? windows : std::min<std::int64_t>(windows, kFirstLook);
}

std::vector<Planned> of_factors(const Facts& facts, std::int64_t windows) {
  std::vector<Planned> all;
  if (facts.cache_quantized()) {
    all.push_back({"candidate with an F16 cache", windows});
    if (facts.swaps()) all.push_back({original_of(facts) + " with your cache", windows, true});
  }
  if (!facts.given.pack && !facts.may_stand_for(kFloorType))
    all.push_back({kFloorType, first_of(facts, windows)});
  return all;
}

std::vector<Planned> of_causes(const Facts& facts, std::int64_t windows) {
  std::vector<Planned> all;
  const std::int64_t first = first_of(facts, windows);
  if (!facts.given.devices.empty())
    all.push_back({"candidate and original on the CPU", 2 * evaluate::kNoiseFloorWindows});
  if (facts.cache_quantized()) {
    // Against its F16 cache, and K and V alone.
    all.push_back({"candidate with parts of the cache", 2 * windows + 2 * first});
    if (facts.swaps()) all.push_back({kCacheLineType, first});
  }
  if (facts.estimates_beside_pack()) {
    const std::int64_t few = std::min<std::int64_t>(windows, kForEstimate);
    all.push_back({"estimated original, if a loss is found", few, true});
    all.push_back({"candidate against it", few});
  }
  if (facts.noise_floor()) return all;  // known, or not wanted
  if (facts.swaps())
    all.push_back({"noise floor of the original", evaluate::kNoiseFloorWindows, true});
  // It runs twice there: against itself it is an original too.
  if (facts.paired() || facts.cache_quantized())
    all.push_back({"of the candidate", 2 * evaluate::kNoiseFloorWindows});
  return all;
}

std::vector<Planned> of_fixes(const Facts& facts) {
  std::vector<Planned> all;
  if (facts.estimated()) {
    for (const char* type : kRemedyTypes) {
      const bool for_limits = type == std::string_view(kFloorType);  // it is read before
      if (!for_limits && !facts.may_stand_for(type)) all.push_back({type, kForEstimate});
    }
    return all;
  }
  if (facts.cache_quantized())
    all.push_back({"candidate with larger caches", 4 * usual_windows(facts, kFirstLook)});
  if (facts.cache_quantized() || facts.given.read_all) {  // all selection windows choose
    if (facts.swaps()) all.push_back({original_of(facts), kFirstProof, true});
    all.push_back({std::string(kCandidate), kFirstProof});
  }
  if (facts.swaps()) all.push_back({kFloorType, kFirstProof});
  if (facts.cache_quantized()) all.push_back({"both fixes", kFirstProof});
  return all;
}

}  // namespace

std::vector<Planned> planned(Stage stage, const Facts& facts) {
  if (!facts.runs()) return {};
  const std::int64_t windows = usual_windows(facts, kMostSelection);
  switch (stage) {
    case Stage::as_run:
      if (!facts.paired()) return {};
      if (!facts.swaps()) return {{std::string(kCandidate), windows}};
      return {{original_of(facts), windows, true}, {std::string(kCandidate), windows}};
    case Stage::factors:
      return facts.paired() ? of_factors(facts, windows) : std::vector<Planned>();
    case Stage::causes:
      return of_causes(facts, windows);
    case Stage::fixes:
      return facts.paired() ? of_fixes(facts) : std::vector<Planned>();
    case Stage::shares:  // known from the factors, unless a class is one
    case Stage::texts:
      break;
  }
  return {};
}

std::string_view title_of(Stage stage) noexcept {
  switch (stage) {
    case Stage::as_run:
      return "loss";
    case Stage::factors:
      return "limits";
    case Stage::causes:
      return "causes";
    case Stage::shares:
      return "shares";
    case Stage::fixes:
      return "fix, if a loss is found";
    case Stage::texts:
      break;
  }
  return "written texts";
}

}  // namespace qualm::diagnose
