// Texts that a model writes, so that two models can be held against each other prompt by prompt.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"

namespace qualm::probe {

using Tokens = std::vector<engine::Token>;

struct Sampling {
  std::int32_t length = 64;  ///< tokens written after each prompt, at most
  bool greedy = true;
  // llama.cpp's defaults, without its top-p and min-p, which rarely bind behind them.
  double temperature = 0.8;
  std::int32_t top_k = 40;
  std::uint64_t seed = 20260101;
};

struct Output {
  Tokens tokens;        ///< what was written; the token that ended it is not in it
  bool ended = false;   ///< the model ended it itself
  bool broken = false;  ///< no logit was finite: nothing could be chosen
};

/// What it writes after each prompt (none of which may be empty), several prompts in one call of
/// the engine. Settings but ctx_size and batch, which follow from the prompts.
///
/// Sampling is paired: which token is drawn depends on the logits and on noise that is a function
/// of seed, prompt, step and token alone (Gumbel-max, Gumbel 1954). Models that agree on a
/// distribution draw the same token, and differ as late as their distributions allow. Errors: the
/// engine's; PROBE-001 stopped on request.
[[nodiscard]] Result<std::vector<Output>> generate(engine::Model& model,
                                                   std::span<const Tokens> prompts,
                                                   const Sampling& sampling,
                                                   const engine::Settings& settings,
                                                   Progress& progress);

/// Sequences that are run together at most.
inline constexpr std::int32_t kTogether = 32;

/// The settings under which `windows` sequences of `length` tokens run together.
[[nodiscard]] engine::Settings settings_for(engine::Settings settings, std::int64_t length,
                                            std::int64_t windows);

/// PROBE-001.
[[nodiscard]] Error stopped();

}  // namespace qualm::probe
