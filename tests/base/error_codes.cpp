#include "base/error_codes.h"

#include <gtest/gtest.h>

namespace qualm {
namespace {

TEST(ErrorCodes, are_found_by_their_code) {
  ASSERT_FALSE(error_rows().empty());
  for (const ErrorRow& row : error_rows()) EXPECT_EQ(error_row(row.code), &row) << row.code;
}

TEST(ErrorCodes, that_there_are_not_are_not_found) {
  for (const char* code : {"", "GGUF", "GGUF-000", "gguf-001", "ZZZ-999"})
    EXPECT_EQ(error_row(code), nullptr) << code;
}

}  // namespace
}  // namespace qualm
