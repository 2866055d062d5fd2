#include "model/rope_risks.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace qualm::model {
namespace {

constexpr double kDefaultBase = 10000;  // what llama.cpp takes where the file has none

/// Models that never have the default. A vocabulary tells them from others of the architecture.
struct KnownBase {
  std::string_view name;
  std::string_view architecture;
  std::int64_t vocabulary = 0;  ///< tokens
  double least = 0;             ///< base of its models
};
/// Source: rope_theta and vocab_size in the config.json of the published models; for Gemma 3 also
/// llama.cpp's converter. Qwen 2 is left out: Qwen2.5-Math and what was made of it has 10000.
constexpr std::array kKnownBases{
    KnownBase{"Llama 3", "llama", 128256, 500000},
    KnownBase{"Qwen 3", "qwen3", 151936, 1000000},
    KnownBase{"Qwen 3", "qwen3moe", 151936, 1000000},
    KnownBase{"Gemma 3", "gemma3", 262144, 1000000},
    KnownBase{"Gemma 3", "gemma3", 262208, 1000000},
};
/// Toy models borrow the vocabulary of a large one: fewer layers than any of the above has.
constexpr std::int64_t kLeastLayers = 16;

/// A context that no model of Llama's architecture was trained for with the default base alone.
constexpr std::int64_t kLongContext = 65536;

std::int64_t vocabulary_size(const Checkpoint& checkpoint) {
  const auto* tokens = checkpoint.metadata.strings("tokenizer.ggml.tokens");
  return tokens ? std::ssize(*tokens) : 0;
}

/// Frequencies that are scaled one by one are tensors.
bool has_factors(const Checkpoint& checkpoint) {
  return std::ranges::any_of(checkpoint.tensors, [](const Tensor& tensor) {
    return tensor.name.starts_with("rope_freqs") || tensor.name.starts_with("rope_factors");
  });
}

void base_risk(const Checkpoint& checkpoint, std::vector<Risk>& risks) {
  const std::string architecture = checkpoint.architecture();
  const auto base = checkpoint.metadata.number(architecture + ".rope.freq_base");
  if (base.value_or(kDefaultBase) != kDefaultBase ||
      checkpoint.arch_integer("block_count").value_or(0) < kLeastLayers)
    return;
  const auto* const known = std::ranges::find_if(kKnownBases, [&](const KnownBase& one) {
    return one.architecture == architecture && one.vocabulary == vocabulary_size(checkpoint);
  });
  if (known == kKnownBases.end()) return;
  risks.push_back(
      {"rope_base_default",
       fmt::format("{}.rope.freq_base is {}. {} models have {:.0f} or more: with a smaller base "
                   "the model reads positions wrong.",
                   architecture, base ? "10000" : "absent, so 10000 is used", known->name,
                   known->least)});
}

void scaling_risk(const Checkpoint& checkpoint, std::vector<Risk>& risks) {
  const std::string rope = checkpoint.architecture() + ".rope.";
  const std::string type = checkpoint.metadata.string(rope + "scaling.type").value_or("");
  const auto factor = checkpoint.metadata.number(rope + "scaling.factor");
  if (type != "yarn" || factor.value_or(1) <= 1 ||
      checkpoint.metadata.integer(rope + "scaling.original_context_length"))
    return;
  risks.push_back(
      {"rope_original_context_missing",
       fmt::format("{0}scaling.type is yarn with a factor of {1:g}, and "
                   "{0}scaling.original_context_length is absent: runtimes scale as if the model "
                   "had been trained for the whole context.",
                   rope, *factor)});
}

void context_risk(const Checkpoint& checkpoint, std::vector<Risk>& risks) {
  const std::string rope = checkpoint.architecture() + ".rope.";
  const auto context = checkpoint.arch_integer("context_length");
  if (checkpoint.architecture() != "llama" || context.value_or(0) < kLongContext ||
      checkpoint.metadata.number(rope + "freq_base").value_or(kDefaultBase) > kDefaultBase ||
      checkpoint.metadata.find(rope + "scaling.factor") ||
      checkpoint.metadata.find(rope + "scale_linear") || has_factors(checkpoint))
    return;
  risks.push_back(
      {"rope_context_too_long",
       fmt::format("The file claims a context of {} with {}freq_base 10000 and no scaling. Models "
                   "of this architecture with such a context have a larger base or scale it: long "
                   "texts may turn into nonsense.",
                   *context, rope)});
}

}  // namespace

std::vector<Risk> rope_risks(const Checkpoint& checkpoint) {
  std::vector<Risk> risks;
  base_risk(checkpoint, risks);
  scaling_risk(checkpoint, risks);
  if (risks.empty()) context_risk(checkpoint, risks);
  return risks;
}

}  // namespace qualm::model
