#include "commands/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "evaluate/summary.h"
#include "numeric/level.h"

namespace qualm::commands {
namespace {

using experiment::Experiment;

/// Answers one wish with facts.
class Answering {
 public:
  Answering(const diagnose::Wanted& wish, diagnose::Facts& facts, Experiment& experiment,
            const TextWriter& write, Outlook& outlook)
      : wish_(wish), facts_(facts), experiment_(experiment), write_(write), outlook_(outlook) {}

  Result<void> operator()(const diagnose::WantedMeasurements& wanted) {
    auto windows = wanted.windows;
    windows.end = windows.begin + outlook_.affordable(wish_);
    if (windows.count() == 0) return leave_out();
    auto rule = wanted.rule;
    rule.follower = &outlook_;
    auto measured = experiment_.measure(wanted.reference, wanted.variants, windows, rule);
    if (!measured) {
      if (!wanted.optional || measured.error().kind == Kind::cancelled)
        return std::unexpected(measured.error());
      measured = std::vector(wanted.variants.size(), evaluate::unavailable(measured.error().found));
    }
    return add(wanted, windows.count(), *std::move(measured));
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
    if (outlook_.budget().over()) return leave_out();
    QUALM_TRY(const auto equal, experiment_.same_weights(wanted.a, wanted.b));
    facts_.add(wanted, equal);
    return {};
  }
  Result<void> operator()(const diagnose::WantedType& wanted) {
    if (outlook_.budget().over()) return leave_out();
    QUALM_TRY(const bool is_type, experiment_.is_type(wanted.type));
    facts_.add(wanted, is_type);
    return {};
  }
  Result<void> operator()(const diagnose::WantedNoiseFloor& wanted) {
    if (!outlook_.affords_noise_floor()) return leave_out();
    facts_.add(wanted, experiment_.noise_floor());
    return {};
  }
  Result<void> operator()(const diagnose::WantedCrossCheck& wanted) {
    if (outlook_.budget().over()) return leave_out();
    facts_.add(wanted, experiment_.cross_checks());
    return {};
  }
  Result<void> operator()(const diagnose::WantedInputs& wanted) {
    QUALM_TRY(auto inputs, experiment_.inputs(wanted.windows));
    facts_.add(wanted, std::move(inputs));
    return {};
  }
  Result<void> operator()(const diagnose::WantedTexts&) {
    if (outlook_.budget().over()) return leave_out();
    auto texts = write_(facts_);
    // UntilBudget stops them like Ctrl-C does.
    if (!texts && texts.error().kind == Kind::cancelled && outlook_.budget().over())
      return leave_out();
    QUALM_TRY(facts_.written, std::move(texts));
    return {};
  }

 private:
  Result<void> leave_out() {
    facts_.leave_out(wish_);
    return {};
  }

  /// Of what the budget ended only the loss itself is of use with any number of windows: how many
  /// there are decides what can be said.
  Result<void> add(const diagnose::WantedMeasurements& wanted, std::int32_t asked,
                   std::vector<evaluate::Measurement> measured) {
    std::int64_t read = asked;
    for (const evaluate::Measurement& one : measured)
      read = std::min(read, static_cast<std::int64_t>(one.windows.size()));
    const bool cut = outlook_.cut_short();
    if (cut && !wanted.selects && read < numeric::kFewestClusters) return leave_out();
    if (cut || asked < wanted.windows.count())
      facts_.left_out.push_back(
          {wish_.stage, fmt::format("{}: the windows after the first {}",
                                    describe(wanted.variants.front()), read)});
    facts_.add(wanted, std::move(measured));
    return {};
  }

  const diagnose::Wanted& wish_;
  diagnose::Facts& facts_;
  Experiment& experiment_;
  const TextWriter& write_;
  Outlook& outlook_;
};

}  // namespace

Result<diagnose::Diagnosis> examine(diagnose::Facts& facts, Experiment* experiment,
                                    const TextWriter& write, Progress& progress, Budget budget) {
  Outlook outlook(facts, progress, budget);
  while (true) {
    auto diagnosis = diagnose::diagnose(facts);
    if (diagnosis) return *std::move(diagnosis);
    const diagnose::Wanted& wanted = diagnosis.error();
    outlook.begin(wanted);
    QUALM_CHECK(std::visit(Answering(wanted, facts, *experiment, write, outlook), wanted.what));
    outlook.end(wanted);
  }
}

}  // namespace qualm::commands
