// An Experiment whose loss is a sum over tensors: what a class of tensors costs is known by
// construction.
#pragma once

#include <fnmatch.h>

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/summary.h"
#include "experiment/experiment.h"
#include "support/plain_checkpoint.h"

namespace qualm::test {

/// kld of each class when it is the candidate's, by a word of the tensor's name; of a quantized
/// cache under "cache".
using CostByWord = std::map<std::string, double>;

inline model::Tensor tensor_of(const std::string& name, std::int64_t weights, double bits) {
  model::Tensor tensor;
  tensor.name = name;
  tensor.dims = {256, weights / 256};
  tensor.encoding = {bits < 3 ? "Q2_K" : bits < 8 ? "Q6_K" : "F16", 1};
  tensor.bytes = static_cast<std::int64_t>(static_cast<double>(weights) * bits / 8);
  tensor.data = std::make_shared<PlainData>(plain_values(static_cast<std::size_t>(weights)), 256);
  return tensor;
}

/// A tied llama of one layer: the embedding at `embedding` bits, the layer at `layer`.
inline model::Checkpoint tied_model(double embedding, double layer) {
  model::Checkpoint model;
  model.format = "GGUF v3";
  model.metadata.set("general.architecture", std::string("llama"));
  model.tensors.push_back(tensor_of("token_embd.weight", 256 * 64, embedding));
  for (const char* name :
       {"attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down"})
    model.tensors.push_back(tensor_of("blk.0." + std::string(name) + ".weight", 256 * 64, layer));
  return model;
}

class ClassExperiment final : public experiment::Experiment {
 public:
  using Variant = experiment::Variant;
  using Weights = experiment::Weights;

  ClassExperiment(const model::Checkpoint& candidate, CostByWord costs, double floor)
      : candidate_(&candidate), costs_(std::move(costs)), floor_(floor) {}

  std::vector<experiment::Domain> texts() const override {
    return {{.name = "text", .windows = 64, .given = true}};
  }
  /// Of a surrogate, where one is asked.
  std::optional<numeric::Estimate> truth_over_estimate{};
  Result<std::vector<evaluate::Measurement>> measure(const Variant& reference,
                                                     std::span<const Variant> variants,
                                                     experiment::WindowRange windows,
                                                     const evaluate::StopRule& rule) override {
    if (rule.quantity != evaluate::StopRule::Quantity::never) windows.end = windows.begin + 32;
    std::vector<evaluate::Measurement> all;
    for (const auto& variant : variants) all.push_back(measured(loss(variant), windows));
    if (reference.weights.kind == Weights::Kind::surrogate)
      for (auto& one : all) evaluate::make_estimate(one, *truth_over_estimate);
    return all;
  }
  /// No calibration took part.
  Result<std::optional<bool>> same_weights(const Weights&, const Weights&) override { return true; }
  Result<std::int64_t> model_bytes(const Weights&) override { return 1000; }
  std::optional<std::int64_t> cache_bytes(const std::string&, const std::string&) const override {
    return 0;
  }

  /// The same kld everywhere but for a little that differs between windows; the nll changes by
  /// ppl_factor times it.
  static evaluate::Measurement measured(double kld, experiment::WindowRange windows,
                                        double ppl_factor = 1) {
    evaluate::Measurement m;
    m.windows_total = 64;
    for (std::int32_t w = windows.begin; w < windows.end; ++w) {
      evaluate::WindowScores window{w, {}};
      const double wobble = 1 + 0.02 * (w % 5 - 2);
      for (std::int32_t i = 0; i < 8; ++i) {
        evaluate::Score score;
        score.nll_p = 3;
        score.nll_q = 3 + ppl_factor * kld * wobble;
        score.kld = static_cast<float>(kld * wobble);
        score.position = i + 1;
        window.scores.push_back(score);
      }
      m.windows.push_back(std::move(window));
    }
    evaluate::summarize(m);
    return m;
  }

 private:
  double loss(const Variant& variant) const {
    using Kind = Weights::Kind;
    const double cache = variant.type_k == "f16" ? 0.0 : costs_.at("cache");
    if (variant.weights.kind == Kind::baseline) return cache;
    if (variant.weights.kind == Kind::requantized) return floor_ + cache;
    double sum = cache;
    for (const model::Tensor& tensor : candidate_->tensors)
      if (!restored(variant.weights, tensor.name)) sum += cost(tensor.name);
    return sum;
  }
  static bool restored(const Weights& weights, const std::string& name) {
    for (const auto& rule : weights.recipe.rules)
      if (::fnmatch(rule.pattern.c_str(), name.c_str(), 0) == 0)
        return rule.action == assemble::Action::from_baseline;
    return false;
  }
  double cost(const std::string& name) const {
    for (const auto& [word, kld] : costs_)
      if (name.find(word) != std::string::npos) return kld;
    return 0.0;
  }
  const model::Checkpoint* candidate_;
  CostByWord costs_;
  double floor_;
};

/// 24 windows of a KLD and a change of ln perplexity that differ by a few per cent between windows.
inline evaluate::Measurement measured_loss(double kld, double ln_ppl = 0) {
  return ClassExperiment::measured(kld, {0, 24}, ln_ppl / kld);
}

/// Windows by turns of one KLD and of the other.
inline evaluate::Measurement mixed_loss(double even, double odd) {
  evaluate::Measurement a = measured_loss(even);
  const evaluate::Measurement b = measured_loss(odd);
  for (std::size_t i = 1; i < a.windows.size(); i += 2) a.windows[i] = b.windows[i];
  evaluate::summarize(a);
  return a;
}

}  // namespace qualm::test
