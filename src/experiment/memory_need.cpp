#include "experiment/memory_need.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "engine/llama_engine.h"
#include "evaluate/kept_rows.h"
#include "evaluate/noise_floor.h"
#include "experiment/cache_size.h"
#include "model/cache.h"

namespace qualm::experiment {
namespace {

using model::Checkpoint;

// What was seen in runs (docs/results/performance.md, "Memory of a diagnosis").
constexpr std::int64_t kProgram = std::int64_t{24} << 20;  // code, libraries, databases, threads
constexpr std::int64_t kOfToken = 240;  // bytes of an entry of a vocabulary, in libllama and here
constexpr std::int64_t kOfKeptToken = sizeof(evaluate::TokenLogP);
constexpr std::int64_t kMostKept =  // tokens of a position
    evaluate::kMostTokens + static_cast<std::int64_t>(evaluate::kDraws);
constexpr std::int64_t kUsual = 16;  // windows that decide most diagnoses

constexpr std::int64_t kMostOfShape = std::int64_t{1}
                                      << 22;  // a file that says more makes no sense
constexpr std::int64_t kFloat = 4;
constexpr std::int64_t kHalf = 2;

/// Types whose matrices ggml's kernels for this processor keep a second time, in another order.
constexpr std::array<std::string_view, 4> kRepacked{"Q2_K", "Q4_0", "Q4_K", "IQ4_NL"};

/// Types that ggml's AMX kernels take: these keep them so, F16 too.
constexpr std::array<std::string_view, 8> kOfAmx{"F16",  "Q4_0", "Q4_1", "Q8_0",
                                                 "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"};

bool is_kept_twice(const model::Tensor& tensor, std::string_view type, KeptTwice twice) {
  const auto in = [&](const auto& types) { return std::ranges::find(types, type) != types.end(); };
  return twice != KeptTwice::none && tensor.name != "token_embd.weight" &&
         (in(kRepacked) || (twice == KeptTwice::amx && tensor.dims.size() == 2 && in(kOfAmx)));
}

std::int64_t bytes_kept_twice(const Checkpoint& model, KeptTwice twice) {
  std::int64_t bytes = 0;
  for (const model::Tensor& tensor : model.tensors)
    if (is_kept_twice(tensor, tensor.encoding.name, twice)) bytes += tensor.bytes;
  return bytes;
}

/// As 16-bit floats, with what is kept twice.
std::int64_t bytes_as_floats(const Checkpoint& model, KeptTwice twice) {
  std::int64_t weights = 0;
  for (const model::Tensor& tensor : model.tensors)
    weights += tensor.parameters() * (is_kept_twice(tensor, "F16", twice) ? 2 : 1);
  return weights * kHalf;
}

std::int64_t vocabulary_of(const Checkpoint& model) {
  const auto* const embedding = model.find("token_embd.weight");
  const bool known = embedding && embedding->dims.size() > 1;
  return known ? std::clamp<std::int64_t>(embedding->dims[1], 1, kMostOfShape) : 1;
}

/// ggml's buffer for one graph of `tokens`: the widest step of it, beside a few rows of the hidden
/// state and the mask of what causality hides.
std::int64_t compute_bytes(const Checkpoint& model, std::int64_t tokens, std::int64_t context) {
  const auto number = [&](const char* key) {
    return std::clamp<std::int64_t>(model.arch_integer(key).value_or(0), 0, kMostOfShape);
  };
  const std::int64_t hidden = number("embedding_length");
  const std::int64_t widest = std::max(vocabulary_of(model), 3 * number("feed_forward_length"));
  constexpr std::int64_t kHiddenRows = 5;
  return tokens * (kFloat * (widest + kHiddenRows * hidden) + kHalf * context);
}

}  // namespace

ModelNeed need_of_model(const Checkpoint& model, const engine::Settings& settings, RunsAs as,
                        KeptTwice twice) {
  const std::int64_t vocabulary = vocabulary_of(model);
  const auto [windows, tokens] = engine::size_of_call(settings, vocabulary);
  engine::Settings all = settings;
  all.ctx_size = settings.ctx_size * windows;
  ModelNeed need{.vocabulary = vocabulary * kOfToken};
  need.weights = as == RunsAs::file ? static_cast<std::int64_t>(model.file_bytes()) +
                                          bytes_kept_twice(model, twice)
                                    : bytes_as_floats(model, twice);
  need.context = bytes_of_cache(model, all).value_or(0) +
                 compute_bytes(model, std::min(settings.ubatch, tokens), all.ctx_size) +
                 tokens * vocabulary * kFloat;
  return need;
}

std::int64_t need_of_made(const Checkpoint& original, KeptTwice twice) {
  return bytes_as_floats(original, twice);
}

std::int64_t need_of_making(const Checkpoint& original) {
  constexpr std::int64_t kQuantized = 1;  // bytes of a weight, at most
  std::int64_t largest = 0;
  for (const model::Tensor& tensor : original.tensors)
    largest = std::max(largest, tensor.parameters());
  return largest * (kFloat + kQuantized);
}

std::int64_t need_of_references(const Checkpoint& original, const engine::Settings& settings,
                                std::int64_t windows) {
  const std::int64_t read =
      (windows > 0 ? std::min(windows, kUsual) : kUsual) + evaluate::kNoiseFloorWindows;
  return read * settings.ctx_size * std::min(vocabulary_of(original), kMostKept) * kOfKeptToken;
}

std::int64_t MemoryNeed::total(Hold hold) const noexcept {
  const auto both = [&](std::int64_t ModelNeed::*part) {
    return hold == Hold::all ? original.*part + candidate.*part
                             : std::max(original.*part, candidate.*part);
  };
  const std::int64_t files = both(&ModelNeed::weights) + both(&ModelNeed::context);
  const std::int64_t test = made + std::max(original.context, candidate.context);
  const std::int64_t quantizer = making > 0 ? original.weights + making : 0;
  return kProgram + both(&ModelNeed::vocabulary) + references + std::max({files, test, quantizer});
}

}  // namespace qualm::experiment
