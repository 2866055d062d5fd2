// Answers what one check, or any function of facts, wants to know: commands/examine.h for less than
// a whole diagnosis.
#pragma once

#include <gtest/gtest.h>

#include <utility>
#include <variant>

#include "diagnose/facts.h"
#include "experiment/experiment.h"

namespace qualm::test {

class FindOut {
 public:
  FindOut(diagnose::Facts& facts, experiment::Experiment& experiment)
      : facts_(facts), experiment_(experiment) {}

  void operator()(const diagnose::WantedMeasurements& wanted) {
    auto measured =
        experiment_.measure(wanted.reference, wanted.variants, wanted.windows, wanted.rule);
    ASSERT_TRUE(measured) << describe(measured.error());
    facts_.add(wanted, *std::move(measured));
  }
  void operator()(const diagnose::WantedSize& wanted) {
    facts_.add(wanted, *experiment_.model_bytes(wanted.weights));
  }
  void operator()(const diagnose::WantedCacheSize& wanted) {
    facts_.add(wanted, experiment_.cache_bytes(wanted.type_k, wanted.type_v));
  }
  void operator()(const diagnose::WantedEquality& wanted) {
    facts_.add(wanted, *experiment_.same_weights(wanted.a, wanted.b));
  }
  void operator()(const diagnose::WantedType& wanted) {
    facts_.add(wanted, *experiment_.is_type(wanted.type));
  }
  void operator()(const diagnose::WantedNoiseFloor& wanted) {
    facts_.add(wanted, experiment_.noise_floor());
  }
  void operator()(const diagnose::WantedCrossCheck& wanted) {
    facts_.add(wanted, experiment_.cross_checks());
  }
  void operator()(const diagnose::WantedInputs& wanted) {
    facts_.add(wanted, *experiment_.inputs(wanted.windows));
  }
  void operator()(const diagnose::WantedTexts&) { facts_.written.emplace(); }

 private:
  diagnose::Facts& facts_;
  experiment::Experiment& experiment_;
};

/// ask(facts), once all is known that it wants.
template <class Ask>
auto known(diagnose::Facts& facts, experiment::Experiment& experiment, Ask&& ask) {
  constexpr int kMost = 100;  // wishes: more is a loop that does not end
  facts.texts = experiment.texts();
  auto answer = ask(facts);
  for (int i = 0; !answer && i < kMost && !testing::Test::HasFatalFailure(); ++i) {
    std::visit(FindOut(facts, experiment), answer.error().what);
    answer = ask(facts);
  }
  return std::move(answer).value();
}

}  // namespace qualm::test
