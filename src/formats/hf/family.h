// What is known of each family of models: where its modules go in a GGUF, and what transformers
// assumes where its config.json says nothing.
//
// A rule maps a module's name to a canonical one; # stands for the layer, @ for the expert:
//
//   model.layers.#.self_attn.q_proj            -> blk.#.attn_q
//   model.layers.#.mlp.experts.@.down_proj     -> blk.#.ffn_down_exps     stacked, {in, out,
//   experts}
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace qualm::formats::hf {

/// A dimension as the configuration knows it.
enum class Size {
  none,  ///< no such dimension: a norm has one only
  any,
  hidden,
  queries,  ///< heads x head size
  keys,     ///< key heads x head size
  qkv,      ///< queries and twice keys
  head,
  feed_forward,
  gate_up,  ///< twice feed_forward
  experts,
  expert_width,
  shared_width,
  one,
};

/// What the converter does to the values or their order.
enum class Change {
  none,
  query_rows,  ///< rows of each head from halves to pairs (llama's rotary embedding)
  key_rows,
  transpose,    ///< Conv1D keeps an unquantized weight as [in, out]
  first_half,   ///< of each expert's rows: gate of gate_up
  second_half,  ///< up of gate_up
  plus_one,     ///< Gemma's norms multiply by 1 + w
};

struct Rule {
  std::string_view module;
  std::string_view name;
  Size out = Size::any;
  Size in = Size::any;
  Change change = Change::none;
  int slot = 0;   ///< which part of the canonical tensor ...
  int slots = 1;  ///< ... of how many, joined by rows
  bool optional = false;
};

/// transformers' defaults; 0: the rule that is named.
struct Defaults {
  std::int64_t context = 2048;
  std::int64_t kv_heads = 0;  ///< 0: as many as heads
  std::int64_t head_dim = 0;  ///< 0: hidden / heads
  double epsilon = 1e-6;
  double rope_base = 10000;
  bool tied = false;
  std::int64_t sliding_window = 0;  ///< 0: none
  // Gemma 3's nested configurations leave out even these; 0: must be stated.
  std::int64_t hidden = 0;
  std::int64_t feed_forward = 0;
  std::int64_t layers = 0;
  std::int64_t heads = 0;
};

struct Family {
  std::string_view model_type;           ///< config.json's
  std::string_view architecture;         ///< GGUF's
  std::string_view class_name;           ///< of `architectures`, for configs without model_type
  std::string_view activation = "silu";  ///< that the runtime computes; a prefix
  std::array<std::span<const Rule>, 6> rules;
  Defaults defaults;
  bool rotates_pairs = false;  ///< rope in pairs: rows of q and k are permuted
  bool norm_plus_one = false;
  bool writes_vocab_size = false;
  bool fixed_head = false;  ///< head size is written even where config.json does not state it
  bool normalizes_experts = true;  ///< the runtime scales the used experts' weights to sum to 1
};

/// Null for a type that is not known.
[[nodiscard]] const Family* family_of(std::string_view model_type) noexcept;
[[nodiscard]] const Family* family_of_class(std::string_view class_name) noexcept;
/// "gemma, gemma2, ...", for messages.
[[nodiscard]] std::string known_families();

struct Place {
  std::int64_t layer = -1;  ///< -1: the rule has none
  std::int64_t expert = -1;
};

/// Whether `name` fits the pattern of a rule.
[[nodiscard]] std::optional<Place> match(std::string_view pattern, std::string_view name);
/// The pattern with the layer and expert put in.
[[nodiscard]] std::string fill(std::string_view pattern, Place place);

}  // namespace qualm::formats::hf
