#include "formats/hf/rope.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace qualm::formats::hf {
namespace {

/// Where the parameters are: rope_scaling, or rope_parameters since transformers 5, there for each
/// type of layer where they differ.
struct RopeSources {
  Fields scaling;
  Fields local;
};

RopeSources sources_of(const Fields& fields) {
  const Fields parameters = fields.inside("rope_parameters");
  if (parameters.states("full_attention"))
    return {parameters.inside("full_attention"), parameters.inside("sliding_attention")};
  if (fields.find({"rope_parameters"}) != nullptr) return {parameters, fields.inside("")};
  return {fields.inside("rope_scaling"), fields.inside("")};
}

void set(Config& config, std::string_view key, model::Value value) {
  config.metadata.set(fmt::format("{}.rope.{}", config.family->architecture, key),
                      std::move(value));
}

Result<std::vector<float>> factors(const Fields& scaling, std::string_view name,
                                   std::int64_t count) {
  std::vector<float> values;
  const auto* found = scaling.find({name});
  const bool fits = found != nullptr && found->is_array() &&
                    static_cast<std::int64_t>(found->size()) == count &&
                    std::ranges::all_of(*found, [](const auto& n) {
                      return n.is_number() && std::isfinite(n.template get<double>());
                    });
  if (!fits)
    return fail(scaling.error("HF-004", name, fmt::format("{} numbers", count),
                              found != nullptr && found->is_array()
                                  ? fmt::format("an array of {}", found->size())
                                  : "something else"));
  for (const auto& n : *found) values.push_back(n.get<float>());
  return values;
}

Result<void> read_longrope(const Fields& fields, const Fields& scaling, Config& config) {
  const std::int64_t rotated =
      *config.metadata.integer(fmt::format("{}.rope.dimension_count", config.family->architecture));
  QUALM_TRY(config.long_factors, factors(scaling, "long_factor", rotated / 2));
  QUALM_TRY(config.short_factors, factors(scaling, "short_factor", rotated / 2));
  QUALM_TRY(const auto context,
            fields.size({"max_position_embeddings"}, config.family->defaults.context));
  const Fields& holder = scaling.states("original_max_position_embeddings") ? scaling : fields;
  QUALM_TRY(const auto original, holder.size({"original_max_position_embeddings"}, context));
  set(config, "scaling.original_context_length", static_cast<std::uint64_t>(original));
  const double scale = static_cast<double>(context) / static_cast<double>(original);
  // transformers modeling_rope_utils.py, _compute_longrope_parameters.
  const double attention =
      scale <= 1 || original <= 1
          ? 1.0
          : std::sqrt(1 + std::log(scale) / std::log(static_cast<double>(original)));
  QUALM_TRY(const double stated, scaling.number({"attention_factor"}, attention));
  set(config, "scaling.attn_factor", stated);
  return {};
}

Result<void> read_llama3(const Fields& scaling, Config& config) {
  Llama3Rope rope;
  rope.base =
      *config.metadata.number(fmt::format("{}.rope.freq_base", config.family->architecture));
  QUALM_TRY(rope.factor, scaling.number({"factor"}, 8.0));
  QUALM_TRY(rope.low, scaling.number({"low_freq_factor"}, 1.0));
  QUALM_TRY(rope.high, scaling.number({"high_freq_factor"}, 4.0));
  QUALM_TRY(rope.original_context, scaling.number({"original_max_position_embeddings"}, 8192.0));
  if (rope.high <= rope.low)
    return fail(scaling.error("HF-004", "high_freq_factor",
                              fmt::format("more than low_freq_factor ({})", rope.low),
                              fmt::format("{}", rope.high)));
  config.llama3 = rope;
  return {};
}

/// What transformers multiplies cosine and sine with: modeling_rope_utils.py,
/// _compute_yarn_parameters.
double yarn_attention(const Fields& scaling, double factor) {
  const auto grown = [&](double by) { return factor > 1 ? 0.1 * by * std::log(factor) + 1 : 1; };
  const auto all = scaling.number({"mscale_all_dim"});
  const auto some = scaling.number({"mscale"});
  const double usual = some && all ? grown(*some) / grown(*all) : grown(1);
  return scaling.number({"attention_factor", "attn_factor"}).value_or(usual);
}

Result<void> read_yarn(const Fields& fields, const Fields& scaling, Config& config) {
  QUALM_TRY(const auto context,
            fields.size({"max_position_embeddings"}, config.family->defaults.context));
  QUALM_TRY(const auto original, scaling.size({"original_max_position_embeddings"}, context));
  const double longer = static_cast<double>(context) / static_cast<double>(original);
  QUALM_TRY(const double factor, scaling.number({"factor"}, longer));
  set(config, "scaling.type", std::string("yarn"));
  set(config, "scaling.factor", factor);
  set(config, "scaling.original_context_length", static_cast<std::uint64_t>(original));
  // libllama multiplies with 1 + 0.1 ln(factor) besides.
  set(config, "scaling.attn_factor",
      yarn_attention(scaling, factor) / (1 + 0.1 * std::log(factor)));
  const auto copy = [&](std::string_view name, std::string_view to, double usual) {
    const auto value = scaling.number({name});
    if (!value) return;
    set(config, to, *value);
    // libllama reads these keys for none of our architectures.
    if (*value != usual)
      config.notes.push_back(fmt::format(
          "{} of yarn is {} here; llama.cpp computes as if it were {}", name, *value, usual));
  };
  copy("extrapolation_factor", "scaling.yarn_ext_factor", 1);
  copy("beta_fast", "scaling.yarn_beta_fast", 32);
  copy("beta_slow", "scaling.yarn_beta_slow", 1);
  return {};
}

Result<void> read_scaling(const Fields& fields, const Fields& scaling, Config& config) {
  const std::string type = scaling.text({"rope_type", "type"});
  if (type.empty() || type == "default") return {};
  if (type == "llama3" && config.family->architecture == "llama")
    return read_llama3(scaling, config);
  if (type == "llama3") {  // acts at any length, and libllama loads the factors of no other
    config.lacks.push_back(
        fmt::format("a runtime for its rope scaling: llama.cpp has llama3 for "
                    "llama, not for {}",
                    config.family->architecture));
    return {};
  }
  if (type == "yarn") return read_yarn(fields, scaling, config);
  if (type == "longrope" || type == "su") {
    if (config.family->architecture == "phi3") return read_longrope(fields, scaling, config);
  } else if (type == "linear") {
    QUALM_TRY(const double factor, scaling.number({"factor"}, 1.0));
    set(config, "scaling.type", std::string("linear"));
    set(config, "scaling.factor", factor);
    return {};
  }
  config.notes.push_back(fmt::format(
      "rope scaling {} is not carried over: past the original context the model runs without it",
      type));
  return {};
}

}  // namespace

