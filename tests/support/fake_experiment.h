// An Experiment whose measurements follow from what each part of a variant is said to cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "evaluate/follower.h"
#include "evaluate/summary.h"
#include "experiment/experiment.h"
#include "support/fake_engine.h"

namespace qualm::test {

/// What weights or a cache cost against the original's weights or an F16 cache.
struct Cost {
  double kld = 0;     ///< nat/token
  double ln_ppl = 0;  ///< of the ratio of perplexities
  double spread = 0;  ///< of both, over windows, as a fraction of the kld
};

/// To compare variants by.
inline std::vector<experiment::VariantId> ids_of(const std::vector<experiment::Variant>& variants) {
  std::vector<experiment::VariantId> ids;
  for (const experiment::Variant& variant : variants) ids.push_back(id_of(variant));
  return ids;
}

class FakeExperiment final : public experiment::Experiment {
 public:
  using Variant = experiment::Variant;
  using Weights = experiment::Weights;

  /// What was asked for.
  struct Asked {
    Variant reference;
    std::vector<Variant> variants;
    experiment::WindowRange windows;
    evaluate::StopRule rule;
    [[nodiscard]] bool may_stop() const {
      return rule.quantity != evaluate::StopRule::Quantity::never;
    }
  };

  Cost against_base_model;             ///< of any variant
  std::map<std::string, Cost> caches;  ///< by "q4_0/f16"
  std::vector<experiment::Domain> domains{{.name = "text", .windows = 100, .given = true}};
  double original_seconds = 0;  ///< that a window is said to take
  double candidate_seconds = 0;
  std::int32_t stops_after = 20;     ///< windows, where it may
  std::int32_t most_windows = 1000;  ///< in one call, whatever was asked for
  std::optional<Error> broken;       ///< every measurement fails so
  std::optional<Error> base_broken;  ///< those against the base model
  std::vector<Asked> asked;
  std::int32_t lost = 0;  ///< positions of each window at which the candidate's weights give NaN
  /// What stands in for the original is a surrogate.
  std::optional<numeric::Estimate> truth_over_estimate{};
  bool beside_pack = false;      ///< ... or there is one beside it, and this is said of that
  double against_surrogate = 1;  ///< what the candidate costs against that, times its cost
  bool lost_as_floats = true;    ///< ... also where they are decoded first
  evaluate::NoiseFloor floor{.original = {numeric::Estimate{2e-6, 1e-6, 3e-6}, "nat/token", ""},
                             .candidate = {numeric::Estimate{4e-6, 3e-6, 5e-6}, "nat/token", ""}};

  /// Weights without a cost have none, but for what is made of the candidate, a server of it and
  /// other calibrations: they cost what the candidate does.
  void set(const Weights& weights, Cost cost) { costs_[id_of(weights)] = cost; }
  void set_candidate(Cost cost) { set({}, cost); }
  void set_type(const std::string& type, Cost cost) { set(experiment::requantized(type), cost); }

  std::vector<experiment::Domain> texts() const override { return domains; }

  Result<std::vector<evaluate::Measurement>> measure(const Variant& reference,
                                                     std::span<const Variant> variants,
                                                     experiment::WindowRange windows,
                                                     const evaluate::StopRule& rule) override {
    if (broken) return fail(*broken);
    if (base_broken && reference.weights.kind == Weights::Kind::base_model)
      return fail(*base_broken);
    asked.push_back({reference, {variants.begin(), variants.end()}, windows, rule});
    std::vector<evaluate::Measurement> all;
    for (const Variant& variant : variants) {
      all.push_back(one(reference, variant, windows, asked.back().may_stop()));
      if (rule.follower) follow(*rule.follower, all.back());
    }
    return all;
  }

  bool is_its_type = true;  ///< the candidate has the types that its label promises
  Result<bool> is_type(const std::string& /*type*/) override { return is_its_type; }

  evaluate::NoiseFloor noise_floor() override { return floor; }
  evaluate::CrossChecks checks;
  evaluate::CrossChecks cross_checks() override { return checks; }

  model::Importance given_inputs;  ///< of the candidate's matrices
  Result<model::Importance> inputs(std::int32_t /*windows*/) override { return given_inputs; }

  Result<std::int64_t> model_bytes(const Weights& of) override {
    const std::map<std::string, std::int64_t> bits{
        {"Q3_K_M", 39}, {"Q4_K_M", 48}, {"Q5_K_M", 57}, {"Q6_K", 66}, {"Q8_0", 85}};
    if (of.kind == Weights::Kind::requantized) return bits.at(of.mix) * 100'000;
    return of.kind == Weights::Kind::baseline ? 16'000'000 : 3'400'000;
  }

