// What a file's chat template, special tokens and pre-tokenizer say about each other: faults of
// prompts that the metadata alone shows.
//
// The template is read as text here. What it writes is in chat/lint.h.
#pragma once

#include <vector>

#include "model/anatomy.h"
#include "model/metadata.h"

namespace qualm::model {

/// In the order in which they break answers. Empty where there is nothing to say.
[[nodiscard]] std::vector<Risk> prompt_risks(const Metadata& metadata);

}  // namespace qualm::model
