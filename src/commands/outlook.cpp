#include "commands/outlook.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "diagnose/plan.h"
#include "diagnose/so_far.h"
#include "evaluate/noise_floor.h"
#include "experiment/experiment.h"
#include "numeric/level.h"

namespace qualm::commands {
namespace {

using diagnose::Planned;
using diagnose::Stage;
using diagnose::WantedMeasurements;
using evaluate::Pace;

/// Of the time for the limit, while the loss is measured: making its type takes time as well.
constexpr double kReserve = 1.5;

/// Seconds; 0: not known.
double each(const Pace& pace) {
  return pace.windows > 0 ? pace.seconds / static_cast<double>(pace.windows) : 0;
}

bool like_original(const experiment::Weights& weights) {
  return weights.kind == experiment::Weights::Kind::baseline || weights.decoded;
}

/// `later` is the same reading, some windows on.
Pace since(const Pace& earlier, const Pace& later) {
  return {later.windows - earlier.windows, later.seconds - earlier.seconds};
}

void add(const Pace& more, Pace& to) {
  to.windows += more.windows;
  to.seconds += more.seconds;
}

}  // namespace

Pace& Outlook::pace_of(const experiment::Weights& weights) {
  return like_original(weights) ? original_ : others_;
}
const Pace& Outlook::pace_of(const experiment::Weights& weights) const {
  return like_original(weights) ? original_ : others_;
}

double Outlook::seconds_of(const Planned& reading) const {
  return static_cast<double>(reading.windows) * each(reading.of_original ? original_ : others_);
}

double Outlook::seconds_of(const std::vector<Planned>& readings) const {
  double seconds = 0;
  for (const Planned& one : readings) seconds += seconds_of(one);
  return seconds;
}

void Outlook::tell_answers() {
  std::vector<Answer> now;
  for (const diagnose::CheckRow& row : diagnose::kChecks) {
    now.push_back({std::string(row.name), std::string(row.title)});
    const auto found = diagnose::answer_so_far(facts_, row);
    if (!found) continue;
    now.back().status = diagnose::to_string(found->status);
    now.back().says = found->headline;
    now.back().likely = found->estimated;
  }
  if (now == answers_) return;
  answers_ = std::move(now);
  progress_.answers(answers_);
}

void Outlook::begin(const diagnose::Wanted& wanted) {
  tell_answers();
  const auto stage = static_cast<std::int32_t>(wanted.stage);
  double after = 0;
  for (std::int32_t later = stage + 1; later < diagnose::kStages; ++later)
    after += seconds_of(diagnose::planned(static_cast<Stage>(later), facts_));
  const bool known = original_.windows + others_.windows > 0;
  // The files were the first step.
  progress_.begin({stage + 2, diagnose::kStages + 1, known ? after : -1});
  started_ = Budget::Clock::now();
  reading_ = std::get_if<WantedMeasurements>(&wanted.what);
  variant_ = windows_ = 0;
  last_original_ = last_candidates_ = {};
  running_ = 0;
  cut_short_ = false;
}

void Outlook::end(const diagnose::Wanted& wanted) {
  reading_ = nullptr;
  if (const auto* measured = std::get_if<WantedMeasurements>(&wanted.what)) end(*measured);
  tell_so_far(diagnose::so_far(facts_));
}

void Outlook::end(const WantedMeasurements& measured) {
  const auto made = std::ranges::count_if(
      measured.variants, [](const experiment::Variant& v) { return v.weights.made(); });
  const std::chrono::duration<double> whole = Budget::Clock::now() - started_;
  if (made > 0) making_ = std::max(0.0, whole.count() - running_) / static_cast<double>(made);
  auto& to = read_to_[{measured.windows.text, id_of(measured.reference)}];
  to = std::max(to, measured.windows.begin + static_cast<std::int32_t>(windows_));
}

void Outlook::reached(const evaluate::Reached& now) {
  if (!reading_) return;
  if (now.windows.size() <= windows_) {  // the next variant
    variant_ = std::min(variant_ + 1, reading_->variants.size() - 1);
    last_original_ = last_candidates_ = {};
  }
  windows_ = now.windows.size();
  const Pace original = since(last_original_, now.original);
  const Pace candidates = since(last_candidates_, now.candidates);
  running_ += original.seconds + candidates.seconds;
  add(original, pace_of(reading_->reference.weights));
  add(candidates, pace_of(reading_->variants[variant_].weights));
  last_original_ = now.original;
  last_candidates_ = now.candidates;
  tell_plan();
  if (reading_->selects) tell_so_far(diagnose::so_far(facts_, now.windows));
}

bool Outlook::enough(std::int64_t windows) {
  if (!budget_.given() || !reading_) return false;
  const auto& reading = *reading_;
  double needed =
      each(pace_of(reading.reference.weights)) + each(pace_of(reading.variants[variant_].weights));
  if (reading.selects && windows >= numeric::kFewestClusters)
    for (const Planned& one : diagnose::planned(Stage::factors, facts_))
      needed += kReserve * seconds_of({one.model, numeric::kFewestClusters, one.of_original});
  if (budget_.left() >= needed) return false;
  cut_short_ = cut_short_ || windows < reading.windows.count();
  return true;
}

double Outlook::cost(const WantedMeasurements& wanted, std::int32_t windows) const {
  const std::int32_t end = wanted.windows.begin + windows;
  std::int32_t begin = wanted.windows.begin;
  if (const auto it = read_to_.find({wanted.windows.text, id_of(wanted.reference)});
      it != read_to_.end())
    begin = std::max(begin, it->second);
  double seconds = std::max(0, end - begin) * each(pace_of(wanted.reference.weights));
  for (const experiment::Variant& variant : wanted.variants) {
    // What a pack says is looked up.
    if (facts_.given.pack && variant.weights.kind == experiment::Weights::Kind::requantized)
      continue;
    seconds += windows * each(pace_of(variant.weights));
    if (variant.weights.made()) seconds += making_;
    if (const auto text = variant.weights.calibrated_on)
      seconds += experiment::calibration_windows(facts_.texts[*text].windows) * each(original_);
  }
  return seconds;
}

std::int32_t Outlook::affordable(const diagnose::Wanted& wanted) const {
  const auto& measured = std::get<WantedMeasurements>(wanted.what);
  const std::int32_t all = measured.windows.count();
  // The first reading tells what windows take; it ends by enough().
  if (!budget_.given() || measured.selects) return all;
  const double left = budget_.left();
  const std::int32_t least =
      wanted.stage == Stage::factors
          ? std::min(all, static_cast<std::int32_t>(numeric::kFewestClusters))
          : all;
  for (std::int32_t windows = all; windows >= least; --windows)
    if (left > 0 && cost(measured, windows) <= left) return windows;
  return 0;
}

bool Outlook::affords_noise_floor() const {
  // The candidate against itself runs twice.
  const double seconds = evaluate::kNoiseFloorWindows * (each(original_) + 2 * each(others_));
  return !budget_.given() || budget_.left() > seconds;
}

std::vector<PlannedStep> Outlook::steps() const {
  std::vector<PlannedStep> all;
  for (std::int32_t at = 0; at < diagnose::kStages; ++at) {
    const auto stage = static_cast<Stage>(at);
    PlannedStep step{at + 2, std::string(title_of(stage)), {}};
    for (Planned& one : diagnose::planned(stage, facts_)) {
      const double seconds = seconds_of(one);
      step.readings.push_back({std::move(one), seconds});
    }
    if (!step.readings.empty()) all.push_back(std::move(step));
  }
  return all;
}

std::string Outlook::plan() const {
  std::string lines;
  double whole = 0;
  for (const PlannedStep& step : steps()) {
    std::string readings;
    for (const auto& [planned, seconds] : step.readings) {
      readings += fmt::format("{}{} {}{} ({})", readings.empty() ? "" : ", ", planned.model,
                              planned.windows, readings.empty() ? " windows" : "",
                              seconds > 0 ? format_seconds(seconds) : "saved");
      whole += seconds;
    }
    lines += fmt::format("\n  step {}, {}: {}", step.number, step.title, readings);
  }
  return fmt::format("plan, about {}; more where the usual number of windows does not decide{}",
                     format_seconds(whole), lines);
}

void Outlook::tell_plan() {
  if (planned_ || others_.windows == 0) return;
  planned_ = true;
  progress_.news(News::plan, plan());
}

void Outlook::tell_so_far(const std::optional<std::string>& line) {
  if (!line || *line == so_far_) return;
  so_far_ = *line;
  progress_.news(News::so_far, "so far: " + so_far_);
}

}  // namespace qualm::commands
