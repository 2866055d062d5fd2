#include <fmt/format.h>
#include <llama.h>

#include <algorithm>
#include <deque>
#include <optional>

#include "engine/llama_engine.h"
#include "engine/llama_log.h"
#include "model/encoding.h"
#include "model/file_type.h"

namespace qualm::engine {
namespace {

// Ids of quant types are written into files, so libllama's and those of model/file_type.cpp agree.
static_assert(LLAMA_FTYPE_MOSTLY_Q4_K_M == 15 && LLAMA_FTYPE_MOSTLY_BF16 == 32);

std::optional<ggml_type> type_named(const std::string& name) {
  const auto* const type = model::ggml_encoding(name);
  if (!type || type->ggml_type >= GGML_TYPE_COUNT) return std::nullopt;
  return static_cast<ggml_type>(type->ggml_type);
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

/// An importance matrix as libllama takes it.
class ImportanceList {
 public:
  explicit ImportanceList(const model::Importance* importance) {
    if (!importance) return;
    for (const auto& entry : importance->entries) {
      weights_.push_back(weights_of(entry));
      list_.push_back({entry.tensor.c_str(), weights_.back().data(), weights_.back().size()});
    }
    list_.push_back({nullptr, nullptr, 0});
  }
  /// Null where there is none.
  [[nodiscard]] const llama_model_imatrix_data* data() const noexcept {
    return list_.empty() ? nullptr : list_.data();
  }

 private:
  std::vector<llama_model_imatrix_data> list_;
  std::deque<std::vector<float>> weights_;
};

class LlamaQuantizer final : public assemble::Quantizer {
 public:
  LlamaQuantizer() { capture_llama_log(); }

  Result<assemble::Image> quantize(const std::string& path,
                                   const assemble::QuantizeOptions& options) override {
    const auto type = model::file_type_named(options.mix);
    if (!type || type->made == model::Made::never)
      return fail(unknown("quantization mix", options.mix));

    llama_model_quantize_params params = llama_model_quantize_default_params();
    params.ftype = static_cast<llama_ftype>(type->id);
    params.nthread = options.threads;
    params.pure = options.pure;
    params.allow_requantize = options.allow_requantize;
    for (auto [name, slot] :
         {std::pair{&options.token_embedding_type, &params.token_embedding_type},
          std::pair{&options.output_tensor_type, &params.output_tensor_type}}) {
      if (name->empty()) continue;
      const auto tensor_type = type_named(*name);
      if (!tensor_type) return fail(unknown("tensor type", *name));
      *slot = *tensor_type;
    }
    std::vector<llama_model_tensor_override> overrides;
    for (const auto& [pattern, name] : options.overrides) {
      const auto tensor_type = type_named(name);
      if (!tensor_type) return fail(unknown("tensor type", name));
      overrides.push_back({pattern.c_str(), *tensor_type});
    }
    overrides.push_back({nullptr, GGML_TYPE_COUNT});
    if (overrides.size() > 1) params.tt_overrides = overrides.data();

    const ImportanceList importance(options.importance);
    params.imatrix = importance.data();

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
