#include "model/runtime.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <vector>

namespace qualm::model {
namespace {

/// Formats by the first word of Checkpoint::format. Of vLLM: its documentation's list
/// (docs.vllm.ai, "Quantization") and vllm-project/vllm#3203 for EXL2. The others are what these
/// projects are known for; none of the five was run here.
struct Runtime {
  std::string_view name;
  std::vector<std::string_view> reads;  ///< empty: all but the next
  std::vector<std::string_view> does_not_read;
  std::string_view what;    ///< it reads, in words
  std::string_view remedy;  ///< for a model in another format
};

const std::array<Runtime, 5>& runtimes() {
  static const std::array<Runtime, 5> kRuntimes{{
      {"llama.cpp",
       {"GGUF"},
       {},
       "GGUF",
       "convert the original model (convert_hf_to_gguf.py) and quantize that "
       "(llama-quantize)"},
      {"exllamav2",
       {"EXL2", "GPTQ", "safetensors"},
       {},
       "EXL2, GPTQ and unquantized safetensors",
       "make an EXL2 from the original model (exllamav2's convert.py)"},
      {"exllamav3",
       {"EXL3", "safetensors"},
       {},
       "EXL3 and unquantized safetensors",
       "make an EXL3 from the original model (exllamav3's convert.py)"},
      {"vllm",
       {},
       {"EXL2", "EXL3", "quanto"},
       "safetensors, AWQ, GPTQ, compressed-tensors, FP8, bitsandbytes and others",
       "make an AWQ or GPTQ from the original model (llm-compressor, GPTQModel)"},
      {"transformers",
       {},
       {"EXL2", "EXL3", "Marlin"},
       "safetensors, AWQ, GPTQ, bitsandbytes, HQQ and others",
       "make an AWQ or GPTQ from the original model, or load the original with bitsandbytes"},
  }};
  return kRuntimes;
}

bool is_one_of(std::string_view format, const std::vector<std::string_view>& words) {
  return std::ranges::any_of(words,
                             [&](std::string_view word) { return format.starts_with(word); });
}

bool loads(const Runtime& runtime, std::string_view format) {
  return runtime.reads.empty() ? !is_one_of(format, runtime.does_not_read)
                               : is_one_of(format, runtime.reads);
}

}  // namespace

std::span<const std::string_view> runtime_names() noexcept {
  static const auto kNames = [] {
    std::array<std::string_view, 5> names;
    std::ranges::transform(runtimes(), names.begin(), &Runtime::name);
    return names;
  }();
  return kNames;
}

std::string unsuited(const Checkpoint& checkpoint, std::string_view runtime) {
  const auto wanted = std::ranges::find(runtimes(), runtime, &Runtime::name);
  if (wanted == runtimes().end() || loads(*wanted, checkpoint.format)) return {};
  std::vector<std::string_view> others;
  for (const Runtime& other : runtimes())
    if (loads(other, checkpoint.format)) others.push_back(other.name);
  std::string says = fmt::format("{} does not load {}: it reads {}. Fix: {}", runtime,
                                 checkpoint.format, wanted->what, wanted->remedy);
  if (!others.empty()) says += fmt::format("; or run this file with {}", fmt::join(others, " or "));
  return says;
}

}  // namespace qualm::model
