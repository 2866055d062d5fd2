// The figures of written texts: loops, repeated pieces, coherence, topic, and where the texts of
// two models part.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "probe/generate.h"
#include "probe/symptom.h"

namespace qualm::probe {

/// One side: a model, loaded when it is needed and held no longer than that, and how it is run.
struct Side {
  std::function<Result<std::shared_ptr<engine::Model>>()> load;
  engine::Settings settings;
};

struct Plan {
  std::vector<Tokens> prompts;           ///< each with the window's start token where there is one
  std::int32_t length = 64;              ///< tokens written after each
  SymptomChoice symptoms = {};           ///< whose figures are computed
  std::string control = "the original";  ///< what sentences call it
};

/// What one side wrote after a prompt.
struct WrittenSide {
  std::string text;
  /// Bytes of the text before the loop that it ends in, and of its first period.
  struct Place {
    std::size_t begin = 0;
    std::size_t period = 0;
  };
  std::optional<Place> loop = {};
};

/// What both wrote after a prompt.
struct WrittenText {
  std::string prompt;
  bool greedy = false;  ///< else sampled
  WrittenSide candidate = {};
  std::optional<WrittenSide> control = {};
  std::optional<std::size_t> parts_at = {};  ///< bytes that both begin with; absent: equal
};

struct Examined {
  std::vector<Symptom> symptoms;
  std::vector<WrittenText> texts;  ///< greedy where such were written; kTextsKept at most
};
inline constexpr std::size_t kTextsKept = 24;

/// The figures of the symptoms that the plan wants, in the order of their table. `judge` reads the
/// texts of both (full precision; its vocabulary is the candidate's); without one there is neither
/// coherence nor topic. Control and judge are the same model as a rule. Not settled: settle() them
/// together with whatever else is tested. nll is the judge's -ln P per token of the text,
/// prompt_gain ln P(text | prompt) - ln P(text) per token (Li et al. 2016).
[[nodiscard]] Result<Examined> examine(const Plan& plan, const Side& candidate,
                                       const std::optional<Side>& control,
                                       const std::optional<Side>& judge, Progress& progress);

/// First token at which two texts part, one ending where the other goes on included; absent where
/// they are the same.
[[nodiscard]] std::optional<std::int64_t> first_divergence(const Output& a, const Output& b);

}  // namespace qualm::probe
