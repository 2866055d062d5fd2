#include "codec/ggml_steps.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "codec/numbers.h"

namespace qualm::codec {
namespace {

using Block = const std::byte*;

int byte_at(Block block, std::size_t at) { return std::to_integer<int>(block[at]); }

float half_at(Block block, std::size_t at) {
  std::uint16_t half = 0;
  std::memcpy(&half, block + at, sizeof(half));
  return float_from_half(half);
}

float only_d(Block block, int) { return half_at(block, 0); }
float q2_k(Block block, int group) {
  return half_at(block, 80) *
         static_cast<float>(byte_at(block, static_cast<std::size_t>(group)) & 15);
}
float q3_k(Block block, int group) {
  const auto g = static_cast<std::size_t>(group);
  const int low = g < 8 ? byte_at(block, 96 + g) & 15 : byte_at(block, 96 + g - 8) >> 4;
  const int high = (byte_at(block, 104 + g % 4) >> (2 * (g / 4))) & 3;
  return half_at(block, 108) * static_cast<float>((low | high << 4) - 32);
}
float q45_k(Block block, int group) {
  const auto g = static_cast<std::size_t>(group);
  const int sc = g < 4 ? byte_at(block, 4 + g) & 63
                       : (byte_at(block, 8 + g) & 15) | (byte_at(block, g) >> 6) << 4;
  return half_at(block, 0) * static_cast<float>(sc);
}
float q6_k(Block block, int group) {
  const auto sc = static_cast<std::int8_t>(byte_at(block, 192 + static_cast<std::size_t>(group)));
  return half_at(block, 208) * static_cast<float>(sc);
}
float tq1_0(Block block, int) { return half_at(block, 52); }
float tq2_0(Block block, int) { return half_at(block, 64); }

struct Grid {
  int type;
  std::size_t bytes;    ///< per block
  std::size_t weights;  ///< per block
  std::size_t group;    ///< weights that share a step
  float (*step)(Block, int group);
};

constexpr std::array kGrids{
    Grid{GGML_TYPE_Q4_0, 18, 32, 32, only_d},   Grid{GGML_TYPE_Q4_1, 20, 32, 32, only_d},
    Grid{GGML_TYPE_Q5_0, 22, 32, 32, only_d},   Grid{GGML_TYPE_Q5_1, 24, 32, 32, only_d},
    Grid{GGML_TYPE_Q8_0, 34, 32, 32, only_d},   Grid{GGML_TYPE_Q2_K, 84, 256, 16, q2_k},
    Grid{GGML_TYPE_Q3_K, 110, 256, 16, q3_k},   Grid{GGML_TYPE_Q4_K, 144, 256, 32, q45_k},
    Grid{GGML_TYPE_Q5_K, 176, 256, 32, q45_k},  Grid{GGML_TYPE_Q6_K, 210, 256, 16, q6_k},
    Grid{GGML_TYPE_TQ1_0, 54, 256, 256, tq1_0}, Grid{GGML_TYPE_TQ2_0, 66, 256, 256, tq2_0},
};

}  // namespace

bool ggml_steps(int type, std::span<const std::byte> blocks, std::span<float> out) {
  const auto* const grid = std::ranges::find(kGrids, type, &Grid::type);
  if (grid == kGrids.end() || blocks.size() % grid->bytes != 0 ||
      out.size() != blocks.size() / grid->bytes * grid->weights)
    return false;
  float* to = out.data();
  for (std::size_t at = 0; at < blocks.size(); at += grid->bytes)
    for (std::size_t group = 0; group < grid->weights / grid->group; ++group, to += grid->group)
      std::fill_n(to, grid->group,
                  std::abs(grid->step(blocks.data() + at, static_cast<int>(group))));
  return true;
}

bool row_steps(const model::Tensor& tensor, std::int64_t first, std::int64_t count,
               std::span<float> out) {
  const auto bytes = tensor.data->ggml_bytes();
  const auto rows = static_cast<std::size_t>(tensor.row_count());
  if (rows == 0 || bytes.size() % rows != 0 || first < 0 || count < 0 ||
      count > tensor.row_count() - first)
    return false;
  const std::size_t row_bytes = bytes.size() / rows;
  return ggml_steps(tensor.encoding.ggml_type,
                    bytes.subspan(static_cast<std::size_t>(first) * row_bytes,
                                  static_cast<std::size_t>(count) * row_bytes),
                    out);
}

}  // namespace qualm::codec
