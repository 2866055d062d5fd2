// What a diagnosis will measure and how long that takes: the steps, the plan, the budget.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/progress.h"
#include "diagnose/facts.h"
#include "diagnose/plan.h"
#include "diagnose/wanted.h"
#include "evaluate/follower.h"

namespace qualm::commands {

/// How long the whole may take (--budget).
struct Budget {
  using Clock = std::chrono::steady_clock;
  Clock::time_point start = Clock::now();
  double seconds = 0;  ///< 0: as long as it takes
  [[nodiscard]] bool given() const noexcept { return seconds > 0; }
  [[nodiscard]] double left() const {
    return seconds - std::chrono::duration<double>(Clock::now() - start).count();
  }
  [[nodiscard]] bool over() const { return given() && left() <= 0; }
};

/// A step of a diagnosis with what it reads as a rule.
struct PlannedStep {
  struct Reading {
    diagnose::Planned planned;
    double seconds = 0;  ///< estimated; 0: its windows are saved
  };
  std::int32_t number = 0;
  std::string title;
  std::vector<Reading> readings;
};

/// Of work that knows no other end than Ctrl-C: it is stopped when the time is up.
class UntilBudget final : public Progress {
 public:
  UntilBudget(Progress& to, Budget budget) : to_(to), budget_(budget) {}
  void update(std::string_view step, std::int64_t done, std::int64_t total) override {
    to_.update(step, done, total);
  }
  void note(std::string_view line) override { to_.note(line); }
  void answers(std::span<const Answer> all) override { to_.answers(all); }
  bool cancelled() const override { return to_.cancelled() || budget_.over(); }

 private:
  Progress& to_;
  Budget budget_;
};

class Outlook final : public evaluate::Follower {
 public:
  Outlook(const diagnose::Facts& facts, Progress& progress, Budget budget)
      : facts_(facts), progress_(progress), budget_(budget) {}

  void begin(const diagnose::Wanted& wanted);
  void end(const diagnose::Wanted& wanted);
  /// How many of its windows fit into what is left of the budget, by the time that windows took so
  /// far; 0: none. A measurement that a verdict needs may have fewer than it wanted, but not fewer
  /// than kFewestClusters.
  [[nodiscard]] std::int32_t affordable(const diagnose::Wanted& wanted) const;
  /// The noise floor fits.
  [[nodiscard]] bool affords_noise_floor() const;
  /// The last reading was ended by the budget.
  [[nodiscard]] bool cut_short() const noexcept { return cut_short_; }
  [[nodiscard]] const Budget& budget() const noexcept { return budget_; }

  /// By the time that windows took so far; steps that read nothing are left out.
  [[nodiscard]] std::vector<PlannedStep> steps() const;

  void reached(const evaluate::Reached& now) override;
  bool enough(std::int64_t windows) override;

 private:
  using Text = std::pair<std::size_t, experiment::VariantId>;

  [[nodiscard]] evaluate::Pace& pace_of(const experiment::Weights& weights);
  [[nodiscard]] const evaluate::Pace& pace_of(const experiment::Weights& weights) const;
  [[nodiscard]] double seconds_of(const diagnose::Planned& reading) const;
  [[nodiscard]] double seconds_of(const std::vector<diagnose::Planned>& readings) const;
  [[nodiscard]] double cost(const diagnose::WantedMeasurements& wanted, std::int32_t windows) const;
  [[nodiscard]] std::string plan() const;
  void end(const diagnose::WantedMeasurements& measured);
  void tell_plan();
  void tell_so_far(const std::optional<std::string>& line);
  void tell_answers();

  const diagnose::Facts& facts_;
  Progress& progress_;
  Budget budget_;
  evaluate::Pace original_;  ///< of all readings so far
  evaluate::Pace others_;
  double making_ = 0;                     ///< seconds for a model, the last time that one was made
  std::map<Text, std::int32_t> read_to_;  ///< windows that a reference has run

  // Of the reading in progress.
  Budget::Clock::time_point started_;
  const diagnose::WantedMeasurements* reading_ = nullptr;
  std::size_t variant_ = 0;  ///< variants may be read one after the other
  std::size_t windows_ = 0;  ///< of this variant
  evaluate::Pace last_original_;
  evaluate::Pace last_candidates_;
  double running_ = 0;  ///< seconds in models
  bool cut_short_ = false;

  bool planned_ = false;
  std::string so_far_;
  std::vector<Answer> answers_;
};

}  // namespace qualm::commands
