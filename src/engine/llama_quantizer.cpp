#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <array>
#include <deque>
#include <optional>

#include "engine/llama_engine.h"
#include "engine/llama_log.h"

namespace qualm::engine {
namespace {

struct Mix {
  std::string_view name;
  llama_ftype ftype;
};

// llama-quantize's names (tools/quantize/quantize.cpp, QUANT_OPTIONS).
constexpr std::array kMixes{
    Mix{"F32", LLAMA_FTYPE_ALL_F32},          Mix{"F16", LLAMA_FTYPE_MOSTLY_F16},
    Mix{"BF16", LLAMA_FTYPE_MOSTLY_BF16},     Mix{"Q8_0", LLAMA_FTYPE_MOSTLY_Q8_0},
    Mix{"Q6_K", LLAMA_FTYPE_MOSTLY_Q6_K},     Mix{"Q5_K_M", LLAMA_FTYPE_MOSTLY_Q5_K_M},
    Mix{"Q5_K_S", LLAMA_FTYPE_MOSTLY_Q5_K_S}, Mix{"Q5_1", LLAMA_FTYPE_MOSTLY_Q5_1},
    Mix{"Q5_0", LLAMA_FTYPE_MOSTLY_Q5_0},     Mix{"Q4_K_M", LLAMA_FTYPE_MOSTLY_Q4_K_M},
    Mix{"Q4_K_S", LLAMA_FTYPE_MOSTLY_Q4_K_S}, Mix{"Q4_1", LLAMA_FTYPE_MOSTLY_Q4_1},
    Mix{"Q4_0", LLAMA_FTYPE_MOSTLY_Q4_0},     Mix{"IQ4_NL", LLAMA_FTYPE_MOSTLY_IQ4_NL},
    Mix{"IQ4_XS", LLAMA_FTYPE_MOSTLY_IQ4_XS}, Mix{"Q3_K_L", LLAMA_FTYPE_MOSTLY_Q3_K_L},
    Mix{"Q3_K_M", LLAMA_FTYPE_MOSTLY_Q3_K_M}, Mix{"Q3_K_S", LLAMA_FTYPE_MOSTLY_Q3_K_S},
    Mix{"IQ3_M", LLAMA_FTYPE_MOSTLY_IQ3_M},   Mix{"IQ3_S", LLAMA_FTYPE_MOSTLY_IQ3_S},
    Mix{"IQ3_XS", LLAMA_FTYPE_MOSTLY_IQ3_XS}, Mix{"IQ3_XXS", LLAMA_FTYPE_MOSTLY_IQ3_XXS},
    Mix{"Q2_K", LLAMA_FTYPE_MOSTLY_Q2_K},     Mix{"Q2_K_S", LLAMA_FTYPE_MOSTLY_Q2_K_S},
    Mix{"IQ2_M", LLAMA_FTYPE_MOSTLY_IQ2_M},   Mix{"IQ2_S", LLAMA_FTYPE_MOSTLY_IQ2_S},
    Mix{"IQ2_XS", LLAMA_FTYPE_MOSTLY_IQ2_XS}, Mix{"IQ2_XXS", LLAMA_FTYPE_MOSTLY_IQ2_XXS},
    Mix{"IQ1_M", LLAMA_FTYPE_MOSTLY_IQ1_M},   Mix{"IQ1_S", LLAMA_FTYPE_MOSTLY_IQ1_S},
};

std::optional<ggml_type> type_named(const std::string& name) {
  for (int id = 0; id < GGML_TYPE_COUNT; ++id) {
    const auto type = static_cast<ggml_type>(id);
    if (ggml_blck_size(type) == 0) continue;  // removed from ggml
    std::string upper = ggml_type_name(type) ? ggml_type_name(type) : "";
    std::ranges::transform(upper, upper.begin(),
                           [](char c) { return static_cast<char>(std::toupper(c)); });
    std::string wanted = name;
    std::ranges::transform(wanted, wanted.begin(),
                           [](char c) { return static_cast<char>(std::toupper(c)); });
    if (!upper.empty() && upper == wanted) return type;
  }
  return std::nullopt;
}

Error unknown(const char* what, const std::string& name) {
  return {Kind::input, "ENGINE-010", "", what, "a name that llama-quantize knows", name, ""};
}

/// Mean squares as llama-quantize takes them: ones for a matrix that saw no input. Zeros would say
/// that none of its weights matter.
std::vector<float> weights_of(const model::ImportanceEntry& entry) {
  std::vector<float> weights = entry.mean_squares;
  const std::size_t columns = weights.size() / std::max<std::size_t>(1, entry.counts.size());
  for (std::size_t i = 0; i < entry.counts.size(); ++i)
    if (entry.counts[i] == 0)
      std::fill_n(weights.begin() + static_cast<std::ptrdiff_t>(i * columns), columns, 1.0F);
  return weights;
}

class LlamaQuantizer final : public assemble::Quantizer {
 public:
  LlamaQuantizer() { capture_llama_log(); }

  Result<assemble::Image> quantize(const std::string& path,
                                   const assemble::QuantizeOptions& options) override {
    const auto mix = std::ranges::find(kMixes, options.mix, &Mix::name);
    if (mix == kMixes.end()) return fail(unknown("quantization mix", options.mix));

    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype = mix->ftype;
    params.nthread = options.threads;
    params.pure = options.pure;
    params.allow_requantize = options.allow_requantize;
    for (auto [name, slot] :
         {std::pair{&options.token_embedding_type, &params.token_embedding_type},
          std::pair{&options.output_tensor_type, &params.output_tensor_type}}) {
      if (name->empty()) continue;
      const auto type = type_named(*name);
      if (!type) return fail(unknown("tensor type", *name));
      *slot = *type;
    }
    std::vector<llama_model_tensor_override> overrides;
    for (const auto& [pattern, name] : options.overrides) {
      const auto type = type_named(name);
      if (!type) return fail(unknown("tensor type", name));
      overrides.push_back({pattern.c_str(), *type});
    }
    overrides.push_back({nullptr, GGML_TYPE_COUNT});
    if (overrides.size() > 1) params.tt_overrides = overrides.data();

    std::vector<llama_model_imatrix_data> importance;
    std::deque<std::vector<float>> weights;
    if (options.importance) {
      for (const auto& entry : options.importance->entries) {
        weights.push_back(weights_of(entry));
        importance.push_back({entry.tensor.c_str(), weights.back().data(), weights.back().size()});
      }
      importance.push_back({nullptr, nullptr, 0});
      params.imatrix = importance.data();
    }

    QUALM_TRY(auto image, assemble::Image::create(options.mix));
    std::uint32_t status = 1;
    try {
      status = llama_model_quantize(path.c_str(), image.path().c_str(), &params);
    } catch (const std::exception&) {
      status = 1;  // its log says why
    }
    if (status != 0)
      return fail({Kind::engine, "ENGINE-011", path, "quantizing to " + options.mix,
                   "libllama's quantizer to accept the model", take_llama_log(), ""});
    return image;
  }
};

}  // namespace

std::unique_ptr<assemble::Quantizer> make_llama_quantizer() {
  return std::make_unique<LlamaQuantizer>();
}

}  // namespace qualm::engine
