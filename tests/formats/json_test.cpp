// One test per error code of the JSON reader.
#include "formats/json.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

namespace qualm::formats {
namespace {

std::string said(std::string_view text, const JsonLimits& limits = {}) {
  const auto parsed = parse_json(text, "f.json", "", limits);
  if (parsed) return "accepted";
  return fmt::format("{}: {}, found {}", parsed.error().code, parsed.error().expected,
                     parsed.error().found);
}

TEST(Json, is_read) {
  const auto parsed = parse_json(R"( {"a": [1, -2, 3.5, true, null, {"a": "é"}]} )", "f", "");
  ASSERT_TRUE(parsed.has_value());
  EXPECT_EQ(parsed->at("a").size(), 6u);
  EXPECT_EQ(parsed->at("a")[5].at("a"), "é");
}

TEST(Json, longer_than_allowed_is_refused) {
  EXPECT_EQ(said("[1, 2]", {.bytes = 5}), "JSON-001: at most 5 bytes of JSON, found 6");
}

TEST(Json, what_is_not_json_is_refused) {
  for (const char* text : {"", "{", "[1,]", "{'a': 1}", "1 2", "// x\n1", "NaN", "[1e999]"})
    EXPECT_EQ(said(text).substr(0, 21), "JSON-002: JSON, found") << text << ": " << said(text);
  EXPECT_EQ(said("\xEF\xBB\xBF{}"), "JSON-002: JSON, found a byte order mark");
}

TEST(Json, a_key_twice_is_refused_in_one_object_only) {
  EXPECT_EQ(said(R"({"a": {"b": 1}, "b": 2})"), "accepted");
  EXPECT_EQ(said(R"({"a": {"b": 1, "b": 2}})"),
            "JSON-003: each key once, found the key \"b\" twice");
  EXPECT_EQ(said(R"({"a": 1, "\u0061": 2})"), "JSON-003: each key once, found the key \"a\" twice");
}

TEST(Json, deeper_than_allowed_is_refused) {
  EXPECT_EQ(said("[[[1]]]", {.depth = 3}), "accepted");
  EXPECT_EQ(said("[[[[1]]]]", {.depth = 3}), "JSON-004: at most 3 levels, found more");
  EXPECT_EQ(said(std::string(1'000'000, '[')), "JSON-004: at most 64 levels, found more");
}

TEST(Json, more_values_than_allowed_are_refused) {
  EXPECT_EQ(said("[1,2,3,4,5,6]", {.values = 4}), "accepted");
  EXPECT_EQ(said("[1,2,3,4,5,6,7]", {.values = 4}), "JSON-005: at most 4 values, found more");
}

TEST(Json, what_is_not_utf8_is_refused) {
  EXPECT_EQ(said("\"\xC3\x28\""), "JSON-006: UTF-8 text, found byte 0xc3 at 1");
}

}  // namespace
}  // namespace qualm::formats
