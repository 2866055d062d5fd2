// Rows of each ggml type as floats, against a copy of the floats they become.
#include <benchmark/benchmark.h>
#include <ggml.h>

#include <cstring>
#include <vector>

#include "codec/ggml.h"

namespace {

constexpr std::int64_t kLength = 4096;
constexpr std::int64_t kRows = 256;

void set_throughput(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * kRows * kLength *
                          static_cast<std::int64_t>(sizeof(float)));
}

void decode(benchmark::State& state, ggml_type type) {
  const std::vector<std::byte> bytes(ggml_row_size(type, kLength) * kRows, std::byte{0x11});
  const auto data = qualm::codec::make_ggml(type, kRows, kLength, bytes, nullptr);
  std::vector<float> out(kRows * kLength);
  for (auto _ : state) {
    if (!data || !(*data)->rows(0, kRows, out)) return state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(out.data());
  }
  set_throughput(state);
}
BENCHMARK_CAPTURE(decode, F16, GGML_TYPE_F16);
BENCHMARK_CAPTURE(decode, BF16, GGML_TYPE_BF16);
BENCHMARK_CAPTURE(decode, Q8_0, GGML_TYPE_Q8_0);
BENCHMARK_CAPTURE(decode, Q6_K, GGML_TYPE_Q6_K);
BENCHMARK_CAPTURE(decode, Q4_K, GGML_TYPE_Q4_K);
BENCHMARK_CAPTURE(decode, Q2_K, GGML_TYPE_Q2_K);
BENCHMARK_CAPTURE(decode, IQ2_S, GGML_TYPE_IQ2_S);

void copy(benchmark::State& state) {
  const std::vector<float> from(kRows * kLength, 1.0F);
  std::vector<float> to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size() * sizeof(float));
    benchmark::DoNotOptimize(to.data());
  }
  set_throughput(state);
}
BENCHMARK(copy);

}  // namespace
