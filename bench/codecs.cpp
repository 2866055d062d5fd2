// Rows of each ggml type and of each packing of other tools as floats, against a copy of the floats
// they become and a read of a file of as many bytes.
#include <benchmark/benchmark.h>
#include <ggml.h>

#include <cstdio>
#include <cstring>
#include <string>
#include <vector>

#include "codec/ggml.h"
#include "support/packed_models.h"

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

void decode_packed(benchmark::State& state, const char* scheme) {
  qualm::model::Checkpoint from;
  from.tensors.push_back(qualm::test::float_tensor("w", {kLength, kRows},
                                                   qualm::test::noise(kRows * kLength, 0.05, 1)));
  const auto model = qualm::test::packed(from, scheme);
  std::vector<float> out(kRows * kLength);
  for (auto _ : state) {
    if (!model.tensors.front().data->rows(0, kRows, out)) return state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(out.data());
  }
  set_throughput(state);
}
const bool kAll = [] {
  for (const char* scheme : qualm::test::kSchemes)
    benchmark::RegisterBenchmark(("decode/" + std::string(scheme)).c_str(), decode_packed, scheme);
  return true;
}();

/// Of a file that the page cache holds, by read(2).
void read_file(benchmark::State& state) {
  std::FILE* const file = std::tmpfile();
  std::vector<float> values(kRows * kLength, 1.0F);
  std::fwrite(values.data(), sizeof(float), values.size(), file);
  for (auto _ : state) {
    std::rewind(file);
    benchmark::DoNotOptimize(std::fread(values.data(), sizeof(float), values.size(), file));
  }
  std::fclose(file);
  set_throughput(state);
}
BENCHMARK(read_file);

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
