#include "diagnose/key_effects.h"

#include <algorithm>
#include <array>
#include <utility>

namespace qualm::diagnose {
namespace {

/// By the end of the key; the first that fits.
constexpr std::pair<std::string_view, std::string_view> kEffects[] = {
    {".rope.freq_base", "token positions are encoded differently"},
    {".rope.dimension_count", "token positions are encoded in another part of each head"},
    {".rope.scaling.type", "token positions are stretched differently"},
    {".rope.scaling.factor", "token positions are stretched differently"},
    {".rope.scaling.original_context_length",
     "token positions are stretched from another length on"},
    {".rope.scaling.attn_factor", "attention is scaled differently"},
    {".context_length", "runtimes allow another length of text"},
    {".attention.layer_norm_rms_epsilon", "every layer is normalized differently"},
    {".attention.layer_norm_epsilon", "every layer is normalized differently"},
    {".attention.head_count", "weights are cut into other heads"},
    {".attention.head_count_kv", "weights are cut into other heads"},
    {".attention.key_length", "weights are cut into other heads"},
    {".attention.value_length", "weights are cut into other heads"},
    {".attention.sliding_window", "layers see another stretch of the text"},
    {".attention.scale", "attention is scaled differently"},
    {".logit_softcapping", "logits are bounded differently"},
    {".expert_count", "another number of experts"},
    {".expert_used_count", "another number of experts per token"},
    {".expert_weights_scale", "experts are weighted differently"},
    {".expert_weights_norm", "experts are weighted differently"},
    {".expert_gating_func", "experts are chosen differently"},
    {".block_count", "another number of layers"},
    {"tokenizer.ggml.add_bos_token", "texts begin without the start token, or with one too many"},
    {"tokenizer.ggml.add_eos_token", "prompts end with another token"},
    {"tokenizer.ggml.bos_token_id", "texts begin with another token"},
    {"tokenizer.ggml.eos_token_id", "answers end elsewhere, or never"},
    {"tokenizer.ggml.eot_token_id", "answers end elsewhere, or never"},
    {"tokenizer.ggml.token_type", "special tokens are read as plain text, or printed in answers"},
    {"tokenizer.ggml.tokens", "tokens stand for other text"},
    {"tokenizer.ggml.scores", "text is split into other tokens"},
    {"tokenizer.ggml.merges", "text is split into other tokens"},
    {"tokenizer.ggml.model", "text is split by another kind of tokenizer"},
    {"tokenizer.ggml.pre", "text is cut differently before it is split"},
    {"tokenizer.ggml.add_space_prefix", "texts begin with or without a blank"},
};

constexpr std::array<std::string_view, 7> kOnlySplit{"tokenizer.ggml.model",
                                                     "tokenizer.ggml.pre",
                                                     "tokenizer.ggml.scores",
                                                     "tokenizer.ggml.merges",
                                                     "tokenizer.ggml.add_space_prefix",
                                                     "tokenizer.ggml.remove_extra_whitespaces",
                                                     "tokenizer.ggml.precompiled_charsmap"};

constexpr std::array<std::string_view, 6> kOnlyEnds{
    ".context_length",  // of runtimes; ".rope.scaling.original_context_length" is another key
    "tokenizer.ggml.eos_token_id",
    "tokenizer.ggml.eot_token_id",
    "tokenizer.ggml.eom_token_id",
    "tokenizer.ggml.eos_token_ids",
    "tokenizer.ggml.add_eos_token"};
// llama-vocab.cpp reads these and only prints them, or uses them for models that embed texts.
constexpr std::array<std::string_view, 4> kUnread{
    "tokenizer.ggml.padding_token_id", "tokenizer.ggml.mask_token_id",
    "tokenizer.ggml.seperator_token_id", "tokenizer.ggml.cls_token_id"};

std::optional<double> as_double(std::optional<std::int64_t> value) {
  return value ? std::optional(static_cast<double>(*value)) : std::nullopt;
}

}  // namespace

std::string_view effect_of(std::string_view key) noexcept {
  for (const auto& [end, effect] : kEffects)
    if (key.ends_with(end)) return effect;
  return {};
}

std::optional<double> default_of(std::string_view key, const model::Checkpoint& checkpoint) {
  const auto embedding = checkpoint.arch_integer("embedding_length");
  const auto heads = checkpoint.arch_integer("attention.head_count");
  if (key.ends_with(".rope.freq_base")) return 10000.0;
  if (key.ends_with(".rope.scaling.factor")) return 1.0;
  if (key.ends_with(".expert_count") || key.ends_with(".expert_used_count")) return 0.0;
  if (key.ends_with(".attention.head_count_kv")) return as_double(heads);
  const bool of_head = key.ends_with(".attention.key_length") ||
                       key.ends_with(".attention.value_length") ||
                       key.ends_with(".rope.dimension_count");
  if (of_head && embedding && heads && *heads > 0) return static_cast<double>(*embedding / *heads);
  return std::nullopt;
}

bool only_splits(std::string_view key) noexcept {
  return std::ranges::find(kOnlySplit, key) != kOnlySplit.end();
}

bool starts_texts(std::string_view key) noexcept {
  return key == "tokenizer.ggml.add_bos_token" || key == "tokenizer.ggml.bos_token_id";
}

bool only_ends(std::string_view key) noexcept {
  return std::ranges::any_of(kOnlyEnds, [&](std::string_view end) { return key.ends_with(end); });
}

bool unread(std::string_view key) noexcept {
  return std::ranges::find(kUnread, key) != kUnread.end();
}

}  // namespace qualm::diagnose