std::vector<float> rope_divisors(const Llama3Rope& rope, std::int64_t head_dim) {
  std::vector<float> divisors;
  for (std::int64_t i = 0; i < head_dim; i += 2) {
    const double turn = static_cast<double>(i) / static_cast<double>(head_dim);
    const double wave = 2 * std::numbers::pi * std::pow(rope.base, turn);
    double divisor = 1;
    if (wave > rope.original_context / rope.low) {
      divisor = rope.factor;
    } else if (wave >= rope.original_context / rope.high) {
      const double smooth = (rope.original_context / wave - rope.low) / (rope.high - rope.low);
      divisor = 1 / ((1 - smooth) / rope.factor + smooth);
    }
    divisors.push_back(static_cast<float>(divisor));
  }
  return divisors;
}

Result<void> read_rope(const Fields& fields, Config& config) {
  const Family& family = *config.family;
  const auto [scaling, local] = sources_of(fields);
  const bool inside = fields.find({"rope_theta"}) == nullptr;
  QUALM_TRY(const double base,
            (inside ? scaling : fields).number({"rope_theta"}, family.defaults.rope_base));
  set(config, "freq_base", base);
  if (family.architecture == "gemma3") {
    QUALM_TRY(const double stated, fields.number({"rope_local_base_freq"}, 10000.0));
    QUALM_TRY(const double local_base, local.number({"rope_theta"}, stated));
    set(config, "freq_base_swa", local_base);
  }
  if (family.architecture == "llama" || family.architecture == "phi3") {
    QUALM_TRY(const double stated, fields.number({"partial_rotary_factor"}, 1.0));
    QUALM_TRY(const double part, scaling.number({"partial_rotary_factor"}, stated));
    const double rotated = static_cast<double>(config.sizes.head_dim) * part;
    if (part > 1 || rotated < 2)
      return fail(fields.error("HF-004", "partial_rotary_factor", "a share of the head, at most 1",
                               fmt::format("{}", part)));
    set(config, "dimension_count", static_cast<std::uint64_t>(rotated));
  }
  return read_scaling(fields, scaling, config);
}

}  // namespace qualm::formats::hf
