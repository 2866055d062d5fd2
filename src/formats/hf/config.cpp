#include "formats/hf/config.h"

#include <fmt/format.h>

#include "formats/hf/fields.h"
#include "formats/hf/rope.h"

namespace qualm::formats::hf {
namespace {

using nlohmann::json;

class Reader {
 public:
  Reader(const Fields& fields, Config& config)
      : fields_(fields), config_(config), family_(*config.family) {}

  Result<void> read() {
    config_.metadata.set("general.architecture", std::string(family_.architecture));
    QUALM_CHECK(read_sizes());
    QUALM_CHECK(read_heads());
    QUALM_CHECK(read_experts());
    QUALM_CHECK(read_norm());
    if (family_.architecture != "gpt2") QUALM_CHECK(read_rope(fields_, config_));
    QUALM_CHECK(read_window());
    read_softcaps();
    read_layer_types();
    read_gpt2_scales();
    read_activation();
    return {};
  }

 private:
  void set(std::string_view key, model::Value value) {
    config_.metadata.set(fmt::format("{}.{}", family_.architecture, key), std::move(value));
  }
  void set_size(std::string_view key, std::int64_t value) {
    set(key, static_cast<std::uint64_t>(value));
  }
  /// 0 means that there is no default.
  Result<std::int64_t> size(Fields::Names names, std::int64_t otherwise) const {
    return fields_.size(names, otherwise > 0 ? std::optional(otherwise) : std::nullopt);
  }

  Result<void> read_sizes() {
    Sizes& sizes = config_.sizes;
    QUALM_TRY(sizes.layers, size({"num_hidden_layers", "n_layer"}, family_.defaults.layers));
    QUALM_TRY(sizes.hidden, size({"hidden_size", "n_embd"}, family_.defaults.hidden));
    QUALM_TRY(sizes.heads, size({"num_attention_heads", "n_head"}, family_.defaults.heads));
    const std::int64_t usual =
        family_.architecture == "gpt2" ? 4 * sizes.hidden : family_.defaults.feed_forward;
    QUALM_TRY(sizes.feed_forward, size({"intermediate_size", "n_inner"}, usual));
    QUALM_TRY(const auto context,
              size({"max_position_embeddings", "n_positions", "n_ctx"}, family_.defaults.context));
    QUALM_TRY(config_.vocab_size, fields_.size({"vocab_size"}, 0));
    set_size("context_length", context);
    set_size("embedding_length", sizes.hidden);
    set_size("block_count", sizes.layers);
    set_size("feed_forward_length", sizes.feed_forward);
    return {};
  }

  Result<void> read_heads() {
    Sizes& sizes = config_.sizes;
    const std::int64_t kv = family_.defaults.kv_heads > 0 ? family_.defaults.kv_heads : sizes.heads;
    QUALM_TRY(sizes.kv_heads, fields_.size({"num_key_value_heads"}, kv));
    if (sizes.heads % sizes.kv_heads != 0)
      return fail(fields_.error("HF-006", "num_key_value_heads",
                                fmt::format("a number that divides {} heads", sizes.heads),
                                fmt::format("{}", sizes.kv_heads)));
    const bool stated = fields_.find({"head_dim"}) != nullptr;
    const std::int64_t usual = family_.defaults.head_dim;
    if (!stated && usual == 0 && sizes.hidden % sizes.heads != 0)
      return fail(fields_.error("HF-006", "num_attention_heads",
                                fmt::format("a number that divides hidden_size {}", sizes.hidden),
                                fmt::format("{}", sizes.heads)));
    const std::int64_t even = std::max<std::int64_t>(1, sizes.hidden / sizes.heads);
    QUALM_TRY(sizes.head_dim, fields_.size({"head_dim"}, usual > 0 ? usual : even));
    if (family_.rotates_pairs && sizes.head_dim % 2 != 0)
      return fail(
          fields_.error("HF-006", "head_dim", "an even number", fmt::format("{}", sizes.head_dim)));
    set_size("attention.head_count", sizes.heads);
    set_size("attention.head_count_kv", sizes.kv_heads);
    if (stated || family_.fixed_head) {
      set_size("attention.key_length", sizes.head_dim);
      set_size("attention.value_length", sizes.head_dim);
    }
    return {};
  }

