#include "commands/examine.h"

#include <utility>
#include <variant>

#include "evaluate/summary.h"

namespace qualm::commands {
namespace {

using experiment::Experiment;

/// One that could not be run: its metrics say why.
evaluate::Measurement unavailable(const std::string& why) {
  evaluate::Measurement measurement;
  measurement.unavailable = why;
  evaluate::summarize(measurement);
  return measurement;
}

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
      measured = std::vector(wanted.variants.size(), unavailable(measured.error().found));
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
  Result<void> operator()(const diagnose::WantedTexts&) {
    QUALM_TRY(facts_.written, write_(facts_));
    return {};
  }

 private:
  diagnose::Facts& facts_;
  Experiment& experiment_;
  const TextWriter& write_;
};

}  // namespace

Result<diagnose::Diagnosis> examine(diagnose::Facts& facts, Experiment* experiment,
                                    const TextWriter& write) {
  while (true) {
    auto diagnosis = diagnose::diagnose(facts);
    if (diagnosis) return *std::move(diagnosis);
    QUALM_CHECK(std::visit(Answer(facts, *experiment, write), diagnosis.error()));
  }
}

}  // namespace qualm::commands
