#include "formats/hf/family.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace qualm::formats::hf {
namespace {

constexpr auto kNone = Change::none;

// Fragments that families share. Order of the slots is the order of the rows.
constexpr std::array<Rule, 3> kTrunk{{
    {"model.embed_tokens", "token_embd", Size::any, Size::hidden},
    {"model.norm", "output_norm", Size::none, Size::hidden},
    {"lm_head", "output", Size::any, Size::hidden, kNone, 0, 1, true},
}};
constexpr std::array<Rule, 4> kAttention{{
    {"model.layers.#.self_attn.q_proj", "blk.#.attn_q", Size::queries, Size::hidden,
     Change::query_rows},
    {"model.layers.#.self_attn.k_proj", "blk.#.attn_k", Size::keys, Size::hidden, Change::key_rows},
    {"model.layers.#.self_attn.v_proj", "blk.#.attn_v", Size::keys, Size::hidden},
    {"model.layers.#.self_attn.o_proj", "blk.#.attn_output", Size::hidden, Size::queries},
}};
constexpr std::array<Rule, 2> kHeadNorms{{
    {"model.layers.#.self_attn.q_norm", "blk.#.attn_q_norm", Size::none, Size::head},
    {"model.layers.#.self_attn.k_norm", "blk.#.attn_k_norm", Size::none, Size::head},
}};
constexpr std::array<Rule, 2> kNorms{{
    {"model.layers.#.input_layernorm", "blk.#.attn_norm", Size::none, Size::hidden},
    {"model.layers.#.post_attention_layernorm", "blk.#.ffn_norm", Size::none, Size::hidden},
}};
constexpr std::array<Rule, 4> kFourNorms{{
    {"model.layers.#.input_layernorm", "blk.#.attn_norm", Size::none, Size::hidden},
    {"model.layers.#.post_attention_layernorm", "blk.#.post_attention_norm", Size::none,
     Size::hidden},
    {"model.layers.#.pre_feedforward_layernorm", "blk.#.ffn_norm", Size::none, Size::hidden},
    {"model.layers.#.post_feedforward_layernorm", "blk.#.post_ffw_norm", Size::none, Size::hidden},
}};
constexpr std::array<Rule, 3> kFeedForward{{
    {"model.layers.#.mlp.gate_proj", "blk.#.ffn_gate", Size::feed_forward, Size::hidden},
    {"model.layers.#.mlp.up_proj", "blk.#.ffn_up", Size::feed_forward, Size::hidden},
    {"model.layers.#.mlp.down_proj", "blk.#.ffn_down", Size::hidden, Size::feed_forward},
}};
constexpr std::array<Rule, 4> kMixtral{{
    {"model.layers.#.block_sparse_moe.gate", "blk.#.ffn_gate_inp", Size::experts, Size::hidden},
    {"model.layers.#.block_sparse_moe.experts.@.w1", "blk.#.ffn_gate_exps", Size::feed_forward,
     Size::hidden},
    {"model.layers.#.block_sparse_moe.experts.@.w2", "blk.#.ffn_down_exps", Size::hidden,
     Size::feed_forward},
    {"model.layers.#.block_sparse_moe.experts.@.w3", "blk.#.ffn_up_exps", Size::feed_forward,
     Size::hidden},
}};
constexpr std::array<Rule, 7> kExperts{{
    {"model.layers.#.mlp.gate", "blk.#.ffn_gate_inp", Size::experts, Size::hidden},
    {"model.layers.#.mlp.experts.@.gate_proj", "blk.#.ffn_gate_exps", Size::expert_width,
     Size::hidden},
    {"model.layers.#.mlp.experts.@.up_proj", "blk.#.ffn_up_exps", Size::expert_width, Size::hidden},
    {"model.layers.#.mlp.experts.@.down_proj", "blk.#.ffn_down_exps", Size::hidden,
     Size::expert_width},
    // Newer checkpoints keep the experts stacked, and gate and up in one.
    {"model.layers.#.mlp.experts.gate_up_proj", "blk.#.ffn_gate_exps", Size::expert_width,
     Size::hidden, Change::first_half},
    {"model.layers.#.mlp.experts.gate_up_proj", "blk.#.ffn_up_exps", Size::expert_width,
     Size::hidden, Change::second_half},
    {"model.layers.#.mlp.experts.down_proj", "blk.#.ffn_down_exps", Size::hidden,
     Size::expert_width},
}};
constexpr std::array<Rule, 4> kSharedExpert{{
    {"model.layers.#.mlp.shared_expert.gate_proj", "blk.#.ffn_gate_shexp", Size::shared_width,
     Size::hidden},
    {"model.layers.#.mlp.shared_expert.up_proj", "blk.#.ffn_up_shexp", Size::shared_width,
     Size::hidden},
    {"model.layers.#.mlp.shared_expert.down_proj", "blk.#.ffn_down_shexp", Size::hidden,
     Size::shared_width},
    {"model.layers.#.mlp.shared_expert_gate", "blk.#.ffn_gate_inp_shexp", Size::one, Size::hidden},
}};
// exllamav2 splits what Phi-3 fuses.
constexpr std::array<Rule, 9> kPhi3{{
    {"model.layers.#.self_attn.qkv_proj", "blk.#.attn_qkv", Size::qkv, Size::hidden},
    {"model.layers.#.self_attn.q_proj", "blk.#.attn_qkv", Size::queries, Size::hidden, kNone, 0, 3},
    {"model.layers.#.self_attn.k_proj", "blk.#.attn_qkv", Size::keys, Size::hidden, kNone, 1, 3},
    {"model.layers.#.self_attn.v_proj", "blk.#.attn_qkv", Size::keys, Size::hidden, kNone, 2, 3},
    {"model.layers.#.self_attn.o_proj", "blk.#.attn_output", Size::hidden, Size::queries},
    {"model.layers.#.mlp.gate_up_proj", "blk.#.ffn_up", Size::gate_up, Size::hidden},
    {"model.layers.#.mlp.gate_proj", "blk.#.ffn_up", Size::feed_forward, Size::hidden, kNone, 0, 2},
    {"model.layers.#.mlp.up_proj", "blk.#.ffn_up", Size::feed_forward, Size::hidden, kNone, 1, 2},
    {"model.layers.#.mlp.down_proj", "blk.#.ffn_down", Size::hidden, Size::feed_forward},
}};
constexpr std::array<Rule, 10> kGpt2{{
    {"wte", "token_embd", Size::any, Size::hidden},
    {"wpe", "position_embd", Size::any, Size::hidden},
    {"ln_f", "output_norm", Size::none, Size::hidden},
    {"lm_head", "output", Size::any, Size::hidden, kNone, 0, 1, true},
    {"h.#.ln_1", "blk.#.attn_norm", Size::none, Size::hidden},
    {"h.#.ln_2", "blk.#.ffn_norm", Size::none, Size::hidden},
    {"h.#.attn.c_attn", "blk.#.attn_qkv", Size::qkv, Size::hidden, Change::transpose},
    {"h.#.attn.c_proj", "blk.#.attn_output", Size::hidden, Size::hidden, Change::transpose},
    {"h.#.mlp.c_fc", "blk.#.ffn_up", Size::feed_forward, Size::hidden, Change::transpose},
    {"h.#.mlp.c_proj", "blk.#.ffn_down", Size::hidden, Size::feed_forward, Change::transpose},
}};

// The defaults are those of transformers' configuration classes; both of Gemma 3's wrap one.
constexpr Defaults kGemma3{.context = 131072,
                           .kv_heads = 4,
                           .head_dim = 256,
                           .rope_base = 1e6,
                           .tied = true,
                           .sliding_window = 4096,
                           .hidden = 2304,
                           .feed_forward = 9216,
                           .layers = 26,
                           .heads = 8};

constexpr std::array<Family, 13> kFamilies{{
    {.model_type = "llama",
     .architecture = "llama",
     .class_name = "LlamaForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kFeedForward},
     .defaults = {},
     .rotates_pairs = true,
     .writes_vocab_size = true},
    {.model_type = "mistral",
     .architecture = "llama",
     .class_name = "MistralForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kFeedForward},
     .defaults = {.context = 131072, .kv_heads = 8, .sliding_window = 4096},
     .rotates_pairs = true,
     .writes_vocab_size = true},
    {.model_type = "mixtral",
     .architecture = "llama",
     .class_name = "MixtralForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kMixtral},
     .defaults = {.context = 131072, .kv_heads = 8, .epsilon = 1e-5, .rope_base = 1e6},
     .rotates_pairs = true,
     .writes_vocab_size = true},
    {.model_type = "qwen2",
     .architecture = "qwen2",
     .class_name = "Qwen2ForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kFeedForward},
     .defaults = {.context = 32768}},
    {.model_type = "qwen3",
     .architecture = "qwen3",
     .class_name = "Qwen3ForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kHeadNorms, kFeedForward},
     .defaults = {.context = 32768, .head_dim = 128},
     .fixed_head = true},
    {.model_type = "qwen2_moe",
     .architecture = "qwen2moe",
     .class_name = "Qwen2MoeForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kExperts, kSharedExpert},
     .defaults = {.context = 32768},
     .normalizes_experts = false},
    {.model_type = "qwen3_moe",
     .architecture = "qwen3moe",
     .class_name = "Qwen3MoeForCausalLM",
     .rules = {kTrunk, kNorms, kAttention, kHeadNorms, kExperts},
     .defaults = {.context = 32768, .kv_heads = 4},
     .fixed_head = true},
    {.model_type = "gemma",
     .architecture = "gemma",
     .class_name = "GemmaForCausalLM",
     .activation = "gelu",
     .rules = {kTrunk, kNorms, kAttention, kFeedForward},
     .defaults = {.context = 8192, .head_dim = 256, .tied = true},
     .norm_plus_one = true,
     .fixed_head = true},
    {.model_type = "gemma2",
     .architecture = "gemma2",
     .class_name = "Gemma2ForCausalLM",
     .activation = "gelu",
     .rules = {kTrunk, kFourNorms, kAttention, kFeedForward},
     .defaults =
         {.context = 8192, .kv_heads = 4, .head_dim = 256, .tied = true, .sliding_window = 4096},
     .norm_plus_one = true,
     .fixed_head = true},
    {.model_type = "gemma3_text",
     .architecture = "gemma3",
     .class_name = "Gemma3ForCausalLM",
     .activation = "gelu",
     .rules = {kTrunk, kFourNorms, kAttention, kHeadNorms, kFeedForward},
     .defaults = kGemma3,
     .norm_plus_one = true,
     .fixed_head = true},
    {.model_type = "gemma3",
     .architecture = "gemma3",
     .class_name = "Gemma3ForConditionalGeneration",
     .activation = "gelu",
     .rules = {kTrunk, kFourNorms, kAttention, kHeadNorms, kFeedForward},
     .defaults = kGemma3,
     .norm_plus_one = true,
     .fixed_head = true},
    {.model_type = "phi3",
     .architecture = "phi3",
     .class_name = "Phi3ForCausalLM",
     .rules = {kTrunk, kNorms, kPhi3},
     .defaults = {.context = 4096, .epsilon = 1e-5}},
    {.model_type = "gpt2",
     .architecture = "gpt2",
     .class_name = "GPT2LMHeadModel",
     .activation = "gelu_new",
     .rules = {kGpt2},
     .defaults = {.context = 1024, .epsilon = 1e-5, .tied = true}},
}};

}  // namespace

