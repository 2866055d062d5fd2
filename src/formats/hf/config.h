// config.json -> hyperparameters under GGUF's keys, with what transformers assumes filled in.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "formats/hf/family.h"
#include "model/metadata.h"

namespace qualm::formats::hf {

/// What names and shapes are checked against. Each is below 2^31; 0 where the family has none.
struct Sizes {
  std::int64_t layers = 0;
  std::int64_t hidden = 0;
  std::int64_t heads = 0;
  std::int64_t kv_heads = 0;
  std::int64_t head_dim = 0;
  std::int64_t feed_forward = 0;
  std::int64_t experts = 0;
  std::int64_t expert_width = 0;
  std::int64_t shared_width = 0;

  [[nodiscard]] std::int64_t of(Size size) const noexcept;  ///< -1 for Size::any
};

/// Rotary frequencies as Llama 3 stretches them, by wave length.
struct Llama3Rope {
  double base = 0;
  double factor = 0;
  double low = 0;
  double high = 0;
  double original_context = 0;
};

/// The divisors that the converter writes as rope_freqs.weight, for heads of `head_dim`:
/// transformers modeling_rope_utils.py, _compute_llama3_parameters.
[[nodiscard]] std::vector<float> rope_divisors(const Llama3Rope& rope, std::int64_t head_dim);

struct Config {
  std::string model_type;
  const Family* family = nullptr;  ///< null: a type that is not known; sizes are all 0
  Sizes sizes;
  std::int64_t vocab_size = 0;  ///< as stated; 0 where it is not
  bool tied = false;            ///< the head is the embedding
  model::Metadata metadata;
  std::optional<Llama3Rope> llama3;
  std::vector<float> long_factors;  ///< Phi-3's, of half the rotated dimensions each; or empty
  std::vector<float> short_factors;
  std::vector<std::string> notes;
  std::vector<std::string> lacks;  ///< see Checkpoint
};

/// Errors: HF-002 not an object, HF-003 neither model_type nor a known class, HF-004 a value of
/// the wrong type or size, HF-005 a key missing that has no default, HF-006 head counts that do not
/// divide.
[[nodiscard]] Result<Config> read_config(const nlohmann::json& root, const std::string& file);

}  // namespace qualm::formats::hf
