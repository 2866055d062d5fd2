#include "diagnose/remedies.h"

#include <algorithm>
#include <tuple>

#include "diagnose/loss.h"
#include "diagnose/remedy_command.h"
#include "diagnose/thresholds.h"

namespace qualm::diagnose {
namespace {

std::vector<const Finding*> in_order(const std::vector<Finding>& findings) {
  std::vector<const Finding*> order;
  for (const Finding& finding : findings)
    if (to_blame(finding)) order.push_back(&finding);
  std::ranges::stable_partition(
      order, [](const Finding* finding) { return finding->check == CheckId::provenance; });
  return order;
}

constexpr std::size_t kNotRun = static_cast<std::size_t>(-1);

/// One remedy after the other is added, and what it is proved on.
struct Course {
  std::vector<Remedy> remedies;
  std::vector<Variant> variants;   ///< the candidate as run, then with each remedy added
  std::vector<std::size_t> texts;  ///< kNotRun: the remedy changes nothing that is run here
};

Variant applied(const Fix& fix, Variant variant) {
  if (fix.weights) variant.weights = *fix.weights;
  if (fix.cache) std::tie(variant.type_k, variant.type_v) = *fix.cache;
  return variant;
}

Known<Course> prescribed(const Facts& facts, const std::vector<Finding>& findings) {
  Course course{.remedies = {}, .variants = {facts.as_run()}, .texts = {}};
  for (const Finding* finding : in_order(findings)) {
    const CheckRow& row = row_of(finding->check);
    if (!row.prescribe) continue;
    auto prescribed = row.prescribe(facts);
    if (left_out(prescribed)) continue;
    QUALM_TRY(auto fix, std::move(prescribed));
    if (!fix) continue;
    if (fix->weights) fix = in_format_of(facts.given, *std::move(fix));
    course.variants.push_back(applied(*fix, course.variants.back()));
    course.texts.push_back(fix->weights || fix->cache ? fix->text : kNotRun);
    course.remedies.push_back({.cause = finding->check,
                               .name = fix->name,
                               .command = fix->command,
                               .effect = fix->effect,
                               .bytes = fix->bytes});
  }
  return course;
}

/// Windows of a text that chose nothing and calibrate nothing; where there are none, those that
/// chose.
Known<WindowRange> windows_of_proof(const Facts& facts, const Course& course, std::size_t text) {
  if (facts.estimated()) return facts.selection();  // all is known there
  QUALM_TRY(WindowRange windows, facts.holdout());
  const std::int32_t total = facts.texts[text].windows;
  if (text != 0) windows = {kMostDomain, kMostDomain + kHoldout, text};
  const bool calibrated = std::ranges::any_of(
      course.variants, [&](const Variant& v) { return v.weights.calibrated_on == text; });
  const std::int32_t usable = total - (calibrated ? experiment::calibration_windows(total) : 0);
  windows.end = std::min(windows.end, usable);
  if (windows.count() >= 2) return windows;
  WindowRange chose{0, std::min(total, kMostDomain), text};
  if (text == 0) {
    QUALM_TRY(chose, facts.selection());
  }
  chose.end = std::min(chose.end, usable);
  return chose;
}

/// Before and after the remedy of place `at` on these windows, and the side of the line.
Known<void> prove(const Facts& facts, Course& course, std::size_t at, WindowRange windows) {
  // All of one text share the original's windows, and so does what draws the line there.
  std::vector<Variant> variants = course.variants;
  const Variant floor = Facts::as_type(kFloorType);
  const auto drawn =
      std::ranges::find(variants, id_of(floor), [](const Variant& v) { return id_of(v); });
  const auto line = static_cast<std::size_t>(drawn - variants.begin());
  if (facts.paired() && line == variants.size()) variants.push_back(floor);
  QUALM_TRY(const auto measured, facts.measured(windows, facts.reference(), variants));
  Remedy& remedy = course.remedies[at];
  remedy.before = measured.front()->metrics;
  remedy.after = measured[at + 1]->metrics;
  remedy.line = facts.paired() ? harm(facts.given, *measured[at + 1], *measured[line])
                               : cache_harm(facts.given, *measured[at + 1], nullptr);
  remedy.windows = static_cast<std::int64_t>(measured[at + 1]->windows.size());
  remedy.holdout = windows.begin > 0;
  return {};
}

}  // namespace

Known<std::vector<Remedy>> remedies_for(const Facts& facts, const std::vector<Finding>& findings) {
  QUALM_TRY(Course course, prescribed(facts, findings));
  for (std::size_t i = 0; i < course.remedies.size(); ++i) {
    if (course.texts[i] == kNotRun) continue;
    QUALM_TRY(const WindowRange all, windows_of_proof(facts, course, course.texts[i]));
    // Two looks, each at the level of a check: together still under the 5 % of a verdict.
    WindowRange first = all;
    if (!facts.given.read_all) first.end = std::min(all.end, all.begin + kFirstProof);
    auto proof = prove(facts, course, i, first);
    const bool decided = course.remedies[i].line != Side::not_separated;
    if (proof && !decided && first.count() < all.count()) proof = prove(facts, course, i, all);
    if (!left_out(proof)) QUALM_CHECK(proof);
  }
  return std::move(course.remedies);
}

}  // namespace qualm::diagnose
