#include "assemble/recipe.h"

#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>

#include "base/file.h"
#include "codec/plain_rounding.h"
#include "formats/gguf/gguf.h"
#include "support/gguf_builder.h"
#include "support/places.h"

namespace qualm::assemble {
namespace {

using model::Checkpoint;
using test::GgufBuilder;
using test::le;

std::vector<float> wave(std::int64_t count, float step) {
  std::vector<float> values;
  for (std::int64_t i = 0; i < count; ++i)
    values.push_back(std::sin(static_cast<float>(i) * step) * 0.5F);
  return values;
}

std::string bytes_of(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

std::string encoded(ggml_type type, const std::vector<float>& values, std::int64_t row) {
  const auto rows = static_cast<std::int64_t>(values.size()) / row;
  std::string out(ggml_row_size(type, row) * static_cast<std::size_t>(rows), '\0');
  ggml_quantize_chunk(type, values.data(), out.data(), 0, rows, row, nullptr);
  return out;
}

Checkpoint opened(const std::string& name, const std::string& bytes) {
  auto model = gguf::read(memory_file(name, bytes));
  EXPECT_TRUE(model) << (model ? "" : describe(model.error()));
  return model ? *std::move(model) : Checkpoint{};
}

/// Two matrices of 64 x 3 and a norm; `step` makes the values.
GgufBuilder file(float step) {
  return GgufBuilder()
      .string("general.architecture", "llama")
      .tensor("blk.0.attn_k.weight", {64, 3}, GGML_TYPE_F32, bytes_of(wave(192, step)))
      .tensor("blk.0.attn_norm.weight", {64}, GGML_TYPE_F32, bytes_of(wave(64, step)))
      .tensor("blk.0.ffn_up.weight", {64, 3}, GGML_TYPE_Q4_0,
              encoded(GGML_TYPE_Q4_0, wave(192, step), 64));
}

struct Made {
  Checkpoint model;
  std::string error;
  [[nodiscard]] std::string type(const std::string& tensor) const {
    return model.find(tensor)->encoding.name;
  }
  [[nodiscard]] std::string data(const std::string& tensor) const {
    const auto bytes = model.find(tensor)->data->ggml_bytes();
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

Made read_back(const Result<Image>& image) {
  if (!image) return {{}, describe(image.error())};
  EXPECT_EQ(static_cast<std::size_t>(image->bytes()), test::contents(image->path()).size());
  return {opened("made.gguf", test::contents(image->path())), ""};
}

/// What assemble made, read back by our own reader.
Made made(const Checkpoint& candidate, const Checkpoint* baseline, const Recipe& recipe) {
  Progress silent;
  return read_back(assemble(candidate, baseline, recipe, silent));
}

const Checkpoint& candidate() {
  static const Checkpoint model = opened("c.gguf", file(0.1F).build());
  return model;
}
const Checkpoint& baseline() {
  static const Checkpoint model = opened("b.gguf", file(0.2F).build());
  return model;
}

TEST(Assemble, without_a_rule_every_tensor_is_kept_as_it_is) {
  const Made out = made(candidate(), nullptr, {});
  ASSERT_EQ(out.error, "");
  ASSERT_EQ(out.model.tensors.size(), 3U);
  for (const model::Tensor& tensor : candidate().tensors) {
    EXPECT_EQ(out.type(tensor.name), tensor.encoding.name);
    EXPECT_EQ(out.model.find(tensor.name)->dims, tensor.dims);
    EXPECT_EQ(out.data(tensor.name), (Made{candidate(), ""}).data(tensor.name)) << tensor.name;
  }
}

TEST(Assemble, a_tensor_is_taken_from_the_baseline_in_its_encoding) {
  const Made out = made(candidate(), &baseline(), {{{"*ffn_up*", Action::from_baseline, ""}}});
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.data("blk.0.ffn_up.weight"), encoded(GGML_TYPE_Q4_0, wave(192, 0.2F), 64));
  EXPECT_EQ(out.data("blk.0.attn_k.weight"), bytes_of(wave(192, 0.1F)));
}

TEST(Assemble, values_are_encoded_as_ggml_encodes_them) {
  const Made out = made(candidate(), nullptr, {{{"*", Action::encode, "Q8_0"}}});
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.type("blk.0.attn_k.weight"), "Q8_0");
  EXPECT_EQ(out.data("blk.0.attn_k.weight"), encoded(GGML_TYPE_Q8_0, wave(192, 0.1F), 64));
  EXPECT_EQ(out.type("blk.0.attn_norm.weight"), "F32") << "vectors are left alone";
  std::vector<float> values(192);
  ASSERT_TRUE(out.model.find("blk.0.attn_k.weight")->data->rows(0, 3, values));
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], wave(192, 0.1F)[i], 0.5F / 127) << i;
}

TEST(Assemble, quantized_values_can_be_widened) {
  const Made out = made(candidate(), nullptr, {{{"*ffn*", Action::encode, "f32"}}});
  ASSERT_EQ(out.error, "");
  std::vector<float> before(192);
  std::vector<float> after(192);
  ASSERT_TRUE(candidate().find("blk.0.ffn_up.weight")->data->rows(0, 3, before));
  ASSERT_TRUE(out.model.find("blk.0.ffn_up.weight")->data->rows(0, 3, after));
  EXPECT_EQ(out.type("blk.0.ffn_up.weight"), "F32");
  EXPECT_EQ(before, after);
}

std::vector<float> values_of(const model::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
  EXPECT_TRUE(tensor.data->rows(0, tensor.row_count(), values));
  return values;
}

TEST(Assemble, for_the_cpu_q5_0_holds_the_same_values_as_q8_0) {
  std::vector<float> values = wave(192, 0.37F);
  std::fill_n(values.begin(), 32, 0.0F);
  for (std::size_t i = 32; i < 64; ++i) values[i] *= 1e-6F;  // a scale without all its bits
  for (std::size_t i = 64; i < 96; ++i) values[i] *= 1e5F;
  const auto candidate =
      opened("candidate", file(0.1F)
                              .tensor("blk.0.ffn_down.weight", {64, 3}, GGML_TYPE_Q5_0,
                                      encoded(GGML_TYPE_Q5_0, values, 64))
                              .build());
  Progress silent;
  const Made out = read_back(for_cpu(candidate, silent));
  EXPECT_EQ(out.type("blk.0.ffn_down.weight"), "Q8_0");
  EXPECT_EQ(values_of(*out.model.find("blk.0.ffn_down.weight")),
            values_of(*candidate.find("blk.0.ffn_down.weight")));
  EXPECT_EQ(out.type("blk.0.ffn_up.weight"), "Q4_0");
  EXPECT_EQ(out.type("blk.0.attn_norm.weight"), "F32");
}

TEST(Assemble, the_baselines_values_are_encoded_in_a_type_or_in_the_candidates_own) {
  const Made out = made(
      candidate(), &baseline(),
      {{{"*attn_k*", Action::encode_baseline, "Q5_0"}, {"*", Action::encode_like_candidate, ""}}});
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.data("blk.0.attn_k.weight"), encoded(GGML_TYPE_Q5_0, wave(192, 0.2F), 64));
  std::vector<float> values(192);
  ASSERT_TRUE(baseline().find("blk.0.ffn_up.weight")->data->rows(0, 3, values));
  EXPECT_EQ(out.data("blk.0.ffn_up.weight"), encoded(GGML_TYPE_Q4_0, values, 64));
  EXPECT_EQ(out.data("blk.0.attn_norm.weight"), bytes_of(wave(64, 0.2F)));
}