  Result<void> read_experts() {
    Sizes& sizes = config_.sizes;
    const bool mixtral = family_.model_type == "mixtral";
    const bool qwen2 = family_.model_type == "qwen2_moe";
    if (!mixtral && !qwen2 && family_.model_type != "qwen3_moe") return {};
    QUALM_TRY(sizes.experts, fields_.size({"num_local_experts", "num_experts"}, mixtral ? 8
                                                                                : qwen2 ? 60
                                                                                        : 128));
    QUALM_TRY(const auto used, fields_.size({"num_experts_per_tok"}, mixtral ? 2 : qwen2 ? 4 : 8));
    if (used > sizes.experts)
      return fail(fields_.error("HF-004", "num_experts_per_tok",
                                fmt::format("at most the {} experts there are", sizes.experts),
                                fmt::format("{}", used)));
    set_size("expert_count", sizes.experts);
    set_size("expert_used_count", used);
    if (mixtral) return {};
    QUALM_TRY(sizes.expert_width, fields_.size({"moe_intermediate_size"}, qwen2 ? 1408 : 768));
    set_size("expert_feed_forward_length", sizes.expert_width);
    if (qwen2) {
      QUALM_TRY(sizes.shared_width, fields_.size({"shared_expert_intermediate_size"}, 5632));
      set_size("expert_shared_feed_forward_length", sizes.shared_width);
    }
    if (fields_.flag({"norm_topk_prob"}, false) != family_.normalizes_experts)
      config_.notes.push_back(fmt::format(
          "norm_topk_prob is {} here; llama.cpp computes {} as if it were {}",
          !family_.normalizes_experts, family_.architecture, family_.normalizes_experts));
    return {};
  }

  Result<void> read_norm() {
    const bool rms = family_.architecture != "gpt2";
    QUALM_TRY(const double epsilon,
              fields_.number({"rms_norm_eps", "layer_norm_epsilon"}, family_.defaults.epsilon));
    set(rms ? "attention.layer_norm_rms_epsilon" : "attention.layer_norm_epsilon", epsilon);
    return {};
  }

  Result<void> read_window() {
    const bool qwen = family_.architecture.starts_with("qwen");
    std::int64_t window = family_.defaults.sliding_window;
    if (fields_.states("sliding_window") && !qwen) {  // Qwen's is 0 where it is not used
      QUALM_TRY(window, fields_.size({"sliding_window"}, 0));
    }
    if (qwen && fields_.flag({"use_sliding_window"}, false))
      config_.notes.emplace_back(
          "use_sliding_window is set; llama.cpp attends to the whole context");
    if (window == 0 || qwen) return {};
    set_size("attention.sliding_window", window);
    const bool whole = family_.architecture == "llama" || family_.architecture == "phi3";
    if (whole &&
        window < config_.metadata.integer(fmt::format("{}.context_length", family_.architecture)))
      config_.notes.push_back(
          fmt::format("sliding_window is {}; llama.cpp attends to the whole context", window));
    return {};
  }

  void read_softcaps() {
    const bool capped = family_.architecture == "gemma2";
    const auto cap = [&](std::string_view key, Fields::Names names, double usual) {
      const bool stated = fields_.states(*names.begin());
      const auto value = stated ? fields_.number(names) : std::optional(usual);
      if (value && *value > 0) set(key, *value);
    };
    if (!capped && family_.architecture != "gemma3") return;
    cap("attn_logit_softcapping", {"attn_logit_softcapping"}, capped ? 50 : 0);
    cap("final_logit_softcapping", {"final_logit_softcapping"}, capped ? 30 : 0);
    const double head = static_cast<double>(config_.sizes.head_dim);
    const double share =
        static_cast<double>(config_.sizes.hidden) / static_cast<double>(config_.sizes.heads);
    // libllama knows the models of 27 billion weights by their layers.
    const double used = config_.sizes.layers == (capped ? 46 : 62) ? share : head;
    const double scalar = fields_.number({"query_pre_attn_scalar"}).value_or(used);
    if (scalar != used)
      config_.notes.push_back(fmt::format(
          "query_pre_attn_scalar is {} here; llama.cpp computes as if it were {}", scalar, used));
  }

  /// Which layers see the whole context libllama has built in.
  void read_layer_types() {
    const bool gemma2 = family_.architecture == "gemma2";
    if (!gemma2 && family_.architecture != "gemma3") return;
    const std::size_t period = gemma2 ? 2 : 6;
    const double usual = static_cast<double>(period);
    bool same = fields_.number({"sliding_window_pattern"}).value_or(usual) == usual;
    const json* types = fields_.find({"layer_types"});
    for (std::size_t i = 0; types != nullptr && types->is_array() && i < types->size(); ++i) {
      const bool full = (i + 1) % period == 0;
      same = same && (*types)[i] == (full ? "full_attention" : "sliding_attention");
    }
    if (!same)
      config_.notes.push_back(fmt::format(
          "windows are not on all layers but every {}; llama.cpp computes as if they were",
          gemma2 ? "second" : "sixth"));
  }

