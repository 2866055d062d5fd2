#include "model/encoding.h"

#include <gtest/gtest.h>

#include <array>
#include <set>

#include "model/file_type.h"

namespace qualm::model {
namespace {

using enum EncodingFamily;

TEST(Encoding, finds_its_row_by_the_name) {
  EXPECT_EQ(Encoding("Q4_K", 12).type->family, k_quant);
  EXPECT_EQ(Encoding("IQ4_NL", 20).type->family, i_quant);
  EXPECT_EQ(Encoding("GPTQ 4 bit g128").type->family, gptq);
  EXPECT_EQ(Encoding("bitsandbytes nf4 double quant block 64").type->bits, 4);
  EXPECT_EQ(Encoding("MXFP8 g32").type->family, fp8);
  EXPECT_EQ(Encoding("int8 per channel").type->family, int8);
}

TEST(Encoding, of_another_name_is_unknown) {
  for (const char* name : {"", "Q4_0_4_4", "GPTQx", "Q4", "F8_E4M3FN"})
    EXPECT_EQ(Encoding(name).type->family, unknown) << name;
  EXPECT_EQ(Encoding().type->family, unknown);
}

TEST(Encoding, has_the_bits_and_the_group_of_its_row_or_its_grid) {
  EXPECT_EQ(Encoding("Q6_K", 14).bits, 6);
  EXPECT_EQ(Encoding("Q6_K", 14).group, 16);
  const Encoding gptq_4("GPTQ 4 bit g128", -1, Grid{{{4, 128}}, true});
  EXPECT_EQ(gptq_4.bits, 4);
  EXPECT_EQ(gptq_4.group, 128);
  const Encoding several("EXL2 4.25 bit", -1, Grid{{{5, 32}, {4, 64}}, true, true});
  EXPECT_EQ(several.bits, 0);
  EXPECT_EQ(Encoding("HQQ 3 bit g64").with_codes(3, 64).group, 64);
}

TEST(Encoding, floats_round_as_much_as_their_mantissa_says) {
  EXPECT_TRUE(Encoding("BF16", 30).is_float());
  EXPECT_FALSE(Encoding("F8_E4M3").is_float());
  EXPECT_FALSE(Encoding("I32", 26).is_float());
  EXPECT_GT(encoding_type("BF16").rounding, encoding_type("F16").rounding);
  EXPECT_GT(encoding_type("F16").rounding, encoding_type("F32").rounding);
  for (const EncodingType& type : encoding_types())
    EXPECT_EQ(type.rounding > 0, type.family == floats) << type.name;
}

TEST(Encoding, names_of_rows_are_theirs_alone) {
  for (const EncodingType& type : encoding_types())
    EXPECT_EQ(&encoding_type(type.name), &type) << type.name;
}

TEST(Encoding, types_of_ggml_are_found_by_id_and_by_name_in_any_case) {
  EXPECT_EQ(ggml_encoding(14)->name, "Q6_K");
  EXPECT_EQ(ggml_encoding("q6_K")->ggml_type, 14);
  EXPECT_EQ(ggml_encoding("bf16")->ggml_type, 30);
  EXPECT_EQ(ggml_encoding(-1), nullptr);
  EXPECT_EQ(ggml_encoding(4), nullptr);
  EXPECT_EQ(ggml_encoding("GPTQ"), nullptr);
}

TEST(Encoding, of_parts_is_a_float_where_all_parts_are) {
  const std::array floats_only{Encoding("F32", 0), Encoding("BF16", 30), Encoding("F32", 0)};
  const Encoding all = joined(floats_only);
  EXPECT_EQ(all.name, "BF16 + F32");
  EXPECT_EQ(all.ggml_type, -1);
  EXPECT_EQ(all.type, &encoding_type("BF16"));
  const std::array with_gptq{Encoding("BF16", 30), Encoding("GPTQ 4 bit g128"), Encoding("F32", 0)};
  EXPECT_EQ(joined(with_gptq).type->family, gptq);
  const std::array same{Encoding("F16", 1), Encoding("F16", 1)};
  EXPECT_EQ(joined(same).name, "F16");
  EXPECT_EQ(joined(same).ggml_type, 1);
}

TEST(FileType, every_type_that_is_offered_for_an_encoding_can_be_made) {
  for (const EncodingType& type : encoding_types()) {
    if (type.quant_type.empty()) continue;
    const auto made = file_type_named(type.quant_type);
    ASSERT_TRUE(made) << type.quant_type;
    EXPECT_NE(made->made, Made::never) << type.quant_type;
  }
}

TEST(FileType, what_most_matrices_get_is_an_encoding_with_a_row) {
  for (std::int64_t id = 0; id < kGuessedFileType; ++id) {
    const auto label = file_type_label(id);
    if (!label) continue;
    EXPECT_NE(ggml_encoding(label->main_type), nullptr) << label->name;
    EXPECT_EQ(file_type_named(label->name)->id, id);
    EXPECT_EQ(file_type_label(id + kGuessedFileType)->id, id);
  }
}

TEST(FileType, of_a_file_is_its_label) {
  Metadata metadata;
  EXPECT_FALSE(file_type_label(metadata));
  metadata.set("general.file_type", std::uint64_t{1024 + 15});
  EXPECT_EQ(file_type_label(metadata)->name, "Q4_K_M");
  metadata.set("general.file_type", std::uint64_t{999});
  EXPECT_FALSE(file_type_label(metadata));
}

}  // namespace
}  // namespace qualm::model
