// The one place that takes canonical GGUF names of tensors apart.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace qualm::model {

/// The name of a tensor that stands in a layer. Views into the name that was given.
///
///     "blk.12.attn_q.weight"       stack "blk."      layer 12   rest "attn_q.weight"
///     "enc.blk.3.ffn_up.weight"    stack "enc.blk."  layer 3    rest "ffn_up.weight"
struct LayerName {
  std::string_view stack;  ///< "blk."; "enc.blk." and "dec.blk." (T5), "v.blk." (vision)
  std::int64_t layer = 0;
  std::string_view rest;

  [[nodiscard]] std::string prefix() const;  ///< "blk.12.": the name without its rest
  [[nodiscard]] std::string in_layer(std::int64_t other) const;  ///< "blk.3.attn_q.weight"
  [[nodiscard]] std::string in_any_layer() const;  ///< a shell pattern: "blk.*.attn_q.weight"
};

/// Absent for names without a layer ("output.weight", "blk.x.y", "blk.1").
[[nodiscard]] std::optional<LayerName> layer_name(std::string_view name) noexcept;

/// The layer of the only stack of a decoder: 3 for "blk.3.attn_q.weight"; absent for all others.
[[nodiscard]] std::optional<std::int64_t> layer_of(std::string_view name) noexcept;

}  // namespace qualm::model
