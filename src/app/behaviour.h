// What running a patient shows before anything is measured: how it splits text, what its chat
// template makes of a conversation, and what it writes.
#pragma once

#include <string>
#include <vector>

#include "app/request.h"
#include "base/error.h"
#include "base/progress.h"
#include "diagnose/case.h"
#include "engine/engine.h"
#include "evaluate/score_pairs.h"
#include "probe/generate.h"

namespace qualm::app {

/// Two models under examination; `baseline` may be null. The identities of their weights go into
/// cache keys.
struct Pair {
  engine::Engine& engine;
  engine::Model& candidate;
  engine::Model* baseline = nullptr;
  std::string candidate_identity{};
  std::string baseline_identity{};
};

/// Fills the patient's faults (a tokenizer that throws), split and chat.
[[nodiscard]] Result<void> examine_tokenizer_and_template(const Request& request, const Pair& pair,
                                                          diagnose::Patient& patient);

/// Models above this many weights write texts only where --symptom asks for it.
inline constexpr std::int64_t kProbedUnasked = 1'000'000'000;

/// Fills the patient's symptoms. The control is the baseline with an F16 cache or, without one, the
/// same weights with an F16 cache where the user's is quantized. An engine that cannot write texts
/// is a symptom not examined. What was written before, by the same models from the same prompts, is
/// taken from the store. Errors: PROMPTS-*, FILE-*, PROBE-001 stopped on request.
[[nodiscard]] Result<void> examine_symptoms(const Request& request,
                                            const engine::Settings& settings, const Pair& pair,
                                            diagnose::Patient& patient,
                                            evaluate::WindowStore& store, Progress& progress);

/// One prompt a line; empty lines and those that begin with # are left out. PROMPTS-001: none left,
/// PROMPTS-002: more than 1000.
[[nodiscard]] Result<std::vector<std::string>> parse_prompts(const std::string& text,
                                                             const std::string& path);

/// repetition, incoherent, off-topic or long-context is to be looked for.
[[nodiscard]] bool wants_symptom(const Request& request, std::string_view symptom);

}  // namespace qualm::app
