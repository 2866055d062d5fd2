// What is wrong with a chat template by what it writes. What its text alone shows is in
// model/prompt_risks.h.
#pragma once

#include <vector>

#include "model/anatomy.h"
#include "model/metadata.h"

namespace qualm::chat {

/// Renders the sample prompts. Empty where there is no template or nothing to say.
[[nodiscard]] std::vector<model::Risk> rendered_risks(const model::Metadata& metadata);

}  // namespace qualm::chat
