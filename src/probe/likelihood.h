// How likely a model finds texts that it or another one wrote.
#pragma once

#include <span>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "probe/generate.h"

namespace qualm::probe {

/// A text to score behind what comes before it (at least one token).
struct Passage {
  Tokens context;
  Tokens text;
};

/// Mean of -ln P over the tokens of each passage's text, in nat; NaN where the text is empty or a
/// logit of it is not finite. Errors: the engine's; PROBE-001.
[[nodiscard]] Result<std::vector<double>> mean_nll(engine::Model& model,
                                                   std::span<const Passage> passages,
                                                   const engine::Settings& settings,
                                                   Progress& progress);

}  // namespace qualm::probe
