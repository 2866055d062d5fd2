// What every scheme of this folder makes, and the checks all of them share.
//
// Errors: CODEC-101 rows asked for that are not there, CODEC-102 unknown width or group size,
// CODEC-103 a part has the wrong dtype, CODEC-104 shapes contradict each other, CODEC-105 an index
// out of range, CODEC-106 a scale or zero point is NaN or infinite, CODEC-107 a group table that
// lies, CODEC-108 not a permutation, CODEC-109 more data than memory, CODEC-110 a
// tensor that the scheme needs beside this one is missing.
#pragma once

#include <cmath>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/error.h"
#include "codec/part.h"
#include "model/checkpoint.h"

namespace qualm::codec {

/// A matrix in the orientation of a Hugging Face Linear: rows are output features.
struct Matrix {
  std::vector<std::int64_t> shape;  ///< [out, in], or [experts, out, in]
  model::Encoding encoding;         ///< "GPTQ 4 bit g128"
  std::shared_ptr<const model::TensorData> data;
  std::vector<model::Note> notes;  ///< findings that are no reason to refuse
};

[[nodiscard]] Error part_error(std::string code, const Part& part, std::string expected,
                               std::string found);
[[nodiscard]] Result<void> expect_dtype(const Part& part, std::initializer_list<Dtype> allowed);
/// -1 stands for any size. CODEC-104.
[[nodiscard]] Result<void> expect_shape(const Part& part,
                                        std::initializer_list<std::int64_t> shape);
/// At least one element, so that no dimension exceeds the bytes there are. CODEC-104.
[[nodiscard]] Result<void> expect_filled(const Part& part);
/// Floats of any width, and rank 2.
[[nodiscard]] Result<void> expect_scales(const Part& part, std::int64_t rows, std::int64_t columns);

/// All values finite, or CODEC-106 naming the first that is not; `index` is values[0]'s in the
/// part.
[[nodiscard]] Result<void> expect_finite(const Part& part, std::span<const float> values,
                                         std::int64_t index);

/// Inputs per group when `groups` groups cover `inputs`: the configured size if it fits (-1 and 0
/// mean one group), else an even division. CODEC-104.
[[nodiscard]] Result<std::int64_t> group_size_for(const Part& scales, std::int64_t inputs,
                                                  std::int64_t groups, std::int64_t configured);

[[nodiscard]] constexpr std::int64_t ceil_divide(std::int64_t a, std::int64_t b) noexcept {
  return a / b + (a % b != 0 ? 1 : 0);
}

[[nodiscard]] Error rows_error(std::int64_t first, std::int64_t count, std::int64_t rows);
[[nodiscard]] Error memory_error(std::int64_t count, std::int64_t row_length);

/// TensorData of `rows` rows from a function Result<void>(first, count, float* out). `steps`:
/// TensorData::steps.
template <class Decode>
class DecodedRows final : public model::TensorData {
 public:
  DecodedRows(std::int64_t rows, std::int64_t length, Decode decode,
              std::shared_ptr<const model::TensorData> steps, std::span<const std::byte> ggml_bytes)
      : rows_(rows),
        length_(length),
        decode_(std::move(decode)),
        steps_(std::move(steps)),
        ggml_bytes_(ggml_bytes) {}

  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    if (first < 0 || count < 0 || first > rows_ || count > rows_ - first ||
        static_cast<std::int64_t>(out.size()) != count * length_)
      return fail(rows_error(first, count, rows_));
    if (out.empty()) return {};
    try {
      return decode_(first, count, out.data());
    } catch (const std::bad_alloc&) {
      return fail(memory_error(count, length_));
    }
  }
  std::shared_ptr<const model::TensorData> steps() const override { return steps_; }
  std::span<const std::byte> ggml_bytes() const noexcept override { return ggml_bytes_; }

 private:
  std::int64_t rows_;
  std::int64_t length_;
  Decode decode_;
  std::shared_ptr<const model::TensorData> steps_;
  std::span<const std::byte> ggml_bytes_;
};

template <class Decode>
[[nodiscard]] std::shared_ptr<const model::TensorData> decoded_rows(
    std::int64_t rows, std::int64_t length, Decode decode,
    std::shared_ptr<const model::TensorData> steps = nullptr,
    std::span<const std::byte> ggml_bytes = {}) {
  return std::make_shared<const DecodedRows<Decode>>(rows, length, std::move(decode),
                                                     std::move(steps), ggml_bytes);
}

}  // namespace qualm::codec
