// The size of a surrogate's noise against what libggml's rounding does to Gaussian weights.
#include <ggml.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <string>

#include "assemble/gguf_writer.h"
#include "formats/read.h"
#include "numeric/random.h"
#include "support/plain_checkpoint.h"
#include "weights/surrogate.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kLength = 2048;
constexpr std::int64_t kRows = 64;

std::vector<float> gaussian() {
  std::vector<float> values(static_cast<std::size_t>(kLength * kRows));
  numeric::Random random(5);
  for (float& value : values) {
    double sum = 0;
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    value = static_cast<float>(sum - 6);
  }
  return values;
}

double rms(std::span<const float> a, std::span<const float> b) {
  double squares = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    squares += (double{a[i]} - double{b[i]}) * (double{a[i]} - double{b[i]});
  return std::sqrt(squares / static_cast<double>(a.size()));
}

/// Written as that type, read again, and the noise put on: its size over that of the rounding.
double noise_over_rounding(ggml_type type, bool importance) {
  const std::vector<float> values = gaussian();
  const std::vector<float> even(static_cast<std::size_t>(kLength), 1.0F);
  std::vector<std::byte> bytes(ggml_row_size(type, kLength) * kRows);
  ggml_quantize_chunk(type, values.data(), bytes.data(), 0, kRows, kLength,
                      importance ? even.data() : nullptr);
  auto writer = *assemble::GgufWriter::create("gaussian");
  model::Metadata metadata;
  metadata.set("general.architecture", std::string("llama"));
  if (importance) metadata.set("quantize.imatrix.file", std::string("even.dat"));
  EXPECT_TRUE(writer.metadata(metadata));
  EXPECT_TRUE(writer.declare("blk.0.ffn_up.weight", std::array{kLength, kRows}, type));
  EXPECT_TRUE(writer.finish_header());
  EXPECT_TRUE(writer.data(bytes));
  EXPECT_TRUE(writer.end_tensor());
  const auto image = std::move(writer).take();
  const auto candidate = formats::read(image.path());
  EXPECT_TRUE(candidate) << describe(candidate.error());
  EXPECT_EQ(no_surrogate(*candidate), "");
  const auto surrogate = surrogate_of(*candidate, 1);
  std::vector<float> rounded(values.size());
  std::vector<float> noisy(values.size());
  EXPECT_TRUE(candidate->tensors[0].data->rows(0, kRows, rounded));
  EXPECT_TRUE(surrogate.tensors[0].data->rows(0, kRows, noisy));
  return rms(noisy, rounded) / rms(values, rounded);
}

TEST(Surrogate, has_the_noise_that_the_quantizer_makes) {
  for (const ggml_type type :
       {GGML_TYPE_Q4_0, GGML_TYPE_Q4_1, GGML_TYPE_Q5_0, GGML_TYPE_Q5_1, GGML_TYPE_Q8_0,
        GGML_TYPE_Q2_K, GGML_TYPE_Q3_K, GGML_TYPE_Q4_K, GGML_TYPE_Q5_K, GGML_TYPE_Q6_K,
        GGML_TYPE_IQ4_NL, GGML_TYPE_IQ4_XS, GGML_TYPE_IQ3_S, GGML_TYPE_IQ3_XXS, GGML_TYPE_IQ2_S,
        GGML_TYPE_IQ2_XS, GGML_TYPE_IQ2_XXS, GGML_TYPE_IQ1_M, GGML_TYPE_IQ1_S})
    for (const bool importance : {false, true}) {
      if (!importance && ggml_quantize_requires_imatrix(type)) continue;
      const double ratio = noise_over_rounding(type, importance);
      EXPECT_NEAR(ratio, 1, type > GGML_TYPE_Q8_K ? 0.05 : 0.03)
          << ggml_type_name(type) << (importance ? ", with importance" : "");
    }
}

}  // namespace
}  // namespace qualm::weights
