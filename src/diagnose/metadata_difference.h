// What two checkpoints disagree on that changes how they read and answer.
#pragma once

#include <string>
#include <vector>

#include "diagnose/finding.h"
#include "model/checkpoint.h"

namespace qualm::diagnose {

struct Difference {
  /// How much the difference matters.
  enum class Weight {
    breaks,     ///< text is split, weights are used or positions are counted otherwise
    template_,  ///< the chat template: prompts are built otherwise
    note,       ///< what one file leaves to the default, or no runtime reads
  };
  std::string key;   ///< metadata key, or "tensor <name>"
  std::string says;  ///< "token 17 is \"a\", in the original \"b\" (3 differ)"
  Weight weight = Weight::breaks;
  std::optional<Mend> mend = std::nullopt;  ///< where a change of the key makes it the original's
};

/// tokenizer.* and {arch}.* keys, general.architecture, the set and shapes of the tensors, and the
/// head where only one of the two has one.
/// Empty: equal in all of that.
[[nodiscard]] std::vector<Difference> differences(const model::Checkpoint& candidate,
                                                  const model::Checkpoint& baseline);

/// Those of the tokenizer's keys that split a text otherwise, start or end it; not the chat
/// template. A note: one of the files leaves the key to the default.
[[nodiscard]] std::vector<Difference> tokenizer_differences(const model::Checkpoint& candidate,
                                                            const model::Checkpoint& baseline);

/// Why logits of the two cannot be compared position by position: the vocabularies are of different
/// size or hold different tokens. Names the first differences; empty where they can.
[[nodiscard]] std::string vocabulary_mismatch(const model::Checkpoint& candidate,
                                              const model::Checkpoint& baseline);

}  // namespace qualm::diagnose