TEST(Assemble, on_a_grid_of_another_tools_the_baselines_values_are_rounded_plainly) {
  Checkpoint foreign = candidate();
  foreign.tensors[0].encoding = {"GPTQ 4 bit g32", -1, model::Grid{{{4, 32}}, false}};
  const Made out = made(foreign, &baseline(), {{{"*", Action::encode_like_candidate, ""}}});
  ASSERT_EQ(out.error, "");
  auto rounded = wave(192, 0.2F);
  codec::PlainRounding(*foreign.tensors[0].encoding.grid, 64).round(rounded);
  std::vector<float> values(192);
  ASSERT_TRUE(out.model.find("blk.0.attn_k.weight")->data->rows(0, 3, values));
  EXPECT_EQ(out.type("blk.0.attn_k.weight"), "F16");
  for (std::size_t i = 0; i < values.size(); ++i)
    EXPECT_NEAR(values[i], rounded[i], 1.0F / 2048) << i;
}

TEST(Assemble, the_first_rule_that_fits_decides) {
  const Made out =
      made(candidate(), nullptr,
           {{{"blk.*.attn_k.weight", Action::keep, ""}, {"*", Action::encode, "Q8_0"}}});
  ASSERT_EQ(out.error, "");
  EXPECT_EQ(out.type("blk.0.attn_k.weight"), "F32");
  EXPECT_EQ(out.type("blk.0.ffn_up.weight"), "Q8_0");
}

