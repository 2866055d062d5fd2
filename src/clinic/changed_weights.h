// A model whose weights were changed, before it is quantized.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "assemble/image.h"
#include "base/error.h"
#include "model/checkpoint.h"

namespace qualm::clinic {

using Values = std::span<float>;
/// Changes the values of a tensor in place.
using Change = std::function<Result<void>(const model::Tensor&, Values)>;

/// Every tensor in F32, changed.
[[nodiscard]] Result<assemble::Image> changed(const std::string& path, const Change& change);

/// The same, where only one tensor changes.
[[nodiscard]] Result<assemble::Image> changed_tensor(
    const std::string& path, std::string_view name,
    const std::function<void(const model::Tensor&, Values)>& change);

/// CLINIC-003.
[[nodiscard]] Error nothing_to_edit(const std::string& path, const std::string& what);

/// The tensor of that name in `file`, for one of these dimensions to take its values from.
[[nodiscard]] Result<const model::Tensor*> counterpart(const model::Checkpoint& file,
                                                       const std::string& name,
                                                       const model::Tensor& of);

/// As AWQ does it: the inputs of queries, keys, values, gate and up are divided by scales which the
/// norm before them takes over. The model computes the same.
enum class Router { scaled, left_out };
[[nodiscard]] Result<assemble::Image> with_folded_scales(const std::string& path, Router router);

/// A model that computes the same and is hard to quantize: one input in 16 of the same matrices is
/// an outlier.
[[nodiscard]] Result<assemble::Image> with_outliers(const std::string& path);

/// Queries and values of all layers from `base`: as if the LoRA had not been merged.
[[nodiscard]] Result<assemble::Image> without_lora(const std::string& tuned,
                                                   const std::string& base);

/// attn_norm and ffn_norm of layer 2 in each other's place.
[[nodiscard]] Result<assemble::Image> with_exchanged_norms(const std::string& path);

/// Experts 0 and 1 in each other's place, without the router: in layer 1, or in all layers.
enum class Layers { one, all };
[[nodiscard]] Result<assemble::Image> with_exchanged_experts(const std::string& path,
                                                             Layers layers);

/// Matrices rounded to bitsandbytes' NF4, 64 weights to a scale.
[[nodiscard]] Result<assemble::Image> through_nf4(const std::string& path);

/// The vocabulary with 64 tokens more, which no text uses.
[[nodiscard]] Result<assemble::Image> with_padded_vocabulary(const std::string& path);

}  // namespace qualm::clinic
