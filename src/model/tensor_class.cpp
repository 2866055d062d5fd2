#include "model/tensor_class.h"

#include <array>

#include "model/layer_name.h"

namespace qualm::model {
namespace {

/// "blk.12.attn_q.weight" -> "attn_q"; the layers of T5's decoder and encoder likewise.
std::string_view stem(std::string_view name) noexcept {
  if (const auto parts = layer_name(name);
      parts && (parts->stack == "blk." || parts->stack == "enc.blk." || parts->stack == "dec.blk."))
    name = parts->rest;
  return name.substr(0, name.find('.'));
}

/// "attn_q", and the factors "attn_q_a" and "attn_q_b" that some models split it into.
bool is_or_factor(std::string_view stem, std::string_view whole) noexcept {
  if (!stem.starts_with(whole)) return false;
  stem.remove_prefix(whole.size());
  return stem.empty() || stem == "_a" || stem == "_b";
}

struct Attention {
  std::string_view stem;
  TensorClass tensor_class;
};

constexpr std::array<Attention, 5> kAttention = {{{"attn_q", TensorClass::attn_q},
                                                  {"attn_k", TensorClass::attn_k},
                                                  {"attn_v", TensorClass::attn_v},
                                                  {"attn_qkv", TensorClass::attn_qkv},
                                                  {"attn_output", TensorClass::attn_output}}};

TensorClass feed_forward(std::string_view stem) noexcept {
  if (stem.starts_with("ffn_gate_inp")) return TensorClass::router;
  if (stem.ends_with("exps")) return TensorClass::experts;
  if (stem.ends_with("_shexp")) return TensorClass::shared_experts;
  if (stem == "ffn_gate") return TensorClass::ffn_gate;
  if (stem == "ffn_up") return TensorClass::ffn_up;
  if (stem == "ffn_down") return TensorClass::ffn_down;
  return TensorClass::other;
}

}  // namespace

TensorClass tensor_class(std::string_view name) noexcept {
  if (name.ends_with(".bias")) return TensorClass::bias;
  const std::string_view what = stem(name);
  if (what.ends_with("norm") || what.find("_norm_") != std::string_view::npos)
    return TensorClass::norm;
  if (what == "token_embd" || what == "per_layer_token_embd") return TensorClass::token_embd;
  if (what == "output") return TensorClass::output;
  if (what.starts_with("ffn_")) return feed_forward(what);
  for (const Attention& attention : kAttention)
    if (is_or_factor(what, attention.stem)) return attention.tensor_class;
  if (what.starts_with("attn_kv_")) return TensorClass::attn_qkv;
  for (const std::string_view recurrent : {"ssm_", "time_mix_", "channel_mix_", "shortconv"})
    if (what.starts_with(recurrent)) return TensorClass::ssm;
  return TensorClass::other;
}

std::string_view class_name(TensorClass tensor_class) noexcept {
  constexpr std::array<std::string_view, kTensorClasses> kNames = {
      "token_embd", "attn_q",   "attn_k", "attn_v",   "attn_qkv", "attn_output",
      "router",     "ffn_gate", "ffn_up", "ffn_down", "experts",  "shared_experts",
      "ssm",        "norm",     "bias",   "output",   "other"};
  return kNames[static_cast<std::size_t>(tensor_class)];
}

}  // namespace qualm::model
