// A Lab whose measurements follow from what each part of a variant is said to cost.
#pragma once

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "experiment/variant.h"
#include "evaluate/summary.h"
#include "support/fake_engine.h"

namespace qualm::test {

/// What weights or a cache cost against the baseline's weights or an F16 cache.
struct Cost {
  double kld = 0;     ///< nat/token
  double ln_ppl = 0;  ///< of the ratio of perplexities
  double spread = 0;  ///< of both, over windows, as a fraction of the kld
};

class FakeLab final : public diagnose::Lab {
 public:
  /// What was asked for.
  struct Asked {
    std::string reference;
    std::vector<std::string> variants;
    diagnose::WindowRange windows;
    bool may_stop = false;
  };

  /// By describe(Weights). What is not here costs nothing, but for what is made of the candidate
  /// and other calibrations: they cost what the candidate does.
  std::map<std::string, Cost> weights;
  Cost against_base_model;             ///< of any variant
  std::map<std::string, Cost> caches;  ///< by "q4_0/f16"
  std::int32_t total = 100;
  std::int32_t stops_after = 20;  ///< where it may
  std::optional<Error> broken;    ///< every measurement fails so
  std::vector<Asked> asked;

  std::int32_t windows_total() const override { return total; }

  Result<std::vector<evaluate::Measurement>> measure(const diagnose::Variant& reference,
                                                     std::span<const diagnose::Variant> variants,
                                                     diagnose::WindowRange windows,
                                                     const evaluate::StopRule& rule) override {
    if (broken) return fail(*broken);
    const bool may_stop = rule.quantity != evaluate::StopRule::Quantity::never;
    asked.push_back({describe(reference), {}, windows, may_stop});
    std::vector<evaluate::Measurement> all;
    for (const diagnose::Variant& variant : variants) {
      asked.back().variants.push_back(describe(variant));
      all.push_back(one(reference, variant, windows, may_stop));
    }
    return all;
  }

  Result<std::int64_t> model_bytes(const diagnose::Weights& of) override {
    const std::map<std::string, std::int64_t> bits{
        {"Q4_K_M", 48}, {"Q5_K_M", 57}, {"Q6_K", 66}, {"Q8_0", 85}};
    if (of.kind == diagnose::Weights::Kind::requantized) return bits.at(of.mix) * 100'000;
    return of.kind == diagnose::Weights::Kind::baseline ? 16'000'000 : 3'400'000;
  }

  std::int64_t cache_bytes(const std::string& k, const std::string& v) const override {
    const std::map<std::string, std::int64_t> bytes{
        {"f16", 2000}, {"q8_0", 1062}, {"q5_1", 750}, {"q4_0", 562}};
    return bytes.at(k) + bytes.at(v);
  }

 private:
  [[nodiscard]] Cost weights_cost(const diagnose::Variant& reference,
                                  const diagnose::Variant& variant) const {
    if (reference.weights.kind == diagnose::Weights::Kind::base_model) return against_base_model;
    auto it = weights.find(describe(variant.weights));
    const bool alike = variant.weights.kind == diagnose::Weights::Kind::assembled ||
                       variant.weights.calibrated_on.has_value();
    if (it == weights.end() && alike) it = weights.find("candidate");
    return it == weights.end() ? Cost{} : it->second;
  }
  [[nodiscard]] Cost cache_cost(const diagnose::Variant& variant) const {
    const auto it = caches.find(variant.type_k + "/" + variant.type_v);
    return it == caches.end() ? Cost{} : it->second;
  }

  /// Costs add up; the same weights on both sides cost nothing.
  [[nodiscard]] evaluate::Measurement one(const diagnose::Variant& reference,
                                          const diagnose::Variant& variant,
                                          diagnose::WindowRange windows, bool may_stop) const {
    const Cost w = describe(reference.weights) == describe(variant.weights)
                       ? Cost{}
                       : weights_cost(reference, variant);
    const Cost c = cache_cost(variant);
    const std::int32_t end =
        may_stop ? std::min(windows.end, windows.begin + stops_after) : windows.end;
    evaluate::Measurement m;
    m.windows_total = total;
    m.stopped_early = end < windows.end;
    for (std::int32_t window = windows.begin; window < end; ++window) {
      m.windows.push_back({window, {}});
      for (std::int32_t i = 0; i < 8; ++i)
        m.windows.back().scores.push_back(score(w, c, window, i));
    }
    evaluate::summarize(m);
    return m;
  }

  static evaluate::Score score(const Cost& w, const Cost& c, std::int32_t window, std::int32_t i) {
    const auto at = static_cast<std::uint64_t>(window);
    // Spreads of a few per cent of their own keep the intervals wider than a point.
    const double of_w = 1 + (0.02 + w.spread) * fake_noise(1, at, 0, 0);
    const double of_c = 1 + (0.02 + c.spread) * fake_noise(2, at, 0, 0);
    evaluate::Score score;
    score.nll_p = 4 + fake_noise(3, at, static_cast<std::uint64_t>(i), 0);
    score.nll_q = score.nll_p + w.ln_ppl * of_w + c.ln_ppl * of_c;
    score.kld = static_cast<float>(std::max(0.0, w.kld * of_w) + std::max(0.0, c.kld * of_c));
    score.confidence = 0.5F;
    score.position = 64 + i * 50;
    score.same_top = i > 0 || score.kld == 0.0F;
    return score;
  }
};

}  // namespace qualm::test
