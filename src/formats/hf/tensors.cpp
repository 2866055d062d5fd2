#include "formats/hf/tensors.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "codec/numbers.h"
#include "formats/hf/parts.h"
#include "formats/hf/scheme.h"
#include "formats/hf/views.h"

namespace qualm::formats::hf {
namespace {

using model::Tensor;

constexpr std::string_view kBias = ".bias";

/// What several writers put before the names that the rules know.
std::string usual_name(std::string_view name) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kPrefixes{{
      {"language_model.", ""},
      {"model.language_model.model.", "model."},
      {"model.language_model.", "model."},
      {"transformer.", ""},
  }};
  for (const auto& [before, after] : kPrefixes) {
    if (name.starts_with(before))
      return std::string(after) + std::string(name.substr(before.size()));
  }
  return std::string(name);
}

/// Constants that some versions of transformers saved, and llama.cpp computes.
bool is_constant(std::string_view name) {
  return name.ends_with(".rotary_emb.inv_freq") || name.ends_with(".attn.bias") ||
         name.ends_with(".masked_bias") || name.ends_with(".rotary_emb.cos_cached") ||
         name.ends_with(".rotary_emb.sin_cached");
}

class Builder {
 public:
  Builder(const safetensors::Container& container, const QuantizationConfig& quantization,
          const Config& config)
      : container_(container), quantization_(quantization), config_(config) {}

  Result<Tensors> build() {
    for (const std::string& module : weight_modules(container_)) QUALM_CHECK(take_module(module));
    QUALM_CHECK(take_rest());
    QUALM_CHECK(check_complete());
    for (const std::string& name : order_) {
      QUALM_TRY(auto tensor, finish_tensor(name, pending_.at(name), config_, container_));
      tensor.input_scale = input_scale_of(pending_.at(name));
      for (const auto& [slot, weight] : pending_.at(name).slots) {
        for (const model::Note& note : weight.notes)
          out_.notes.push_back({"tensor " + weight.module, note.says, note.kind});
      }
      out_.tensors.push_back(std::move(tensor));
    }
    add_rope();
    add_notes();
    return std::move(out_);
  }

 private:
  struct Target {
    const Rule* rule = nullptr;
    Place place;
  };

  std::vector<Target> targets(const std::string& name) const {
    std::vector<Target> found;
    for (const std::span<const Rule> rules : config_.family->rules) {
      for (const Rule& rule : rules) {
        if (const auto place = match(rule.module, name)) found.push_back({&rule, *place});
      }
    }
    return found;
  }

  /// Of what the original fuses and of experts a runtime takes the largest.
  std::optional<model::InputScale> input_scale_of(const Pending& pending) const {
    if (!largest_input_code_) return std::nullopt;
    double scale = 0;
    for (const auto& [slot, weight] : pending.slots) {
      if (!weight.input_scale) return std::nullopt;
      scale = std::max(scale, *weight.input_scale);
    }
    return model::InputScale{scale, *largest_input_code_};
  }

  Error error(std::string code, std::string place, std::string expected, std::string found) const {
    return tensor_error(container_, std::move(code), std::move(place), std::move(expected),
                        std::move(found));
  }

  bool leave_out(const Target& target) {
    layers_ = std::max(layers_, target.place.layer + 1);
    if (target.place.layer < config_.sizes.layers) return false;
    ++extra_;
    return true;
  }

  Result<void> take_module(const std::string& module) {
    const auto found = targets(usual_name(module));
    if (found.empty()) return {};
    QUALM_TRY(const Weight weight,
              read_weight(container_, quantization_, module, wanted(*found.front().rule)));
    consumed_.insert(weight.consumed.begin(), weight.consumed.end());
    if (weight.consumed.size() > 1) quantized_.insert(module);
    if (found.front().rule->name == "output" && config_.tied && is_plain(weight)) {
      out_.notes.push_back({"tensor " + module + ".weight",
                            "left out: the configuration ties the head to the embedding"});
      out_.dropped_head = weight;
      return {};
    }
    return place(module + ".weight", found, weight);
  }

  /// Every rule's share of one weight.
  Result<void> place(const std::string& from, const std::vector<Target>& found,
                     const Weight& weight) {
    for (const Target& target : found) {
      if (leave_out(target)) continue;
      const bool stacked = target.rule->module.find('@') != std::string_view::npos;
      const std::string name = fill(target.rule->name, target.place) + ".weight";
      QUALM_CHECK(
          put(name, target.rule, stacked ? target.place.expert : target.rule->slot, from, weight));
    }
    return {};
  }

  Result<void> put(const std::string& name, const Rule* rule, std::int64_t slot,
                   const std::string& from, const Weight& weight) {
    auto [it, is_new] = pending_.try_emplace(name);
    if (is_new) {
      it->second.rule = rule;
      it->second.from = from;
      order_.push_back(name);
    }
    const bool fits = it->second.rule->slots == rule->slots &&
                      it->second.rule->module.find('@') == rule->module.find('@');
    if (!fits || !it->second.slots.emplace(slot, weight).second)
      return fail(
          error("HF-011", "tensor " + from, "one tensor for " + name, "it and " + it->second.from));
    return {};
  }

