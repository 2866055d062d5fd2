// What `qualm compare` reports, of checkpoints in memory that were really compared.
#include <cmath>
#include <memory>
#include <utility>

#include "report/sample_reports.h"
#include "support/checkpoints.h"

namespace qualm::report::testing {
namespace {

constexpr float kStep = 0.05F;
constexpr std::int64_t kWidth = 64;
constexpr std::int64_t kRows = 128;

/// Values on a grid of one step.
class OnGrid final : public model::TensorData {
 public:
  explicit OnGrid(std::vector<float> values)
      : values_(kWidth, std::move(values)),
        steps_(std::make_shared<test::FloatData>(
            kWidth, std::vector<float>(values_.values().size(), kStep))) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    return values_.rows(first, count, out);
  }
  std::shared_ptr<const model::TensorData> steps() const override { return steps_; }

 private:
  test::FloatData values_;
  std::shared_ptr<const test::FloatData> steps_;
};

model::Tensor rounded(model::Tensor tensor) {
  auto values = test::values_of(tensor);
  for (float& value : values) value = kStep * std::round(value / kStep);
  tensor.encoding = {"Q4_0", 2};
  tensor.bytes = tensor.parameters() / 32 * 18;
  tensor.data = std::make_shared<OnGrid>(std::move(values));
  return tensor;
}

model::Checkpoint base_model() {
  model::Checkpoint made;
  std::uint32_t seed = 10;
  const auto matrix = [&](const std::string& name) {
    made.tensors.push_back(
        test::float_tensor(name, {kWidth, kRows}, test::noise(kWidth * kRows, 0.2, ++seed)));
  };
  matrix("token_embd.weight");
  for (const char* layer : {"blk.0.", "blk.1.", "blk.2."}) {
    for (const char* part : {"attn_q.weight", "ffn_up.weight", "ffn_down.weight"})
      matrix(std::string(layer) + part);
    made.tensors.push_back(test::float_tensor(
        std::string(layer) + "attn_norm.weight", {kWidth},
        test::plus(std::vector<float>(kWidth, 1), 0.1, test::noise(kWidth, 1, ++seed))));
  }
  return made;
}

/// Every tensor moved by a tenth.
model::Checkpoint fine_tune(const model::Checkpoint& base) {
  std::uint32_t seed = 500;
  return test::made_from(base, [&](const model::Tensor& tensor) {
    const auto values = test::values_of(tensor);
    return test::plus(values, 0.1, test::noise(values.size(), 0.2, ++seed));
  });
}

/// The base model rounded, with two matrices in each other's place, one that only it has, one of
/// another shape.
model::Checkpoint candidate_of(const model::Checkpoint& base) {
  model::Checkpoint made = base;
  for (model::Tensor& tensor : made.tensors)
    if (tensor.row_count() > 1) tensor = rounded(tensor);
  const auto named = [&](std::string_view name) {
    return std::ranges::find(made.tensors, name, &model::Tensor::name);
  };
  std::swap(named("blk.0.ffn_up.weight")->data, named("blk.1.ffn_up.weight")->data);
  made.tensors.push_back(rounded(base.tensors[1]));
  made.tensors.back().name = "blk.0.extra.weight";
  made.tensors.push_back(test::float_tensor("rope_freqs.weight", {16}, test::noise(16, 1, 3)));
  return made;
}

CompareReport compared(const model::Checkpoint& model, const model::Checkpoint& baseline,
                       const model::Checkpoint* base) {
  Progress silent;
  CompareReport report{.tool = {.version = "0.1.0", .libllama = ""},
                       .model = tiny_q2(),
                       .baseline = tiny_q8(),
                       .base_model = std::nullopt,
                       .weights = *weights::compare(model, baseline, 1, silent),
                       .provenance = std::nullopt,
                       .top = 3};
  if (!base) return report;
  report.base_model = tiny_f16();
  report.provenance = *weights::provenance(model, baseline, base, 1, silent);
  return report;
}

}  // namespace

CompareReport compare_sample() {
  const model::Checkpoint base = base_model();
  model::Checkpoint baseline = fine_tune(base);
  const model::Checkpoint candidate = candidate_of(base);
  baseline.tensors.push_back(test::float_tensor("rope_freqs.weight", {32}, test::noise(32, 1, 3)));
  baseline.tensors.push_back(
      test::float_tensor("output.weight", {kWidth, kRows}, test::noise(kWidth * kRows, 1, 4)));
  return compared(candidate, baseline, &base);
}

CompareReport compare_equal() {
  model::Checkpoint model = base_model();
  model.tensors.resize(2);
  return compared(model, model, nullptr);
}

}  // namespace qualm::report::testing
