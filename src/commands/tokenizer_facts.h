// What running both tokenizers and rendering both chat templates shows.
#pragma once

#include "diagnose/facts.h"
#include "engine/engine.h"
#include "job/request.h"

namespace qualm::commands {

/// Two models that are loaded; `baseline` may be null. The identities of their weights go into
/// cache keys.
struct LoadedPair {
  engine::Engine& engine;
  engine::Model& candidate;
  engine::Model* baseline = nullptr;
  std::string candidate_identity{};
  std::string baseline_identity{};
};

/// Fills faults and remarks (a tokenizer that throws), split and chat.
[[nodiscard]] Result<void> compare_tokenizers(const job::Request& request, const LoadedPair& pair,
                                              const diagnose::Given& given,
                                              diagnose::FileFacts& files);

}  // namespace qualm::commands
