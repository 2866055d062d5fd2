// What the candidate writes, beside what a control writes after the same prompts.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/progress.h"
#include "diagnose/facts.h"
#include "engine/engine.h"
#include "evaluate/score_pairs.h"
#include "job/request.h"
#include "probe/examine.h"
#include "probe/symptom.h"

namespace qualm::commands {

/// Models above this many weights write texts only where --symptom asks for it.
inline constexpr std::int64_t kWriteUnasked = 1'000'000'000;

/// A model that writes. The identity of its weights goes into cache keys.
struct Writer {
  std::function<Result<std::shared_ptr<engine::Model>>()> load;
  std::string identity;
};
struct Writers {
  Writer candidate;
  std::optional<Writer> baseline;  ///< absent where it cannot be compared with
};

/// How texts are written and judged.
struct WritingSettings {
  const job::Request& request;
  const probe::SymptomChoice& symptoms;
  const engine::Settings& settings;  ///< of the candidate as it is run
  evaluate::WindowStore& store;      ///< keeps what was written
  Progress& progress;
  const engine::Engine& engine;
};

/// The symptoms that were looked for, and the texts. The control is the original with an F16 cache
/// or, without one, the same weights with an F16 cache where the user's is quantized; with neither
/// nothing is written. An engine that cannot write texts is a symptom not examined. Errors:
/// PROMPTS-*, FILE-*, PROBE-001 stopped on request.
[[nodiscard]] Result<probe::Examined> write_texts(const WritingSettings& writing,
                                                  const Writers& writers,
                                                  const diagnose::Facts& facts);

/// One prompt a line; empty lines and those that begin with # are left out. PROMPTS-001: none left,
/// PROMPTS-002: more than 1000.
[[nodiscard]] Result<std::vector<std::string>> parse_prompts(const std::string& text,
                                                             const std::string& path);

/// --symptom. REQUEST-005: none of symptom_options().
[[nodiscard]] Result<probe::SymptomChoice> symptoms_of(const job::Request& request);

/// What --symptom may be: the names of the symptoms, all and none.
[[nodiscard]] std::vector<std::string> symptom_options();

}  // namespace qualm::commands
