// Tensors made of others: rows in another order, joined, turned, or shifted by one. All of them
// decode at reading what is asked for and keep nothing. Steps go where their weights go.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "codec/part.h"
#include "model/checkpoint.h"

namespace qualm::formats::hf {

using Data = std::shared_ptr<const model::TensorData>;

struct Shape {
  std::int64_t rows = 0;
  std::int64_t length = 0;  ///< of a row
};

/// Row h*d + 2j + i is the source's row h*d + i*(d/2) + j, for heads of d rows, i of 0 and 1: what
/// llama.cpp's converter makes of q and k. Requires d even and rows % d == 0.
[[nodiscard]] Data pairs_of_halves(Data source, Shape shape, std::int64_t d);
/// The same for the elements of a bias, which is one row.
[[nodiscard]] Data pairs_of_halves_in_row(Data source, std::int64_t length, std::int64_t d);

struct RowRange {
  Data source;
  std::int64_t first = 0;
  std::int64_t count = 0;
};
/// The ranges one after the other, each with rows of `length`.
[[nodiscard]] Data joined(std::vector<RowRange> ranges, std::int64_t length);

/// Of a plain matrix stored as [in, out] the rows [out, in]. Requires codec::is_number.
[[nodiscard]] Data transposed(const codec::Part& part);

[[nodiscard]] Data plus_one(Data source, Shape shape);

/// Values of our own making; F32 for ggml.
[[nodiscard]] Data of_floats(std::vector<float> values);

}  // namespace qualm::formats::hf
