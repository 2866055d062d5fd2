#include "codec/ggml_steps.h"

#include <ggml.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "codec/numbers.h"
#include "codec/steps.h"

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
float iq4_xs(Block block, int group) {
  const auto g = static_cast<std::size_t>(group);
  const int low = (byte_at(block, 4 + g / 2) >> (4 * (g % 2))) & 15;
  const int high = (byte_at(block, 2 + g / 4) >> (2 * (g % 4))) & 3;
  return half_at(block, 0) * static_cast<float>((low | high << 4) - 32);
}
float mxfp4(Block block, int) {
  return f8_values(Dtype::kF8E8M0)[static_cast<std::size_t>(byte_at(block, 0))];
}
float tq1_0(Block block, int) { return half_at(block, 52); }
float tq2_0(Block block, int) { return half_at(block, 64); }

constexpr std::array<float, 16> kIq4Values{-127, -104, -83, -65, -49, -35, -22, -10,
                                           1,    13,   25,  38,  53,  69,  89,  113};

struct BlockLayout {
  int type;
  std::size_t bytes;    ///< per block
  std::size_t weights;  ///< per block
  std::size_t group;    ///< weights that share a step, or a scale
  float (*step)(Block, int group);
  const std::array<float, 16>* book = nullptr;
  std::size_t nibbles = 0;  ///< where the first of them lie
};

constexpr std::array kBlockLayouts{
    BlockLayout{GGML_TYPE_Q4_0, 18, 32, 32, only_d},
    BlockLayout{GGML_TYPE_Q4_1, 20, 32, 32, only_d},
    BlockLayout{GGML_TYPE_Q5_0, 22, 32, 32, only_d},
    BlockLayout{GGML_TYPE_Q5_1, 24, 32, 32, only_d},
    BlockLayout{GGML_TYPE_Q8_0, 34, 32, 32, only_d},
    BlockLayout{GGML_TYPE_Q2_K, 84, 256, 16, q2_k},
    BlockLayout{GGML_TYPE_Q3_K, 110, 256, 16, q3_k},
    BlockLayout{GGML_TYPE_Q4_K, 144, 256, 32, q45_k},
    BlockLayout{GGML_TYPE_Q5_K, 176, 256, 32, q45_k},
    BlockLayout{GGML_TYPE_Q6_K, 210, 256, 16, q6_k},
    BlockLayout{GGML_TYPE_TQ1_0, 54, 256, 256, tq1_0},
    BlockLayout{GGML_TYPE_TQ2_0, 66, 256, 256, tq2_0},
    BlockLayout{GGML_TYPE_IQ4_NL, 18, 32, 32, only_d, &kIq4Values, 2},
    BlockLayout{GGML_TYPE_IQ4_XS, 136, 256, 32, iq4_xs, &kIq4Values, 8},
    BlockLayout{GGML_TYPE_MXFP4, 17, 32, 32, mxfp4, &kE2M1Values, 1},
};

void block_steps(const BlockLayout& layout, const std::array<float, 16>& gap, Block block,
                 float* to) {
  for (std::size_t at = 0; at < layout.weights; at += layout.group) {
    const float step = std::abs(layout.step(block, static_cast<int>(at / layout.group)));
    std::fill_n(to + at, layout.group, step);
    for (std::size_t i = 0; i < layout.group && layout.book; ++i) {
      const int pair = byte_at(block, layout.nibbles + at / 2 + i % 16);
      to[at + i] *= gap[static_cast<std::size_t>(i < 16 ? pair & 15 : pair >> 4)];
    }
  }
}

}  // namespace

std::shared_ptr<const model::TensorData> ggml_steps(int type, std::int64_t rows,
                                                    std::int64_t row_length,
                                                    std::span<const std::byte> bytes,
                                                    std::shared_ptr<const FileSource> file) {
  const auto* const layout = std::ranges::find(kBlockLayouts, type, &BlockLayout::type);
  if (layout == kBlockLayouts.end()) return nullptr;
  auto decode = [layout, gap = layout->book ? gaps(*layout->book) : std::array<float, 16>{}, bytes,
                 blocks = row_length / static_cast<std::int64_t>(layout->weights),
                 file = std::move(file)](std::int64_t first, std::int64_t count,
                                         float* out) -> Result<void> {
    for (std::int64_t i = first * blocks; i < (first + count) * blocks; ++i, out += layout->weights)
      block_steps(*layout, gap, bytes.data() + static_cast<std::size_t>(i) * layout->bytes, out);
    return {};
  };
  return decoded_rows(rows, row_length, std::move(decode));
}

}  // namespace qualm::codec
