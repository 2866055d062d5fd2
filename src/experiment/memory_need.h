// How much memory a diagnosis takes, told from the files alone: an estimate.
#pragma once

#include <cstdint>

#include "engine/engine.h"
#include "experiment/reference_store.h"
#include "model/checkpoint.h"

namespace qualm::experiment {

/// Of one model. Bytes.
struct ModelNeed {
  std::int64_t weights = 0;     ///< with what ggml repacks of them
  std::int64_t vocabulary = 0;  ///< as libllama and our reader hold it
  std::int64_t context = 0;     ///< KV cache, compute buffer and logits
};

/// Whether libllama opens the file itself, or a model of 16-bit floats is made of it first.
enum class RunsAs : std::uint8_t { file, floats };

/// Which matrices ggml keeps a second time: none where engine::Settings::second_copies is false;
/// with AMX units (engine::has_amx) nearly all.
enum class KeptTwice : std::uint8_t { none, repacked, amx };

[[nodiscard]] ModelNeed need_of_model(const model::Checkpoint& model,
                                      const engine::Settings& settings, RunsAs as, KeptTwice twice);
/// The largest model that is made to try something: the candidate as 16-bit floats.
[[nodiscard]] std::int64_t need_of_made(const model::Checkpoint& original, KeptTwice twice);
/// What libllama's quantizer takes beside the original: its largest matrix as floats, and
/// quantized.
[[nodiscard]] std::int64_t need_of_making(const model::Checkpoint& original);
/// The distributions kept of the original in one diagnosis; `windows`: how many are read at most,
/// -1 if that is not said.
[[nodiscard]] std::int64_t need_of_references(const model::Checkpoint& original,
                                              const engine::Settings& settings,
                                              std::int64_t windows);

/// Of a diagnosis; `original` is empty where there is none.
struct MemoryNeed {
  ModelNeed original{};
  ModelNeed candidate{};
  std::int64_t made = 0;
  std::int64_t making = 0;
  std::int64_t references = 0;
  [[nodiscard]] std::int64_t total(Hold hold) const noexcept;
};

}  // namespace qualm::experiment
