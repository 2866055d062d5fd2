#include "codec/ggml.h"

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "codec/verify.h"
#include "support/gguf_builder.h"

namespace qualm::codec {
namespace {

using test::le;

std::shared_ptr<const model::TensorData> data_of(int type, std::int64_t rows, std::int64_t length,
                                                 const std::string& bytes) {
  const auto file = memory_file("t", bytes);
  auto data = make_ggml(type, rows, length, file->bytes(), file);
  EXPECT_TRUE(data) << describe(data.error());
  return data.value_or(nullptr);
}

model::Tensor tensor_of(int type, std::vector<std::int64_t> dims, const std::string& bytes) {
  model::Tensor tensor{
      "t", std::move(dims), {"", type}, static_cast<std::int64_t>(bytes.size()), {}};
  tensor.data = data_of(type, tensor.row_count(), tensor.row_length(), bytes);
  return tensor;
}

std::string random_bytes(std::size_t size, unsigned seed) {
  std::mt19937 random(seed);
  std::string out(size, '\0');
  for (char& c : out) c = static_cast<char>(random());
  return out;
}

/// Bit patterns, so that NaN equals itself.
std::vector<std::uint32_t> bits(const std::vector<float>& values) {
  std::vector<std::uint32_t> out(values.size());
  std::memcpy(out.data(), values.data(), values.size() * sizeof(float));
  return out;
}

TEST(GgmlCodec, facts_are_those_of_libggml) {
  const auto q4 = ggml_type_facts(GGML_TYPE_Q4_K);
  ASSERT_TRUE(q4);
  EXPECT_EQ(q4->name, "Q4_K");
  EXPECT_EQ(q4->weights, 256);
  EXPECT_EQ(q4->bytes, 144);
  EXPECT_EQ(ggml_type_facts(GGML_TYPE_IQ2_XXS)->name, "IQ2_XXS");
  EXPECT_EQ(ggml_type_facts(GGML_TYPE_BF16)->name, "BF16");
}

TEST(GgmlCodec, removed_and_unknown_types_have_no_facts) {
  for (const int id : {-1, 4, 5, 31, 33, 36, 38, static_cast<int>(GGML_TYPE_COUNT), 137, 1000})
    EXPECT_FALSE(ggml_type_facts(id)) << id;
}

TEST(GgmlCodec, every_type_decodes_as_ggml_decodes_it) {
  constexpr std::int64_t kRows = 3;
  constexpr std::int64_t kLength = 512;
  int decoded = 0;
  for (int id = 0; id < GGML_TYPE_COUNT; ++id) {
    const auto to_float = ggml_get_type_traits(static_cast<ggml_type>(id))->to_float;
    const auto facts = ggml_type_facts(id);
    if (!to_float || !facts) continue;
    SCOPED_TRACE(facts->name);
    ++decoded;
    const auto row_bytes = static_cast<std::size_t>(kLength / facts->weights * facts->bytes);
    const std::string bytes = random_bytes(kRows * row_bytes, static_cast<unsigned>(id));
    std::vector<float> expected(kRows * kLength);
    to_float(bytes.data(), expected.data(), kRows * kLength);
    const auto data = data_of(id, kRows, kLength, bytes);
    std::vector<float> all(kRows * kLength);
    ASSERT_TRUE(data->rows(0, kRows, all));
    EXPECT_EQ(bits(all), bits(expected));
    std::vector<float> last(kLength);
    ASSERT_TRUE(data->rows(2, 1, last));
    EXPECT_EQ(bits(last), bits({expected.begin() + 2 * kLength, expected.end()}));
    EXPECT_EQ(data->ggml_bytes().size(), bytes.size());
  }
  EXPECT_GE(decoded, 27);
}

TEST(GgmlCodec, blocks_at_odd_addresses_decode_the_same) {
  const std::string bytes = random_bytes(144, 5);
  const auto file = memory_file("t", "x" + bytes);
  const auto odd = make_ggml(GGML_TYPE_Q4_K, 1, 256, file->bytes().subspan(1), file);
  std::vector<float> expected(256);
  std::vector<float> values(256);
  ASSERT_TRUE(data_of(GGML_TYPE_Q4_K, 1, 256, bytes)->rows(0, 1, expected));
  ASSERT_TRUE((*odd)->rows(0, 1, values));
  EXPECT_EQ(bits(values), bits(expected));
}

TEST(GgmlCodec, plain_numbers_become_floats) {
  const auto values_of = [](int type, const std::string& bytes) {
    std::vector<float> out(2);
    EXPECT_TRUE(data_of(type, 1, 2, bytes)->rows(0, 1, out));
    return out;
  };
  EXPECT_EQ(values_of(GGML_TYPE_F32, le(1.5F) + le(-2.0F)), (std::vector<float>{1.5F, -2}));
  EXPECT_EQ(values_of(GGML_TYPE_F64, le(0.5) + le(-1e300)),
            (std::vector<float>{0.5F, -std::numeric_limits<float>::infinity()}));
  EXPECT_EQ(values_of(GGML_TYPE_I8, "\x01\xff"), (std::vector<float>{1, -1}));
  EXPECT_EQ(values_of(GGML_TYPE_I16, le<std::int16_t>(-300) + le<std::int16_t>(7)),
            (std::vector<float>{-300, 7}));
  EXPECT_EQ(values_of(GGML_TYPE_I32, le(-70000) + le(7)), (std::vector<float>{-70000, 7}));
  EXPECT_EQ(values_of(GGML_TYPE_I64, le<std::int64_t>(-1) + le<std::int64_t>(1)),
            (std::vector<float>{-1, 1}));
}

TEST(GgmlCodec, types_of_activations_are_refused) {
  std::vector<float> out(256);
  const auto read = data_of(GGML_TYPE_Q8_K, 1, 256, std::string(292, '\0'))->rows(0, 1, out);
  ASSERT_FALSE(read);
  EXPECT_EQ(describe(read.error()),
            "error[CODEC-001]: expected a type that holds weights, found q8_K. ggml uses it for "
            "activations only and cannot decode it.");
}

TEST(GgmlCodec, rows_that_are_not_there_are_refused) {
  const auto data = data_of(GGML_TYPE_F32, 2, 2, std::string(16, '\0'));
  std::vector<float> two(2);
  EXPECT_FALSE(data->rows(2, 1, two));
  EXPECT_FALSE(data->rows(-1, 1, two));
  EXPECT_FALSE(data->rows(1, std::numeric_limits<std::int64_t>::max(), two));
  EXPECT_FALSE(data->rows(0, 2, two));
  EXPECT_TRUE(data->rows(2, 0, {}));
}

TEST(GgmlCodec, bytes_that_do_not_fit_the_shape_are_refused) {
  const auto file = memory_file("t", std::string(34, '\0'));
  EXPECT_TRUE(make_ggml(GGML_TYPE_Q8_0, 1, 32, file->bytes(), file));
  EXPECT_FALSE(make_ggml(GGML_TYPE_Q8_0, 2, 32, file->bytes(), file));
  EXPECT_FALSE(make_ggml(GGML_TYPE_Q8_0, 0, 32, file->bytes(), file));
  EXPECT_FALSE(make_ggml(GGML_TYPE_Q8_0, 1, 33, file->bytes(), file));
  EXPECT_FALSE(make_ggml(4, 1, 32, file->bytes(), file));
  EXPECT_FALSE(make_ggml(GGML_TYPE_F32, std::int64_t{1} << 60, 1 << 10, file->bytes(), file));
}

TEST(Verify, a_healthy_tensor_is_whole) {
  std::string bytes;
  for (int i = 0; i < 12; ++i) bytes += le(static_cast<float>(i));
  Progress progress;
  const auto health = verify(tensor_of(GGML_TYPE_F32, {4, 3}, bytes), progress);
  ASSERT_TRUE(health);
  EXPECT_TRUE(health->whole());
  EXPECT_EQ(health->rows_read, 3);
}

TEST(Verify, bad_rows_are_listed_by_number) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const float infinity = std::numeric_limits<float>::infinity();
  std::string bytes;
  for (const float value : {1.0F, 2.0F, 0.0F, -0.0F, nan, infinity, 3.0F, 3.0F}) bytes += le(value);
  Progress progress;
  const auto health = verify(tensor_of(GGML_TYPE_F32, {2, 4}, bytes), progress);
  ASSERT_TRUE(health);
  EXPECT_EQ(health->zero.first, (std::vector<std::int64_t>{1}));
  EXPECT_EQ(health->not_finite.first, (std::vector<std::int64_t>{2}));
  EXPECT_EQ(health->not_finite_weights, 2);
  EXPECT_EQ(health->constant.first, (std::vector<std::int64_t>{3}));
}

TEST(Verify, a_block_with_an_infinite_scale_is_found) {
  std::string bytes(68, '\1');
  bytes[34] = '\0';
  bytes[35] = '\x7c';  // F16 infinity as the scale of the second row
  Progress progress;
  const auto health = verify(tensor_of(GGML_TYPE_Q8_0, {32, 2}, bytes), progress);
  ASSERT_TRUE(health);
  EXPECT_EQ(health->not_finite.first, (std::vector<std::int64_t>{1}));
}

TEST(Verify, only_the_first_rows_are_named_and_all_are_counted) {
  Progress progress;
  const auto health = verify(tensor_of(GGML_TYPE_F32, {2, 40}, std::string(320, '\0')), progress);
  ASSERT_TRUE(health);
  EXPECT_EQ(health->zero.count, 40);
  EXPECT_EQ(health->zero.first.size(), RowList::kNamed);
}

TEST(Verify, vectors_may_be_zero_or_constant) {
  Progress progress;
  EXPECT_TRUE(verify(tensor_of(GGML_TYPE_F32, {8}, std::string(32, '\0')), progress)->whole());
}

TEST(Verify, an_error_of_the_codec_names_the_tensor) {
  Progress progress;
  const auto health = verify(tensor_of(GGML_TYPE_Q8_K, {256, 1}, std::string(292, '\0')), progress);
  ASSERT_FALSE(health);
  EXPECT_EQ(health.error().place, "tensor t");
}

TEST(RoundedToNearest, a_value_of_the_grid_stays_and_others_move_half_a_step_at_most) {
  std::vector<float> row(32);
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(i) * 4 - 60;
  row[0] = -127;  // the largest: the step is 1
  row[1] = 3.25F;
  const auto data = rounded_to_nearest(GGML_TYPE_Q8_0, 32, row);
  ASSERT_TRUE(data && *data);
  std::vector<float> stored(32);
  ASSERT_TRUE((*data)->rows(0, 1, stored));
  row[1] = 3;
  EXPECT_EQ(stored, row);
  ASSERT_TRUE((*data)->steps());
}

TEST(RoundedToNearest, there_is_none_of_floats_and_of_types_that_need_a_matrix) {
  const std::vector<float> row(256, 1.0F);
  for (const int type :
       {int{GGML_TYPE_F16}, int{GGML_TYPE_IQ2_XXS}, int{GGML_TYPE_Q8_K}, -1, 4096}) {
    const auto data = rounded_to_nearest(type, 256, row);
    ASSERT_TRUE(data) << type;
    EXPECT_EQ(*data, nullptr) << type;
  }
  EXPECT_EQ(*rounded_to_nearest(GGML_TYPE_Q4_K, 32, std::span(row).first(32)), nullptr);
}

}  // namespace
}  // namespace qualm::codec
