// The base file that llama-perplexity writes with --kl-divergence-base, read as a reference.
//
//   "_logits_" | u32 n_ctx | i32 n_vocab | i32 n_chunk | i32 tokens[n_chunk * n_ctx]
//   for each chunk, for each position from n_ctx / 2 to n_ctx - 2, padded to an even number of u16:
//     f32 scale | f32 least | u16 q[n_vocab]          ln P(v) = scale * q[v] + least
//   (llama.cpp, tools/perplexity/perplexity.cpp). ln P has 16 bits, and none is more than 16 below
//   the largest. The text is not in it, nor the first token of a window, which is the model's BOS.
#pragma once

#include <memory>

#include "base/error.h"
#include "base/file.h"
#include "experiment/reference_pack.h"

namespace qualm::experiment {

[[nodiscard]] bool looks_like_base_file(const FileSource& file);

/// A pack of one text without its letters, without types and noise floor. PACK-010: the file is not
/// what its first numbers say.
[[nodiscard]] Result<ReferencePack> read_base_file(const std::shared_ptr<const FileSource>& file,
                                                   std::int32_t threads);

}  // namespace qualm::experiment