  std::optional<std::int64_t> cache_bytes(const std::string& k,
                                          const std::string& v) const override {
    const std::map<std::string, std::int64_t> bytes{{"f16", 2000},  {"bf16", 2000}, {"f32", 4000},
                                                    {"q8_0", 1062}, {"q5_1", 750},  {"q4_0", 562}};
    return bytes.at(k) + bytes.at(v);
  }

 private:
  [[nodiscard]] bool loses(const Weights& weights) const {
    return id_of(weights) == id_of(Weights{}) ||
           (lost_as_floats && id_of(weights) == id_of(experiment::decoded({})));
  }

  [[nodiscard]] Cost weights_cost(const Variant& reference, const Variant& variant) const {
    if (reference.weights.kind == Weights::Kind::base_model) return against_base_model;
    auto it = costs_.find(id_of(variant.weights));
    const bool alike = variant.weights.kind == Weights::Kind::assembled ||
                       variant.weights.kind == Weights::Kind::served ||
                       variant.weights.calibrated_on;
    if (it == costs_.end() && alike) it = costs_.find(id_of(Weights{}));
    Cost cost = it == costs_.end() ? Cost{} : it->second;
    if (reference.weights.kind == Weights::Kind::surrogate) cost.kld *= against_surrogate;
    return cost;
  }
  [[nodiscard]] Cost cache_cost(const Variant& variant) const {
    const auto it = caches.find(variant.type_k + "/" + variant.type_v);
    return it == caches.end() ? Cost{} : it->second;
  }

  /// Costs add up; the same weights on both sides cost nothing.
  [[nodiscard]] evaluate::Measurement one(const Variant& reference, const Variant& variant,
                                          experiment::WindowRange windows, bool may_stop) const {
    const bool same = id_of(reference.weights) == id_of(variant.weights);
    const Cost w = same ? Cost{} : weights_cost(reference, variant);
    const Cost c = cache_cost(variant);
    const std::int32_t most = may_stop ? stops_after : most_windows;
    const std::int32_t end = std::min(windows.end, windows.begin + most);
    evaluate::Measurement m;
    m.windows_total = domains[windows.text].windows;
    m.stopped_early = may_stop && end < windows.end;
    for (std::int32_t window = windows.begin; window < end; ++window) {
      m.windows.push_back({window, {}});
      for (std::int32_t i = 0; i < 8; ++i)
        m.windows.back().scores.push_back(score(w, c, window, i));
      if (same || !loses(variant.weights)) continue;
      for (std::int32_t i = 0; i < lost; ++i)
        m.windows.back().scores[static_cast<std::size_t>(i)] = {.finite = false, .lost = true};
    }
    if (reference.weights.kind ==
        (beside_pack ? Weights::Kind::surrogate : Weights::Kind::baseline))
      m.truth_over_estimate = truth_over_estimate;
    evaluate::summarize(m);
    return m;
  }

  static evaluate::Score score(const Cost& w, const Cost& c, std::int32_t window, std::int32_t i) {
    const auto at = static_cast<std::uint64_t>(window);
    const auto token = static_cast<std::uint64_t>(i);
    // Spreads of a few per cent of their own keep the intervals wider than a point.
    const double of_w = 1 + (0.02 + w.spread) * fake_noise(1, at, 0, 0);
    const double of_c = 1 + (0.02 + c.spread) * fake_noise(2, at, 0, 0);
    evaluate::Score score;
    score.nll_p = 4 + fake_noise(3, at, token, 0);
    score.nll_q = score.nll_p + w.ln_ppl * of_w + c.ln_ppl * of_c;
    score.kld = static_cast<float>(std::max(0.0, w.kld * of_w) + std::max(0.0, c.kld * of_c));
    score.confidence = 0.5F;
    score.position = 64 + i * 50;
    score.same_top = 1 + fake_noise(4, at, token, 0) >= 1.6 * std::sqrt(score.kld);
    return score;
  }

  /// As one after the other is read.
  void follow(evaluate::Follower& follower, evaluate::Measurement& measured) const {
    for (std::size_t read = 1; read <= measured.windows.size(); ++read) {
      const auto n = static_cast<std::int64_t>(read);
      follower.reached({std::span(measured.windows).first(read),
                        {n, static_cast<double>(n) * original_seconds},
                        {n, static_cast<double>(n) * candidate_seconds}});
      if (!follower.enough(n) || read == measured.windows.size()) continue;
      measured.windows.resize(read);
      measured.stopped_early = false;
      evaluate::summarize(measured);
    }
  }

  std::map<experiment::VariantId, Cost> costs_;
};

}  // namespace qualm::test
