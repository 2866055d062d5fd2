// The table of encodings (model/encoding.cpp) against what libggml says of its types.
#include <ggml.h>
#include <gtest/gtest.h>

#include "codec/ggml.h"
#include "model/encoding.h"

namespace qualm::codec {
namespace {

TEST(EncodingTable, has_every_type_of_libggml_with_its_name_and_size) {
  for (int id = 0; id < GGML_TYPE_COUNT; ++id) {
    const auto facts = ggml_type_facts(id);
    const auto* const row = model::ggml_encoding(id);
    ASSERT_EQ(facts.has_value(), row != nullptr) << "type " << id;
    if (!facts) continue;
    EXPECT_EQ(row->name, facts->name);
    EXPECT_DOUBLE_EQ(row->stored_bits,
                     8.0 * static_cast<double>(facts->bytes) / static_cast<double>(facts->weights))
        << facts->name;
    EXPECT_LE(row->bits, row->stored_bits + 1) << facts->name;
    if (row->group > 0) {
      EXPECT_EQ(facts->weights % row->group, 0) << facts->name;
    }
  }
}

TEST(EncodingTable, names_the_types_that_need_an_importance_matrix) {
  for (const model::EncodingType& type : model::encoding_types())
    if (type.ggml_type >= 0 && type.ggml_type < GGML_TYPE_COUNT) {
      EXPECT_EQ(type.needs_importance,
                ggml_quantize_requires_imatrix(static_cast<ggml_type>(type.ggml_type)))
          << type.name;
    }
}

TEST(EncodingTable, floats_are_what_libggml_does_not_call_quantized) {
  for (const model::EncodingType& type : model::encoding_types()) {
    if (type.ggml_type < 0 || type.ggml_type >= GGML_TYPE_COUNT) continue;
    const bool number = type.family == model::EncodingFamily::floats ||
                        type.family == model::EncodingFamily::integers;
    EXPECT_EQ(number, !ggml_is_quantized(static_cast<ggml_type>(type.ggml_type))) << type.name;
  }
}

}  // namespace
}  // namespace qualm::codec
