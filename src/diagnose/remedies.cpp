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

/// What a remedy is proved by.
struct Trial {
  Variant before;
  Variant after;
  std::size_t text = 0;  ///< kNotRun: the remedy changes nothing that is run here
};

struct Course {
  std::vector<Remedy> remedies;
  std::vector<Trial> trials;  ///< of each
};

Variant applied(const Fix& fix, Variant variant) {
  if (fix.weights) variant.weights = *fix.weights;
  if (fix.cache) std::tie(variant.type_k, variant.type_v) = *fix.cache;
  return variant;
}

/// One remedy is added after the other. A pack holds its types with an F16 cache alone: there each
/// stands by itself.
Trial trial_of(const Facts& facts, Fix& fix, const Variant& so_far) {
  if (!facts.given.pack) return {facts.as_run(), applied(fix, so_far), fix.text};
  const Variant before = fix.weights ? Facts::weights_only() : facts.as_run();
  if (fix.weights && facts.cache_quantized()) fix.effect += "; figures with an F16 cache";
  return {before, applied(fix, before), fix.text};
}

Known<Course> prescribed(const Facts& facts, const std::vector<Finding>& findings) {
  Course course;
  Variant so_far = facts.as_run();
  for (const Finding* finding : in_order(findings)) {
    const CheckRow& row = row_of(finding->check);
    if (!row.prescribe) continue;
    auto prescribed = row.prescribe(facts);
    if (left_out(prescribed)) continue;
    QUALM_TRY(auto fix, std::move(prescribed));
    if (!fix) continue;
    if (fix->weights) fix = in_format_of(facts.given, *std::move(fix));
    const bool runs = fix->weights || fix->cache;
    course.trials.push_back(trial_of(facts, *fix, so_far));
    if (!runs) course.trials.back().text = kNotRun;
    so_far = course.trials.back().after;
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
      course.trials, [&](const Trial& trial) { return trial.after.weights.calibrated_on == text; });
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

/// Each once: all of one text share the original's windows, and so does what draws the line there.
class Together {
 public:
  std::size_t add(const Variant& variant) {
    const std::size_t place = place_of(variant, all_);
    if (place == all_.size()) all_.push_back(variant);
    return place;
  }
  [[nodiscard]] const std::vector<Variant>& all() const noexcept { return all_; }

 private:
  std::vector<Variant> all_;
};

/// Before and after the remedy of place `at` on these windows, and the side of the line.
Known<void> prove(const Facts& facts, Course& course, std::size_t at, WindowRange windows) {
  Together together;
  for (const Trial& trial : course.trials) {
    together.add(trial.before);
    together.add(trial.after);
  }
  const std::size_t before = together.add(course.trials[at].before);
  const std::size_t after = together.add(course.trials[at].after);
  const std::size_t floor = facts.paired() ? together.add(Facts::as_type(kFloorType)) : after;
  QUALM_TRY(const auto measured, facts.measured(windows, facts.reference(), together.all()));
  Remedy& remedy = course.remedies[at];
  remedy.before = measured[before]->metrics;
  remedy.after = measured[after]->metrics;
  remedy.line = facts.paired() ? harm(facts.given, *measured[after], *measured[floor])
                               : cache_harm(facts.given, *measured[after], nullptr);
  remedy.windows = static_cast<std::int64_t>(measured[after]->windows.size());
  remedy.holdout = windows.begin > 0;
  return {};
}

}  // namespace

Known<std::vector<Remedy>> remedies_for(const Facts& facts, const std::vector<Finding>& findings) {
  QUALM_TRY(Course course, prescribed(facts, findings));
  for (std::size_t i = 0; i < course.remedies.size(); ++i) {
    const std::size_t text = course.trials[i].text;
    if (text == kNotRun) continue;
    QUALM_TRY(const WindowRange all, windows_of_proof(facts, course, text));
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
