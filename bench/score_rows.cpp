// The kernel that turns two rows of logits into a Score, against a plain read of the same bytes.
#include <benchmark/benchmark.h>

#include <numeric>
#include <random>
#include <vector>

#include "evaluate/score_rows.h"

namespace {

constexpr std::int64_t kRows = 64;

std::vector<float> logits(std::int64_t count, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<float> normal(0, 3);
  std::vector<float> out(static_cast<std::size_t>(count));
  for (float& value : out) value = normal(random);
  return out;
}

void set_throughput(benchmark::State& state, std::int64_t vocab) {
  state.SetItemsProcessed(state.iterations() * kRows);  // positions
  state.SetBytesProcessed(state.iterations() * 2 * kRows * vocab *
                          static_cast<std::int64_t>(sizeof(float)));
}

void score_rows(benchmark::State& state) {
  const std::int64_t vocab = state.range(0);
  const auto p = logits(kRows * vocab, 1);
  const auto q = logits(kRows * vocab, 2);
  std::vector<qualm::engine::Token> targets(kRows);
  std::iota(targets.begin(), targets.end(), 0);
  std::vector<qualm::evaluate::Score> scores(kRows);
  for (auto _ : state) {
    qualm::evaluate::score_rows(p, q, vocab, targets, 1, scores);
    benchmark::DoNotOptimize(scores.data());
  }
  set_throughput(state, vocab);
}
BENCHMARK(score_rows)->Arg(4096)->Arg(32000)->Arg(151936)->Unit(benchmark::kMillisecond);

/// What reading the same two rows costs at least.
void read_rows(benchmark::State& state) {
  const std::int64_t vocab = state.range(0);
  const auto p = logits(kRows * vocab, 1);
  const auto q = logits(kRows * vocab, 2);
  for (auto _ : state) {
    float lanes[16] = {};
    for (const auto* rows : {&p, &q})
      for (std::size_t i = 0; i + 16 <= rows->size(); i += 16)
        for (std::size_t lane = 0; lane < 16; ++lane) lanes[lane] += (*rows)[i + lane];
    benchmark::DoNotOptimize(lanes);
  }
  set_throughput(state, vocab);
}
BENCHMARK(read_rows)->Arg(4096)->Arg(32000)->Arg(151936)->Unit(benchmark::kMillisecond);

}  // namespace
