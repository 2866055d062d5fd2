#include "base/byte_reader.h"

#include <gtest/gtest.h>

#include <string>

#include "support/gguf_builder.h"

namespace qualm {
namespace {

using test::le;

ByteReader reader_of(const std::string& bytes) {
  return {"f.bin", "X", std::as_bytes(std::span(bytes))};
}

TEST(ByteReader, numbers_are_little_endian_and_advance_the_cursor) {
  const std::string bytes = std::string("\x01\x02\xff\xff", 4) + le(1.5F) + le<std::int64_t>(-7);
  ByteReader reader = reader_of(bytes);
  EXPECT_EQ(reader.number<std::uint16_t>("a"), 0x0201);
  EXPECT_EQ(reader.number<std::int16_t>("b"), -1);
  EXPECT_EQ(reader.number<float>("c"), 1.5F);
  EXPECT_EQ(reader.number<std::int64_t>("d"), -7);
  EXPECT_EQ(reader.remaining(), 0);
}

TEST(ByteReader, a_read_past_the_end_says_what_was_read_and_leaves_the_cursor) {
  const std::string bytes = "abc";
  ByteReader reader = reader_of(bytes);
  ASSERT_TRUE(reader.bytes("head", 1));
  const auto number = reader.number<std::uint32_t>("width");
  ASSERT_FALSE(number);
  EXPECT_EQ(describe(number.error()),
            "error[X-001] f.bin, byte 1, width: expected 4 bytes, found the end of the file after "
            "2. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(reader.offset(), 1);
  EXPECT_FALSE(reader_of(bytes).number<std::uint32_t>("one byte short"));
  EXPECT_TRUE(reader.number<std::uint16_t>("narrower"));
}

TEST(ByteReader, a_count_larger_than_the_rest_is_refused) {
  const std::string bytes = le<std::uint64_t>(3) + std::string(29, 'x');
  EXPECT_EQ(reader_of(bytes).count("rows", 9), 3);
  ByteReader reader = reader_of(bytes);
  const auto count = reader.count("rows", 10);
  ASSERT_FALSE(count);
  EXPECT_EQ(count.error().code, "X-002");
  EXPECT_EQ(count.error().expected, "at most 2 (each takes 10 bytes or more, 29 bytes remain)");
  EXPECT_EQ(count.error().found, "3");
  EXPECT_EQ(reader.offset(), 0);
}

TEST(ByteReader, a_count_of_2_to_the_64_does_not_overflow) {
  ASSERT_FALSE(reader_of(le(~std::uint64_t{0}) + "xxxx").count("rows", 24));
}

TEST(ByteReader, strings_have_a_length_that_must_fit) {
  const std::string bytes = le<std::uint64_t>(3) + "abcde";
  EXPECT_EQ(reader_of(bytes).string("name", 100), "abc");
  EXPECT_EQ(reader_of(bytes).string("name", 2).error().code, "X-003");
  const std::string longer = le<std::uint64_t>(6) + "abcde";
  ByteReader reader = reader_of(longer);
  EXPECT_EQ(reader.string("name", 100).error().expected, "a string of at most 5 bytes");
  EXPECT_EQ(reader.offset(), 0);
}

}  // namespace
}  // namespace qualm
