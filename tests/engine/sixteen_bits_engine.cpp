// Where llama-perplexity's figures and ours differ, its base file is why.
//
// It keeps the baseline's log-probabilities as 16-bit steps between the maximum and the minimum of
// a row, or the maximum - 16 (llama.cpp, tools/perplexity/perplexity.cpp, log_softmax). Here our
// engine's rows go through that storage and its sums: then every figure is the one it prints.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "engine/llama_engine.h"
#include "evaluate/text_windows.h"
#include "support/golden.h"
#include "support/program.h"
#include "support/quantized.h"

namespace qualm::engine {
namespace {

constexpr std::int32_t kWindows = 60;

struct Row16 {
  std::vector<std::uint16_t> steps;
  float scale = 0;
  float lowest = 0;  ///< log-probability of step 0
};

float log_sum_exp(std::span<const float> row, float top) {
  double sum = 0;
  for (const float x : row) sum += static_cast<double>(std::exp(x - top));
  return static_cast<float>(std::log(sum));
}

Row16 store(std::span<const float> row) {
  const auto [low, high] = std::ranges::minmax(row);
  const float floor = std::max(low, high - 16);
  Row16 stored{std::vector<std::uint16_t>(row.size()), (high - floor) / 65535.0F,
               floor - high - log_sum_exp(row, high)};
  const float inverse = 1 / stored.scale;
  for (std::size_t v = 0; v < row.size(); ++v)
    stored.steps[v] = row[v] > floor
                          ? static_cast<std::uint16_t>(std::nearbyint(inverse * (row[v] - floor)))
                          : std::uint16_t{0};
  return stored;
}

struct Sums {
  double nll = 0;
  double nll_base = 0;
  double kld = 0;
  double delta_squared = 0;
  std::int64_t same_top = 0;
  std::vector<float> klds;

  void add(const Row16& p, std::span<const float> q, std::size_t target) {
    const auto top_q = std::ranges::max_element(q);
    const float log_norm = *top_q + log_sum_exp(q, *top_q);
    const auto log_p = [&](std::size_t v) {
      return p.scale * static_cast<float>(p.steps[v]) + p.lowest;
    };
    double sum = 0;
    std::size_t top_p = 0;
    for (std::size_t v = 0; v < q.size(); ++v) {
      if (log_p(v) > log_p(top_p)) top_p = v;
      if (log_p(v) > -16.0F)
        sum += static_cast<double>(std::exp(log_p(v)) * (log_p(v) - q[v] + log_norm));
    }
    const float nll_q = log_norm - q[target];
    const double delta = static_cast<double>(std::exp(-nll_q) - std::exp(log_p(target)));
    nll += static_cast<double>(nll_q);
    nll_base -= static_cast<double>(log_p(target));
    kld += sum;
    delta_squared += delta * delta;
    same_top += top_p == static_cast<std::size_t>(top_q - q.begin()) ? 1 : 0;
    klds.push_back(static_cast<float>(sum));
  }
  [[nodiscard]] double mean(double sum) const { return sum / static_cast<double>(klds.size()); }
};

/// In float32, as theirs: the place alone may be off by a thousandth.
double percentile(const std::vector<float>& sorted, float fraction) {
  const float at = fraction * static_cast<float>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(at);
  const float rest = at - static_cast<float>(below);
  return static_cast<double>((1 - rest) * sorted[below] +
                             rest * sorted[std::min(below + 1, sorted.size() - 1)]);
}

std::unique_ptr<LogitSource> opened(Engine& engine, const std::string& path) {
  const auto model = engine.load({path, path}, engine::on_cpu({}));
  EXPECT_TRUE(model) << describe(model.error());
  auto source = (*model)->open({.threads = 1});
  EXPECT_TRUE(source) << describe(source.error());
  return std::move(*source);
}

Sums through_sixteen_bits(const std::string& base, const std::string& quant) {
  const auto engine = make_llama_engine();
  const auto model = engine->load({base, base}, engine::on_cpu({}));
  EXPECT_TRUE(model);
  auto tokens = (*model)->tokenize(test::contents(test::source_file("corpora/frankenstein.txt")),
                                   engine::SpecialTokens::parsed);
  EXPECT_TRUE(tokens);
  const auto text = evaluate::cut(std::move(*tokens), {.protocol = evaluate::Protocol::llama_cpp,
                                                       .start = (*model)->window_start(),
                                                       .limit = kWindows});
  EXPECT_TRUE(text);
  const auto p_source = opened(*engine, base);
  const auto q_source = opened(*engine, quant);
  const auto vocab = static_cast<std::size_t>(p_source->vocab_size());
  Sums sums;
  for (std::int32_t w = 0; w < kWindows; ++w) {
    const std::array piece{Piece{text->window(w), 0, text->first, text->last}};
    const auto p = p_source->logits(piece);
    const auto q = q_source->logits(piece);
    EXPECT_TRUE(p && q);
    for (std::int32_t at = text->first; at < text->last; ++at) {
      const std::size_t row = static_cast<std::size_t>(at - text->first) * vocab;
      sums.add(store(p->subspan(row, vocab)), q->subspan(row, vocab),
               static_cast<std::size_t>(text->window(w)[static_cast<std::size_t>(at) + 1]));
    }
  }
  std::ranges::sort(sums.klds);
  return sums;
}

TEST(SixteenBits, are_all_that_parts_our_figures_from_those_of_llama_perplexity) {
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  const std::string tier = "Q2_K";  // where they part most
  const test::Scratch scratch;
  test::make_quantized(tier, base, scratch.path("quant.gguf"));
  const Sums sums = through_sixteen_bits(base, scratch.path("quant.gguf"));
  const auto expect = [&](const char* label, double ours, double half_digit) {
    EXPECT_NEAR(ours, test::golden(tier, label), half_digit * 1.0001) << tier << " " << label;
  };
  expect("Mean PPL(Q) ", std::exp(sums.mean(sums.nll)), 0.5e-6);
  expect("Mean PPL(base) ", std::exp(sums.mean(sums.nll_base)), 0.5e-6);
  expect("Mean    KLD", sums.mean(sums.kld), 0.5e-6);
  expect("Median  KLD", percentile(sums.klds, 0.5F), 0.5e-6);
  expect("90.0%   KLD", percentile(sums.klds, 0.9F), 0.5e-6);
  expect("95.0%   KLD", percentile(sums.klds, 0.95F), 0.5e-6);
  expect("99.0%   KLD", percentile(sums.klds, 0.99F), 0.5e-6);
  expect("99.9%   KLD", percentile(sums.klds, 0.999F), 0.5e-6);
  expect("Maximum KLD", static_cast<double>(sums.klds.back()), 0.5e-6);
  expect("RMS \xce\x94p", 100 * std::sqrt(sums.mean(sums.delta_squared)), 0.5e-3);
  expect("Same top p", 100 * sums.mean(static_cast<double>(sums.same_top)), 0.5e-3);
}

}  // namespace
}  // namespace qualm::engine
