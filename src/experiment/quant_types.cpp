#include "experiment/quant_types.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "assemble/recipe.h"
#include "formats/read.h"

namespace qualm::experiment {
namespace {

/// Of a matrix: it is none to libllama where a dimension is 1.
constexpr std::int64_t kFewRows = 2;

/// The first rows of a matrix. It has no bytes of its own: they are encoded anew.
class FirstRows final : public model::TensorData {
 public:
  explicit FirstRows(std::shared_ptr<const model::TensorData> all) : all_(std::move(all)) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    return all_->rows(first, count, out);
  }

 private:
  std::shared_ptr<const model::TensorData> all_;
};

model::Checkpoint with_few_rows(model::Checkpoint model) {
  for (model::Tensor& tensor : model.tensors) {
    if (tensor.dims.size() < 2) continue;
    for (std::size_t i = 1; i < tensor.dims.size(); ++i)
      tensor.dims[i] = std::min(tensor.dims[i], kFewRows);
    tensor.data = std::make_shared<FirstRows>(std::move(tensor.data));
  }
  return model;
}

}  // namespace

Result<std::map<std::string, int>> types_by(const assemble::QuantizeOptions& options,
                                            const model::Checkpoint& model,
                                            assemble::Quantizer& quantizer, Progress& progress) {
  QUALM_TRY(const auto few, assemble::assemble(with_few_rows(model), nullptr, {}, progress));
  QUALM_TRY(const auto image, quantizer.quantize(few.path(), options));
  QUALM_TRY(const auto quantized, formats::read(image.path()));
  std::map<std::string, int> types;
  for (const model::Tensor& tensor : quantized.tensors)
    types.emplace(tensor.name, tensor.encoding.ggml_type);
  return types;
}

bool has_types(const model::Checkpoint& model, const std::map<std::string, int>& types) {
  return std::ranges::all_of(model.tensors, [&](const model::Tensor& tensor) {
    const auto it = types.find(tensor.name);
    return it != types.end() && it->second == tensor.encoding.ggml_type;
  });
}

}  // namespace qualm::experiment