const Family* family_of(std::string_view model_type) noexcept {
  const auto found = std::ranges::find(kFamilies, model_type, &Family::model_type);
  return found == kFamilies.end() ? nullptr : &*found;
}

const Family* family_of_class(std::string_view class_name) noexcept {
  const auto found = std::ranges::find(kFamilies, class_name, &Family::class_name);
  return found == kFamilies.end() ? nullptr : &*found;
}

std::string known_families() {
  std::string names;
  for (const Family& family : kFamilies)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", family.model_type);
  return names;
}

std::optional<Place> match(std::string_view pattern, std::string_view name) {
  Place place;
  while (!pattern.empty()) {
    if (pattern[0] != '#' && pattern[0] != '@') {
      if (name.empty() || name[0] != pattern[0]) return std::nullopt;
      name.remove_prefix(1);
      pattern.remove_prefix(1);
      continue;
    }
    std::int64_t& number = pattern[0] == '#' ? place.layer : place.expert;
    const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), number);
    const auto digits = static_cast<std::size_t>(end - name.data());
    const bool canonical = digits == 1 || (digits > 1 && name[0] != '0');
    if (failed != std::errc() || name[0] == '-' || !canonical) return std::nullopt;
    name.remove_prefix(digits);
    pattern.remove_prefix(1);
  }
  return name.empty() ? std::optional(place) : std::nullopt;
}

std::string fill(std::string_view pattern, Place place) {
  std::string name;
  for (const char c : pattern) {
    if (c == '#') {
      name += fmt::format("{}", place.layer);
    } else if (c == '@') {
      name += fmt::format("{}", place.expert);
    } else {
      name += c;
    }
  }
  return name;
}

}  // namespace qualm::formats::hf
