// What running both tokenizers and rendering both chat templates shows.
#pragma once

#include "diagnose/facts.h"
#include "engine/engine.h"
#include "experiment/split_cost.h"
#include "job/request.h"

namespace qualm::commands {

/// Two models, their tokenizers at least; `baseline` may be null.
struct LoadedPair {
  const engine::Engine& engine;
  engine::Model& candidate;
  engine::Model* baseline = nullptr;
};

/// Fills faults and remarks (a tokenizer that throws), split, chat and rendered.
[[nodiscard]] Result<void> compare_tokenizers(const job::Request& request, const LoadedPair& pair,
                                              const diagnose::Given& given,
                                              diagnose::FileFacts& files);

/// What it costs that the two split the text otherwise.
[[nodiscard]] diagnose::Evidence split_evidence(const experiment::SplitCost& cost);

}  // namespace qualm::commands