  void read_gpt2_scales() {
    if (family_.architecture != "gpt2") return;
    if (fields_.flag({"scale_attn_by_inverse_layer_idx"}, false) ||
        !fields_.flag({"scale_attn_weights"}, true))
      config_.notes.emplace_back(
          "attention is scaled otherwise than by its head size; llama.cpp knows no other");
  }

  void read_activation() {
    const std::string stated =
        fields_.text({"hidden_activation", "hidden_act", "activation_function"});
    const std::string_view wanted = family_.activation.substr(0, 4);  // of gelu any form
    if (stated.empty() || stated.starts_with(wanted) || (wanted == "silu" && stated == "swish"))
      return;
    config_.lacks.push_back(fmt::format("a runtime for its activation: {} is computed with {}",
                                        family_.architecture, family_.activation) +
                            ", config.json says " + printable(stated));
  }

  const Fields& fields_;
  Config& config_;
  const Family& family_;
};

/// Of a type that is not known, what nearly every configuration states, as far as it does.
void read_unknown(const Fields& fields, Config& config) {
  config.metadata.set("general.architecture", printable(config.model_type));
  const auto copy = [&](Fields::Names names, std::string_view key) {
    if (const auto value = fields.size(names); value)
      config.metadata.set(fmt::format("{}.{}", printable(config.model_type), key),
                          static_cast<std::uint64_t>(*value));
  };
  copy({"num_hidden_layers", "n_layer"}, "block_count");
  copy({"hidden_size", "n_embd", "d_model"}, "embedding_length");
  copy({"max_position_embeddings", "n_positions"}, "context_length");
  copy({"num_attention_heads", "n_head"}, "attention.head_count");
  copy({"num_key_value_heads"}, "attention.head_count_kv");
  copy({"num_local_experts", "num_experts", "n_routed_experts"}, "expert_count");
  copy({"num_experts_per_tok"}, "expert_used_count");
  config.lacks.push_back(fmt::format("a map from model_type {} to llama.cpp's names (known are {})",
                                     printable(config.model_type), known_families()));
}

std::string model_type_of(const Fields& fields) {
  std::string type = fields.text({"model_type"});
  if (!type.empty()) return type;
  const json* classes = fields.find({"architectures"});
  if (classes == nullptr || !classes->is_array() || classes->empty() || !(*classes)[0].is_string())
    return {};
  const Family* family = family_of_class((*classes)[0].get_ref<const std::string&>());
  return family == nullptr ? std::string() : std::string(family->model_type);
}

}  // namespace

std::int64_t Sizes::of(Size size) const noexcept {
  switch (size) {
    case Size::none:
    case Size::one:
      return 1;
    case Size::any:
      return -1;
    case Size::hidden:
      return hidden;
    case Size::queries:
      return heads * head_dim;
    case Size::keys:
      return kv_heads * head_dim;
    case Size::qkv:
      return (heads + 2 * kv_heads) * head_dim;
    case Size::head:
      return head_dim;
    case Size::feed_forward:
      return feed_forward;
    case Size::gate_up:
      return 2 * feed_forward;
    case Size::experts:
      return experts;
    case Size::expert_width:
      return expert_width;
    case Size::shared_width:
      return shared_width;
  }
  return -1;
}

Result<Config> read_config(const json& root, const std::string& file) {
  if (!root.is_object())
    return fail({Kind::input, "HF-002", file, "", "a JSON object", root.type_name(),
                 "Fetch config.json of the model again."});
  Config config;
  const Fields whole(root, file);
  config.model_type = model_type_of(whole);
  // Models that also see: the part that reads and writes has a configuration of its own.
  const Fields text = whole.inside("text_config");
  if (whole.find({"text_config"}) != nullptr) {
    const std::string type = text.text({"model_type"});
    if (family_of(type) != nullptr) config.model_type = type;
    if (family_of(config.model_type) != nullptr)
      config.notes.emplace_back("the language part of a larger model is read, nothing else");
  }
  if (config.model_type.empty())
    return fail({Kind::input, "HF-003", file, "model_type", "the model's type", "none",
                 "Compare it with the config.json of the original model."});
  config.family = family_of(config.model_type);
  const bool nested = config.family != nullptr && whole.find({"text_config"}) != nullptr;
  const Fields& where = nested ? text : whole;
  if (config.family == nullptr) {
    read_unknown(where, config);
    return config;
  }
  config.tied = where.flag({"tie_word_embeddings"},
                           whole.flag({"tie_word_embeddings"}, config.family->defaults.tied));
  QUALM_CHECK(Reader(where, config).read());
  return config;
}

}  // namespace qualm::formats::hf
