// A text token by token, as two runs see it, for a report.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "base/error.h"
#include "engine/engine.h"
#include "evaluate/measurement.h"
#include "experiment/measured_text.h"
#include "report/report.h"

namespace qualm::commands {

struct TokensWanted {
  experiment::MeasuredText& text;
  const experiment::ModelRun& reference;
  const experiment::ModelRun& candidate;
  const evaluate::Measurement& measured;  ///< candidate against reference
  const engine::Model& tokenizer;         ///< of the reference
  std::string name;                       ///< of the text
  std::string compared_with;              ///< the reference, for people
  std::optional<double> floor{};          ///< a kld under it is noise
  std::size_t windows = 0;                ///< shown at most
};

/// Runs both on the windows that are shown, where what they say is not kept. Errors: the engine's;
/// `cancelled`.
[[nodiscard]] Result<report::TokenView> token_view(const TokensWanted& wanted);

}  // namespace qualm::commands
