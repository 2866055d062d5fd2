// What becomes of each tensor when two checkpoints are made into one model.
//
// A counterfactual of the diagnosis is a Recipe: "the candidate, but its embedding from the
// baseline".
#pragma once

#include <string>
#include <vector>

#include "assemble/image.h"
#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"

namespace qualm::assemble {

/// Part of the cache key of whatever ran assembled. Raise it with every change here, in codec/ or
/// in the readers that makes another GGUF of the same files.
inline constexpr int kAssembleVersion = 4;

enum class Action {
  keep,             ///< as the candidate has it
  from_baseline,    ///< the baseline's tensor of that name, in its encoding
  decode,           ///< the candidate's values, quantized matrices as floats
  encode,           ///< the candidate's values, encoded as `type` by ggml (no importance matrix)
  encode_baseline,  ///< the baseline's values, encoded as `type`: plain rounding of the same
                    ///< weights
  encode_like_candidate,  ///< the baseline's values in the candidate's own type or on a grid as its
                          ///< own, tensor by tensor; as `type` where its own needs an importance
                          ///< matrix
};

struct Rule {
  std::string pattern;  ///< exact tensor name, or a shell pattern: "blk.*.attn_k.weight", "*"
  Action action = Action::keep;
  std::string type;  ///< ggml's name, for encode*: "Q8_0"
};

/// The first rule whose pattern fits a tensor decides; none: keep.
struct Recipe {
  std::vector<Rule> rules;
};

/// Decoded for a run though ggml knows it: its CPU kernels would round what the matrix is
/// multiplied with to BF16 too.
[[nodiscard]] bool is_bf16_matrix(const model::Tensor& tensor);

/// Encodings ggml does not know are decoded: vectors to F32, matrices to F16 where nothing
/// overflows and the squared error stays below (2^-11)^2 of the energy (values that F16 holds come
/// through exactly), else to F32; norms, biases and routers always F32. BF16 is decoded as well
/// (is_bf16_matrix). Metadata and tokenizer
/// are the candidate's. Tensors only the baseline has are not added. Errors: ASSEMBLE-001 the
/// baseline lacks a tensor a rule wants or has it in another shape, ASSEMBLE-002 a type that ggml
/// cannot encode without an importance matrix or that does not fit the row, ASSEMBLE-003 metadata
/// that GGUF cannot hold, ASSEMBLE-005 a candidate that lacks what a run needs (Checkpoint::lacks).
[[nodiscard]] Result<Image> assemble(const model::Checkpoint& candidate,
                                     const model::Checkpoint* baseline, const Recipe& recipe,
                                     Progress& progress);

/// Q5_0: ggml's CPU kernels take twice as long for it as for Q8_0 (docs/performance.md).
[[nodiscard]] bool is_slow_matrix(const model::Tensor& tensor);
/// The model with its slow matrices as Q8_0, which holds the same values. Errors: as assemble.
[[nodiscard]] Result<Image> for_cpu(const model::Checkpoint& model, Progress& progress);

}  // namespace qualm::assemble
