// A candidate and its original whose measurements follow from what their parts are said to cost.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <utility>

#include "commands/examine.h"
#include "diagnose/diagnose.h"
#include "support/fake_experiment.h"
#include "support/file_facts.h"
#include "support/plain_checkpoint.h"

namespace qualm::test {

/// Finds out what `facts` lack with `experiment` (null: nothing runs), and answers.
inline Result<diagnose::Diagnosis> examined(diagnose::Facts& facts,
                                            experiment::Experiment* experiment,
                                            std::vector<probe::Symptom> written = {},
                                            commands::Budget budget = {}) {
  if (experiment) facts.texts = experiment->texts();
  Progress silent;
  return commands::examine(
      facts, experiment, [&](const diagnose::Facts&) { return std::move(written); }, silent,
      budget);
}

/// A candidate of 3.4 bits per weight, its original, and the quant types as they usually are.
struct World {
  World() {
    model::Tensor tensor =
        plain_tensor("token_embd.weight", 256, plain_values(std::size_t{256} * 100));
    const model::Tensor norm = plain_tensor("output_norm.weight", 256, plain_values(256));
    tensor.encoding = {"F16", 1};
    tensor.bytes = 51200;
    baseline.tensors = {tensor, norm};
    baseline.format = "GGUF v3";
    tensor.encoding = {"Q3_K", 11};
    tensor.bytes = 10880;
    candidate.tensors = {tensor, norm};
    candidate.format = "GGUF v3";
    given.candidate = &candidate;
    given.baseline = &baseline;
    given.candidate_path = "models/tiny-Q2_K.gguf";
    given.baseline_path = "models/tiny-F16.gguf";
    given.memory = std::int64_t{8} << 30;
    experiment.set_candidate({0.002, 0.001});
    experiment.set_type("Q4_K_M", {0.005, 0.004});
    experiment.set_type("Q5_K_M", {0.002, 0.002});
    experiment.set_type("Q6_K", {0.001, 0.001});
    experiment.set_type("Q8_0", {0.0002, 0.0001});
  }
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  void lossy_weights() { experiment.set_candidate({0.06, 0.06}); }
  void cache(const std::string& k, const std::string& v) {
    given.type_k = k;
    given.type_v = v;
    experiment.caches = {{"q4_0/q4_0", {0.02, 0.01}},    {"q4_0/f16", {0.018, 0.009}},
                         {"f16/q4_0", {0.0015, 0.001}},  {"q8_0/q4_0", {0.0016, 0.001}},
                         {"q4_0/q8_0", {0.0181, 0.009}}, {"q8_0/q8_0", {0.0001, 0.0001}}};
  }

  /// What is known before anything is measured.
  diagnose::Facts facts() const {
    diagnose::Facts known;
    known.given = given;
    known.files = files;
    read_files(known);
    return known;
  }

  /// And what there is to measure on.
  diagnose::Facts facts_and_texts() const {
    diagnose::Facts known = facts();
    known.texts = experiment.texts();
    return known;
  }

  diagnose::Diagnosis examine(bool can_run = true) {
    diagnose::Facts known = facts();
    auto found = examined(known, can_run ? &experiment : nullptr, written);
    EXPECT_TRUE(found) << (found ? "" : describe(found.error()));
    return found ? *std::move(found) : diagnose::Diagnosis{};
  }

  model::Checkpoint candidate;
  model::Checkpoint baseline;
  diagnose::Given given;
  diagnose::FileFacts files;
  std::vector<probe::Symptom> written;  ///< what its texts show, where they are asked for
  FakeExperiment experiment;
};

inline const diagnose::Finding& finding(const diagnose::Diagnosis& diagnosis,
                                        diagnose::CheckId id) {
  for (const diagnose::Finding& one : diagnosis.findings)
    if (one.check == id) return one;
  throw std::out_of_range(std::string(diagnose::row_of(id).name));
}

inline const diagnose::Evidence* evidence(const diagnose::Finding& finding, std::string_view name) {
  const auto it = std::ranges::find(finding.evidence, name, &diagnose::Evidence::name);
  return it == finding.evidence.end() ? nullptr : &*it;
}

}  // namespace qualm::test
