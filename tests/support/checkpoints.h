// Checkpoints in memory: tensors of floats, and tensors rounded to a grid that is known.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/checkpoint.h"

namespace qualm::test {

/// F32 values, which ggml could take as they are.
class FloatData final : public model::TensorData {
 public:
  FloatData(std::int64_t row_length, std::vector<float> values)
      : row_length_(row_length), values_(std::move(values)) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    const auto at = static_cast<std::size_t>(first * row_length_);
    const auto size = static_cast<std::size_t>(count * row_length_);
    if (first < 0 || at + size > values_.size() || out.size() != size)
      return fail({Kind::input, "FAKE-003", "", "", "rows that are there", "others", ""});
    std::copy_n(values_.begin() + static_cast<std::ptrdiff_t>(at), size, out.begin());
    return {};
  }
  std::span<const std::byte> ggml_bytes() const noexcept override {
    return std::as_bytes(std::span(values_));
  }
  [[nodiscard]] const std::vector<float>& values() const noexcept { return values_; }

 private:
  std::int64_t row_length_;
  std::vector<float> values_;
};

inline model::Tensor float_tensor(std::string name, std::vector<std::int64_t> dims,
                                  std::vector<float> values) {
  model::Tensor tensor;
  tensor.name = std::move(name);
  tensor.dims = std::move(dims);
  tensor.encoding = {"F32", 0};
  tensor.bytes = static_cast<std::int64_t>(values.size() * sizeof(float));
  tensor.data = std::make_shared<FloatData>(tensor.row_length(), std::move(values));
  return tensor;
}

/// Normally distributed, the same for the same seed on every machine.
inline std::vector<float> noise(std::size_t count, double sigma, std::uint32_t seed) {
  std::mt19937 bits(seed);
  std::vector<float> values(count);
  for (float& value : values) {  // Irwin-Hall: std::normal_distribution differs between libraries
    double sum = -6;
    for (int i = 0; i < 12; ++i) sum += static_cast<double>(bits()) / 4294967296.0;
    value = static_cast<float>(sigma * sum);
  }
  return values;
}

/// a + factor b.
inline std::vector<float> plus(std::vector<float> a, double factor, const std::vector<float>& b) {
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = static_cast<float>(a[i] + factor * b[i]);
  return a;
}

/// A whole F32 tensor of a checkpoint, decoded.
inline std::vector<float> values_of(const model::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
  const auto read = tensor.data->rows(0, tensor.row_count(), values);
  if (!read) values.clear();
  return values;
}

/// a checkpoint of the same names and shapes whose values are made from those of `from`.
template <class Make>
model::Checkpoint made_from(const model::Checkpoint& from, Make make) {
  model::Checkpoint to;
  to.format = "memory";
  to.path = "memory";
  to.metadata = from.metadata;
  for (const model::Tensor& tensor : from.tensors)
    to.tensors.push_back(float_tensor(tensor.name, tensor.dims, make(tensor)));
  return to;
}

}  // namespace qualm::test
