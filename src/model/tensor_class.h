// What a tensor is for, from its canonical GGUF name.
#pragma once

#include <string_view>

namespace qualm::model {

/// In the order of a forward pass; the order reports list them in.
enum class TensorClass {
  token_embd,
  attn_q,
  attn_k,
  attn_v,
  attn_qkv,  ///< fused, and the joint key/value matrices of multi-head latent attention
  attn_output,
  router,  ///< ffn_gate_inp: which experts a token goes to
  ffn_gate,
  ffn_up,
  ffn_down,
  experts,
  shared_experts,
  ssm,  ///< state-space and other recurrent layers
  norm,
  bias,
  output,
  other,  ///< rope factors, attention sinks, vision towers, ...
};

inline constexpr int kTensorClasses = static_cast<int>(TensorClass::other) + 1;

[[nodiscard]] TensorClass tensor_class(std::string_view name) noexcept;
[[nodiscard]] std::string_view class_name(TensorClass tensor_class) noexcept;  ///< "attn_q"

}  // namespace qualm::model