TEST(Assemble, metadata_comes_back_with_its_values_types_and_order) {
  const std::string bytes = GgufBuilder()
                                .string("general.architecture", "llama")
                                .pair("u8", 0, le<std::uint8_t>(200))
                                .pair("i8", 1, le<std::int8_t>(-2))
                                .u16("u16", 65535)
                                .pair("i16", 3, le<std::int16_t>(-3))
                                .u32("u32", 4000000000)
                                .i32("i32", -5)
                                .pair("f32", 6, le(0.1F))
                                .boolean("bool", true)
                                .string("string", "zwei\nZeilen \xc3\xa4")
                                .string("empty", "")
                                .pair("u64", 10, le(~std::uint64_t{0}))
                                .pair("i64", 11, le<std::int64_t>(-6))
                                .pair("f64", 12, le(0.1))
                                .strings("strings", {"a", "", "c"})
                                .strings("no strings", {})
                                .numbers<std::int8_t>("i8s", 1, {-1, 2})
                                .numbers<std::uint16_t>("u16s", 2, {7, 65535})
                                .numbers<float>("f32s", 6, {1.5F, -0.1F})
                                .numbers<std::uint8_t>("bools", 7, {0, 1})
                                .numbers<std::uint64_t>("u64s", 10, {~std::uint64_t{0}})
                                .numbers<std::int64_t>("i64s", 11, {-1})
                                .numbers<double>("f64s", 12, {0.1})
                                .numbers<float>("no floats", 6, {})
                                .build();
  const Checkpoint before = opened("m.gguf", bytes);
  const Made out = made(before, nullptr, {});
  ASSERT_EQ(out.error, "");
  const auto& a = before.metadata.entries();
  const auto& b = out.model.metadata.entries();
  ASSERT_EQ(a.size(), b.size());
  for (std::size_t i = 0; i < a.size(); ++i) {
    EXPECT_EQ(a[i].key, b[i].key);
    EXPECT_EQ(a[i].type, b[i].type) << a[i].key;
    EXPECT_EQ(a[i].value, b[i].value) << a[i].key;
  }
}

TEST(Assemble, what_describes_the_old_file_alone_is_left_out) {
  const std::string bytes = GgufBuilder()
                                .alignment(64)
                                .u32("general.alignment", 64)
                                .u16("split.no", 0)
                                .u16("split.count", 1)
                                .i32("split.tensors.count", 2)
                                .tensor("a", {4}, GGML_TYPE_F32, bytes_of({1, 2, 3, 4}))
                                .tensor("b", {4}, GGML_TYPE_F32, bytes_of({5, 6, 7, 8}))
                                .build();
  const Made out = made(opened("m.gguf", bytes), nullptr, {});
  ASSERT_EQ(out.error, "");
  EXPECT_TRUE(out.model.metadata.entries().empty());
  EXPECT_EQ(out.data("b"), bytes_of({5, 6, 7, 8}));
}

TEST(Assemble, a_model_saved_to_disk_is_the_image) {
  const test::Scratch scratch;
  Progress silent;
  const auto image = assemble(candidate(), nullptr, {}, silent);
  ASSERT_TRUE(image);
  ASSERT_TRUE(image->save(scratch.path("out.gguf")));
  EXPECT_EQ(test::contents(scratch.path("out.gguf")), test::contents(image->path()));
}

}  // namespace
}  // namespace qualm::assemble
