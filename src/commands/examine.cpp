#include "commands/examine.h"

#include <chrono>
#include <utility>
#include <variant>

#include "evaluate/summary.h"

namespace qualm::commands {
namespace {

using experiment::Experiment;

/// Answers one wish with facts.
class Answer {
 public:
  Answer(diagnose::Facts& facts, Experiment& experiment, const TextWriter& write)
      : facts_(facts), experiment_(experiment), write_(write) {}

  Result<void> operator()(const diagnose::WantedMeasurements& wanted) {
    auto measured =
        experiment_.measure(wanted.reference, wanted.variants, wanted.windows, wanted.rule);
    if (!measured) {
      if (!wanted.optional || measured.error().kind == Kind::cancelled)
        return std::unexpected(measured.error());
      measured = std::vector(wanted.variants.size(), evaluate::unavailable(measured.error().found));
    }
    facts_.add(wanted, *std::move(measured));
    return {};
  }
  Result<void> operator()(const diagnose::WantedSize& wanted) {
    QUALM_TRY(const std::int64_t bytes, experiment_.model_bytes(wanted.weights));
    facts_.add(wanted, bytes);
    return {};
  }
  Result<void> operator()(const diagnose::WantedCacheSize& wanted) {
    facts_.add(wanted, experiment_.cache_bytes(wanted.type_k, wanted.type_v));
    return {};
  }
  Result<void> operator()(const diagnose::WantedEquality& wanted) {
    QUALM_TRY(const auto equal, experiment_.same_weights(wanted.a, wanted.b));
    facts_.add(wanted, equal);
    return {};
  }
  Result<void> operator()(const diagnose::WantedNoiseFloor& wanted) {
    facts_.add(wanted, experiment_.noise_floor());
    return {};
  }
  Result<void> operator()(const diagnose::WantedInputs& wanted) {
    QUALM_TRY(auto inputs, experiment_.inputs(wanted.windows));
    facts_.add(wanted, std::move(inputs));
    return {};
  }
  Result<void> operator()(const diagnose::WantedTexts&) {
    QUALM_TRY(facts_.written, write_(facts_));
    return {};
  }

 private:
  diagnose::Facts& facts_;
  Experiment& experiment_;
  const TextWriter& write_;
};

/// Tells the steps of the whole and what is left, from the time that windows took so far.
class Outlook {
 public:
  Outlook(const diagnose::Facts& facts, Progress& progress) : facts_(facts), progress_(progress) {}

  void begin(const diagnose::Wanted& wanted) {
    const auto stage = static_cast<std::int32_t>(wanted.stage);
    std::int64_t after = 0;
    for (std::int32_t later = stage + 1; later < diagnose::kStages; ++later)
      after += diagnose::usual_passes(static_cast<diagnose::Stage>(later), facts_);
    const double each = passes_ > 0 ? seconds_ / static_cast<double>(passes_) : -1;
    // The files were the first step.
    progress_.begin(
        {stage + 2, diagnose::kStages + 1, each < 0 ? each : each * static_cast<double>(after)});
    started_ = Clock::now();
  }
  void end(const diagnose::Wanted& wanted) {
    const auto* measured = std::get_if<diagnose::WantedMeasurements>(&wanted.what);
    if (!measured) return;
    passes_ += measured->windows.count() * (std::ssize(measured->variants) + 1);
    seconds_ += std::chrono::duration<double>(Clock::now() - started_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;

  const diagnose::Facts& facts_;
  Progress& progress_;
  std::int64_t passes_ = 0;
  double seconds_ = 0;
  Clock::time_point started_;
};

}  // namespace

Result<diagnose::Diagnosis> examine(diagnose::Facts& facts, Experiment* experiment,
                                    const TextWriter& write, Progress& progress) {
  Outlook outlook(facts, progress);
  while (true) {
    auto diagnosis = diagnose::diagnose(facts);
    if (diagnosis) return *std::move(diagnosis);
    outlook.begin(diagnosis.error());
    QUALM_CHECK(std::visit(Answer(facts, *experiment, write), diagnosis.error().what));
    outlook.end(diagnosis.error());
  }
}

}  // namespace qualm::commands
