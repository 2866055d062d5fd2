// A patient whose measurements follow from what its parts are said to cost.
#pragma once

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "diagnose/diagnose.h"
#include "support/fake_lab.h"
#include "support/plain_checkpoint.h"

namespace qualm::diagnose {

/// A candidate of 3.4 bits per weight, its baseline, and the ladder of tiers as it usually is.
struct World {
  World() {
    model::Tensor tensor =
        test::plain_tensor("token_embd.weight", 256, test::plain_values(std::size_t{256} * 100));
    tensor.encoding = {"F16", 1};
    tensor.bytes = 51200;
    baseline.tensors = {tensor};
    baseline.format = "GGUF v3";
    tensor.encoding = {"Q3_K", 11};
    tensor.bytes = 10880;
    candidate.tensors = {tensor};
    patient.candidate = &candidate;
    patient.baseline = &baseline;
    patient.candidate_path = "models/tiny-Q2_K.gguf";
    patient.baseline_path = "models/tiny-F16.gguf";
    lab.weights = {{"candidate", {0.002, 0.001}},
                   {"baseline as Q4_K_M", {0.005, 0.004}},
                   {"baseline as Q5_K_M", {0.002, 0.002}},
                   {"baseline as Q6_K", {0.001, 0.001}},
                   {"baseline as Q8_0", {0.0002, 0.0001}}};
  }
  void ill_weights() { lab.weights["candidate"] = {0.06, 0.06}; }
  void cache(const std::string& k, const std::string& v) {
    patient.type_k = k;
    patient.type_v = v;
    lab.caches = {{"q4_0/q4_0", {0.02, 0.01}},    {"q4_0/f16", {0.018, 0.009}},
                  {"f16/q4_0", {0.0015, 0.001}},  {"q8_0/q4_0", {0.0016, 0.001}},
                  {"q4_0/q8_0", {0.0181, 0.009}}, {"q8_0/q8_0", {0.0001, 0.0001}}};
  }

  Diagnosis examine(bool can_run = true) {
    Case examined(patient, can_run ? &lab : nullptr);
    const auto found = diagnose(examined);
    EXPECT_TRUE(found) << (found ? "" : qualm::describe(found.error()));
    return found ? *found : Diagnosis{};
  }

  model::Checkpoint candidate;
  model::Checkpoint baseline;
  Patient patient;
  test::FakeLab lab;
};

inline const CheckResult& check(const Diagnosis& diagnosis, const std::string& id) {
  for (const CheckResult& one : diagnosis.checks)
    if (one.id == id) return one;
  throw std::out_of_range(id);
}

}  // namespace qualm::diagnose
