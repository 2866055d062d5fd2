// Matrices rounded to an even grid whose steps are known, under the name of a type of ggml.
#pragma once

#include <algorithm>
#include <cmath>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/checkpoints.h"

namespace qualm::test {

class GriddedData final : public model::TensorData {
 public:
  GriddedData(std::int64_t length, std::vector<float> values, std::vector<float> steps)
      : values_(length, std::move(values)),
        steps_(std::make_shared<FloatData>(length, std::move(steps))) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    return values_.rows(first, count, out);
  }
  std::shared_ptr<const model::TensorData> steps() const override { return steps_; }

 private:
  FloatData values_;
  std::shared_ptr<const FloatData> steps_;
};

/// Levels of one side: 127 of Q8_0, 7 of Q4_0, 3 of all others. Norms stay.
inline model::Checkpoint gridded(const model::Checkpoint& from, std::string_view type,
                                 std::size_t group = 32) {
  const float levels = type == "Q8_0" ? 127 : type == "Q4_0" ? 7 : 3;
  model::Checkpoint to = from;
  for (model::Tensor& tensor : to.tensors) {
    if (tensor.row_count() == 1) continue;
    auto values = values_of(tensor);
    std::vector<float> steps(values.size());
    for (std::size_t at = 0; at < values.size(); at += group) {
      float most = 0;
      for (std::size_t i = at; i < at + group; ++i) most = std::max(most, std::abs(values[i]));
      for (std::size_t i = at; i < at + group; ++i) {
        steps[i] = most / levels;
        values[i] = steps[i] > 0 ? steps[i] * std::round(values[i] / steps[i]) : 0;
      }
    }
    tensor.encoding = model::Encoding(std::string(type));
    tensor.data =
        std::make_shared<GriddedData>(tensor.row_length(), std::move(values), std::move(steps));
  }
  return to;
}

}  // namespace qualm::test
