// Every JSON vector goes the whole way: packed into a safetensors file, read back as a container,
// its module found by its tensor names, decoded, and compared with the weights the vector states.
#include <gtest/gtest.h>

#include <cmath>
#include <sstream>

#include "codec/numbers.h"
#include "formats/quantized_linear.h"
#include "support/vectors.h"

namespace qualm::formats {
namespace {

using test::read_vector;

struct Decoded {
  Weight weight;
  std::vector<float> values;
};

Decoded decode(const nlohmann::json& vector) {
  std::vector<codec::Part> parts;
  for (const auto& [name, tensor] : vector.at("tensors").items())
    parts.push_back(test::vector_part(vector, name));
  const auto container =
      safetensors::open_file(memory_file("v.safetensors", test::safetensors_bytes(parts)));
  EXPECT_TRUE(container.has_value());
  const auto config = quantization_config(
      {{"quantization_config", vector.value("quantization_config", nlohmann::json::object())}});
  EXPECT_EQ(weight_modules(*container), std::vector<std::string>{"m"});
  const Sizes sizes{vector.value("out_features", 0), vector.value("in_features", 0)};
  auto weight = read_weight(*container, config, "m", sizes);
  EXPECT_TRUE(weight.has_value()) << (weight ? "" : describe(weight.error()));
  if (!weight) return {};
  EXPECT_EQ(weight->dims, (std::vector<std::int64_t>{sizes.inputs, sizes.outputs}));
  auto values = test::decode_all(*weight->data, sizes.outputs, sizes.inputs);
  test::expect_slices_agree(*weight->data, sizes.outputs, sizes.inputs, values);
  return {*std::move(weight), std::move(values)};
}

/// What the vector says, rounded once to float32.
std::vector<float> expected_floats(const nlohmann::json& vector) {
  const auto doubles = test::numbers(vector.at("expected_W_NxK"));
  return {doubles.begin(), doubles.end()};
}

class ExactVector : public testing::TestWithParam<const char*> {};

TEST_P(ExactVector, decodes_to_the_stated_weights_bit_for_bit) {
  const auto vector = read_vector(GetParam());
  const Decoded found = decode(vector);
  test::expect_same_bits(found.values, expected_floats(vector));
}

INSTANTIATE_TEST_SUITE_P(
    All, ExactVector,
    testing::Values("gptq_2bit_v1_g16", "gptq_3bit_v1_g16", "gptq_3bit_v2_k64",
                    "gptq_4bit_v1_actorder_g8", "gptq_4bit_v1_asym_g16_bias",
                    "gptq_4bit_v1_group_minus1_bf16scales", "gptq_4bit_v1_sym_g16",
                    "gptq_4bit_v2_asym_g16", "gptq_8bit_v1_g16", "gptq_p_3bit_g16",
                    "gptq_p_5bit_g16", "gptq_p_6bit_g16", "gptq_p_7bit_g16", "gptq_marlin_4bit_g16",
                    "gptq_marlin_4bit_perchannel", "awq_gemm_g16", "awq_gemv_g32_padded",
                    "awq_gemv_g128", "awq_gemv_fast_g32", "bnb_nf4", "bnb_fp4", "bnb_nf4_nested",
                    "ct_pack4_sym_g16", "ct_pack4_asym_g16", "ct_pack4_sym_actorder_g8",
                    "ct_pack8_sym_g16", "ct_pack3_dense_new", "ct_pack3_padded_old", "fp8_block"),
    [](const auto& tested) { return std::string(tested.param); });

/// These state real numbers, and writers round in different orders: 2e-7 relative is one float32
/// unit.
class NearVector : public testing::TestWithParam<const char*> {};

TEST_P(NearVector, decodes_to_the_stated_weights_within_a_float32_unit) {
  const auto vector = read_vector(GetParam());
  const Decoded found = decode(vector);
  const auto expected = test::numbers(vector.at("expected_W_NxK"));
  ASSERT_EQ(found.values.size(), expected.size());
  for (std::size_t i = 0; i < expected.size(); ++i)
    EXPECT_LE(std::abs(found.values[i] - expected[i]), 2e-7 * std::abs(expected[i])) << i;
}

INSTANTIATE_TEST_SUITE_P(All, NearVector, testing::Values("bnb_int8", "ct_nvfp4"),
                         [](const auto& tested) { return std::string(tested.param); });

class Exl2Vector : public testing::TestWithParam<const char*> {};

TEST_P(Exl2Vector, decodes_to_the_float16_patterns_of_the_kernel) {
  const auto vector = read_vector(GetParam());
  const Decoded found = decode(vector);
  std::vector<float> expected;
  for (const auto& row : vector.at("expected_W_NxK_fp16")) {
    std::istringstream words(row.get<std::string>());
    for (std::string word; words >> word;)
      expected.push_back(
          codec::float_from_half(static_cast<std::uint16_t>(std::stoul(word, nullptr, 16))));
  }
  // A code in the middle times a positive scale is +0 here; the vectors write it so, too.
  test::expect_same_bits(found.values, expected);
}

INSTANTIATE_TEST_SUITE_P(All, Exl2Vector,
                         testing::Values("exl2_4_2_bias", "exl2_4bit_padded_columns",
                                         "exl2_all_widths"),
                         [](const auto& tested) { return std::string(tested.param); });

/// Steps of a matrix, decoded like it.
std::vector<float> steps_of(const Decoded& found) {
  const auto steps = found.weight.data->steps();
  if (!steps) return {};
  const std::int64_t inputs = found.weight.dims[0], outputs = found.weight.dims[1];
  auto values = test::decode_all(*steps, outputs, inputs);
  test::expect_slices_agree(*steps, outputs, inputs, values);
  return values;
}

class GridVector : public testing::TestWithParam<const char*> {};

TEST_P(GridVector, weights_of_a_group_lie_whole_steps_apart) {
  const Decoded found = decode(read_vector(GetParam()));
  const auto steps = steps_of(found);
  ASSERT_EQ(steps.size(), found.values.size());
  const auto inputs = static_cast<std::size_t>(found.weight.dims[0]);
  std::size_t tried = 0, single = 0;
  for (std::size_t i = 0; i + 1 < steps.size(); ++i) {
    ASSERT_GE(steps[i], 0);
    if ((i + 1) % inputs == 0 || steps[i + 1] != steps[i] || steps[i] == 0) continue;
    const double apart =
        (static_cast<double>(found.values[i + 1]) - static_cast<double>(found.values[i])) /
        static_cast<double>(steps[i]);
    EXPECT_NEAR(apart, std::round(apart), 0.07) << i;  // EXL2 rounds each weight to float16
    ++tried;
    single += std::abs(std::abs(apart) - 1) < 0.07 ? 1 : 0;
  }
  EXPECT_GT(tried, inputs);
  EXPECT_GT(single, 0U) << "the step is not a multiple of the true one";
}

INSTANTIATE_TEST_SUITE_P(All, GridVector,
                         testing::Values("gptq_2bit_v1_g16", "gptq_3bit_v2_k64",
                                         "gptq_4bit_v1_actorder_g8", "gptq_4bit_v1_asym_g16_bias",
                                         "gptq_4bit_v2_asym_g16", "gptq_8bit_v1_g16",
                                         "gptq_p_5bit_g16", "gptq_marlin_4bit_g16", "awq_gemm_g16",
                                         "awq_gemv_g32_padded", "awq_gemv_fast_g32",
                                         "ct_pack4_sym_g16", "ct_pack4_asym_g16",
                                         "ct_pack4_sym_actorder_g8", "ct_pack8_sym_g16", "bnb_int8",
                                         "exl2_4_2_bias", "exl2_all_widths"),
                         [](const auto& tested) { return std::string(tested.param); });

TEST(Exl3Vector, matrix_equals_the_binary64_computation_to_float32_accuracy) {
  const auto vector = read_vector("exl3_matrix_128x128_2bit_mcg");
  const Decoded found = decode(vector);
  EXPECT_EQ(found.weight.encoding.name, "EXL3 2 bit");
  EXPECT_FALSE(found.weight.data->steps());  // a weight is a sum over 128 x 128 codes
  double sum = 0;
  double squares = 0;
  for (const float value : found.values)
    sum += value, squares += static_cast<double>(value) * value;
  EXPECT_NEAR(sum, vector.at("expected_sum").get<double>(), 1e-5);
  EXPECT_NEAR(squares, vector.at("expected_sum_of_squares").get<double>(), 1e-5);
  const auto rows = vector.at("rows_listed_out_index").get<std::vector<std::size_t>>();
  const double size = std::sqrt(squares / static_cast<double>(found.values.size()));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    const auto& expected = vector.at("expected_W_listed_rows").at(r);
    for (std::size_t k = 0; k < 128; ++k)  // sums of 128 x 128 terms: the unit is the matrix's size
      EXPECT_NEAR(found.values[rows[r] * 128 + k], expected.at(k).get<double>(), 1e-6 * size);
  }
}

TEST(GptqVector, ambiguous_zero_points_are_counted_and_read_as_zero) {
  const auto vector = read_vector("gptq_4bit_v1_zero_edge");
  const Decoded found = decode(vector);
  const auto masked = test::numbers(vector.at("expected_W_NxK_masked"));
  test::expect_same_bits(found.values, {masked.begin(), masked.end()});
  ASSERT_EQ(found.weight.notes.size(), 1u);
  EXPECT_EQ(found.weight.notes[0].says,
            "2 of 8 zero points are ambiguous: stored as 15, read as 0 here, as 16 by some");
}

TEST(GptqVector, zero_points_that_gptqmodel_wrote_are_restored_by_whole_words) {
  const auto vector = read_vector("gptq_4bit_v1_zero_edge");
  const auto writers = read_vector("gptq_4bit_v1_zero_writers");
  nlohmann::json changed = vector;
  const std::string word = writers.at("gptqmodel_v1_word").get<std::string>();
  std::string little;
  for (int i = 6; i >= 0; i -= 2) little += word.substr(static_cast<std::size_t>(i), 2);
  changed["tensors"]["m.qzeros"]["le_bytes_hex"] = little;
  changed["quantization_config"]["meta"]["quantizer"] = {"gptqmodel:1.9.0"};
  const Decoded found = decode(changed);
  const auto zeros = writers.at("true_zeros").get<std::vector<float>>();
  for (std::size_t n = 0; n < 8; ++n) {
    for (std::size_t k = 0; k < 8; ++k) {
      const auto code = static_cast<float>((k * 5 + n * 3) & 15);
      EXPECT_EQ(found.values[n * 8 + k], 0.0078125f * (code - zeros[n]));
    }
  }
}

TEST(GptqVector, a_symmetric_file_with_the_wrong_label_is_believed_over_the_label) {
  auto vector = read_vector("gptq_4bit_v1_sym_g16");
  vector["quantization_config"]["checkpoint_format"] = "gptq_v2";
  const Decoded found = decode(vector);
  test::expect_same_bits(found.values, expected_floats(vector));
  ASSERT_EQ(found.weight.notes.size(), 1u);
  EXPECT_EQ(found.weight.notes[0].says,
            "labelled GPTQ v2, but the zero points are those of v1, and are read as v1 "
            "(checkpoint_format should be gptq)");
  EXPECT_EQ(found.weight.notes[0].kind, model::Note::Kind::mislabelled);
}

/// A symmetric file of 3 bits by GPTQModel, with these words of zero points.
Decoded three_bits(const std::string& words) {
  auto vector = read_vector("gptq_3bit_v1_g16");
  vector["tensors"]["m.qzeros"]["le_bytes_hex"] = words + words;  // two groups
  vector["quantization_config"]["sym"] = true;
  vector["quantization_config"]["meta"]["quantizer"] = {"gptqmodel:2.2.0"};
  return decode(vector);
}

// GPTQModel 2.2.0 on the bundled model: 0, 0xb6db6db7, 0x49249249. Each zero point less one is 3.
TEST(GptqVector, zero_points_of_3_bits_are_read_as_older_versions_of_gptqmodel_write_them) {
  const Decoded usual = three_bits("dbb66ddbb66ddbb66ddbb66d");
  EXPECT_TRUE(usual.weight.notes.empty());
  const Decoded older = three_bits("00000000b76ddbb649922449");
  test::expect_same_bits(older.values, usual.values);
  ASSERT_EQ(older.weight.notes.size(), 1u);
  EXPECT_EQ(older.weight.notes[0].kind, model::Note::Kind::mislabelled);
}

TEST(GptqVector, zero_points_that_are_not_the_middle_contradict_a_symmetric_file) {
  const Decoded found = three_bits("000000000000000000000000");
  ASSERT_EQ(found.weight.notes.size(), 1u);
  EXPECT_EQ(found.weight.notes[0].says, "sym is true, but its zero points are not the middle code");
}

TEST(GptqVector, names_bytes_and_parts_are_reported) {
  const Decoded found = decode(read_vector("gptq_4bit_v1_actorder_g8"));
  EXPECT_EQ(found.weight.encoding.name, "GPTQ 4 bit g8 act-order");
  EXPECT_EQ(found.weight.encoding.ggml_type, -1);
  EXPECT_EQ(found.weight.bytes, 32 * 32 / 2 + 4 * 32 / 2 + 4 * 32 * 2 + 32 * 4);
  EXPECT_EQ(found.weight.consumed,
            (std::vector<std::string>{"m.qweight", "m.scales", "m.qzeros", "m.g_idx"}));
}

}  // namespace
}  // namespace qualm::formats