  /// Biases, experts stored whole, and what nobody knows.
  Result<void> take_rest() {
    for (const codec::Part& part : container_.tensors()) {
      if (consumed_.contains(part.name) || is_constant(part.name)) continue;
      const std::string name = usual_name(part.name);
      const bool bias = name.ends_with(kBias);
      const auto found = targets(bias ? name.substr(0, name.size() - kBias.size()) : name);
      if (found.empty() || !codec::is_number(part.dtype)) {
        ++unknown_;
        if (first_unknown_.empty()) first_unknown_ = part.name;
        continue;
      }
      QUALM_TRY(const Weight weight, read_plain(container_, part.name));
      if (bias) {
        QUALM_CHECK(take_bias(part, found.front(), weight));
      } else {
        QUALM_CHECK(place(part.name, found, weight));
      }
    }
    return {};
  }

  Result<void> take_bias(const codec::Part& part, const Target& target, const Weight& weight) {
    if (leave_out(target)) return {};
    const std::string module = part.name.substr(0, part.name.size() - kBias.size());
    if (quantized_.contains(module)) {  // GPTQ's writers add one everywhere
      QUALM_TRY(const bool zero, is_zero(weight));
      if (zero) return {};
    }
    const Rule& rule = *target.rule;
    if (rule.slots > 1 || rule.module.find('@') != std::string_view::npos)
      return fail(error("HF-012", "tensor " + part.name, "no bias here", codec::shape_text(part)));
    const std::int64_t length = config_.sizes.of(rule.out == Size::none ? rule.in : rule.out);
    if (weight.dims.size() != 1 || (length >= 0 && weight.dims[0] != length))
      return fail(error("HF-009", "tensor " + part.name, fmt::format("shape [{}]", length),
                        codec::shape_text(part)));
    Tensor tensor{fill(rule.name, target.place) + std::string(kBias), weight.dims, weight.encoding,
                  weight.bytes, weight.data};
    if (config_.family->rotates_pairs &&
        (rule.change == Change::query_rows || rule.change == Change::key_rows))
      tensor.data = pairs_of_halves_in_row(weight.data, length, config_.sizes.head_dim);
    if (!biases_.insert(tensor.name).second)
      return fail(error("HF-011", "tensor " + part.name, "one bias " + tensor.name, "two"));
    out_.tensors.push_back(std::move(tensor));
    return {};
  }

  static Result<bool> is_zero(const Weight& weight) {
    if (weight.dims.size() != 1 || weight.dims[0] == 0) return false;
    std::vector<float> values(static_cast<std::size_t>(weight.dims[0]));
    QUALM_CHECK(weight.data->rows(0, 1, values));
    return std::ranges::all_of(values, [](float value) { return value == 0; });
  }

  formats::Sizes wanted(const Rule& rule) const {
    const std::int64_t out = rule.out == Size::none ? 0 : config_.sizes.of(rule.out);
    return {std::max<std::int64_t>(out, 0), std::max<std::int64_t>(config_.sizes.of(rule.in), 0)};
  }

  Result<void> check_complete() const {
    if (config_.sizes.layers > layers_)
      return fail(error("HF-007", "num_hidden_layers",
                        fmt::format("the {} layers that the files have", layers_),
                        fmt::format("{}", config_.sizes.layers)));
    for (const std::span<const Rule> rules : config_.family->rules) {
      for (const Rule& rule : rules) {
        const bool layered = rule.module.find('#') != std::string_view::npos;
        if (rule.optional) continue;
        for (std::int64_t layer = 0; layer < (layered ? config_.sizes.layers : 1); ++layer) {
          const Place place{layer, 0};
          if (pending_.contains(fill(rule.name, place) + ".weight")) continue;
          return fail(error("HF-008", "tensor " + fill(rule.module, place) + ".weight",
                            fmt::format("a weight of every module of {}", config_.model_type),
                            "none"));
        }
      }
    }
    return {};
  }

  void add_rope() {
    const auto add = [&](const char* name, std::vector<float> values) {
      if (values.empty()) return;
      const auto count = static_cast<std::int64_t>(values.size());
      out_.tensors.push_back({name, {count}, {"F32", 0}, 4 * count, of_floats(std::move(values))});
    };
    // Only now: the shapes of q and k vouch for the head size.
    if (config_.llama3)
      add("rope_freqs.weight", rope_divisors(*config_.llama3, config_.sizes.head_dim));
    add("rope_factors_long.weight", config_.long_factors);
    add("rope_factors_short.weight", config_.short_factors);
  }

  void add_notes() {
    if (extra_ > 0)
      out_.notes.push_back(
          {"",
           fmt::format("{} tensors belong to layers past the {} of config.json and are left out",
                       extra_, config_.sizes.layers)});
    if (unknown_ > 0)
      out_.notes.push_back(
          {"", fmt::format("{} tensors have no place in {} and are left out, the "
                           "first is {}",
                           unknown_, config_.family->architecture, first_unknown_)});
  }

  const safetensors::Container& container_;
  const QuantizationConfig& quantization_;
  const Config& config_;
  const std::optional<double> largest_input_code_ = largest_input_code(quantization_);
  std::unordered_map<std::string, Pending> pending_;
  std::vector<std::string> order_;
  std::unordered_set<std::string> consumed_;
  std::unordered_set<std::string> quantized_;  ///< modules
  std::unordered_set<std::string> biases_;
  std::int64_t layers_ = 0;  ///< of the files
  std::int64_t extra_ = 0;
  std::int64_t unknown_ = 0;
  std::string first_unknown_;
  Tensors out_;
};

}  // namespace

Result<Tensors> canonical_tensors(const safetensors::Container& container,
                                  const QuantizationConfig& quantization, const Config& config) {
  return Builder(container, quantization, config).build();
}

}  // namespace qualm::formats::hf
