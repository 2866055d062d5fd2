// What a file holds where it holds no language model: told from its keys and tensor names alone.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/checkpoint.h"

namespace qualm::model {

enum class Kind : std::uint8_t {
  language_model,
  encoder,          ///< embeds or ranks texts: BERT and its like
  encoder_decoder,  ///< T5: its decoder needs the encoder's output
  projector,        ///< mmproj: the vision or audio part of a multimodal model
  split_experts,    ///< a mixture in the layout of before April 2024, one tensor for each expert
  adapter,          ///< a LoRA
  importance,       ///< an importance matrix
  vocabulary,       ///< a tokenizer without weights
};

struct KindRow {
  Kind kind = Kind::language_model;
  std::string_view name{};    ///< what it is: "an importance matrix"
  std::string_view advice{};  ///< what to do
  bool weights = false;       ///< it holds weights of a model: inspect and compare can read it
};

/// Unknown files count as language models.
[[nodiscard]] const KindRow& kind_of(const Checkpoint& checkpoint);

}  // namespace qualm::model
