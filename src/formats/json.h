// The one way JSON from a file comes in: strict, bounded, and never by exception.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::formats {

struct JsonLimits {
  std::int64_t bytes = 256'000'000;  ///< a big tokenizer.json has 35 MB
  std::int64_t values = 20'000'000;  ///< memory follows this number, about 100 bytes each
  int depth = 64;
};

/// RFC 8259 and nothing more: UTF-8, no comments, no byte order mark, no text after the value; and
/// an object may hold a key once. `file` and `place` ("header") go into the error. Errors: JSON-001
/// too long, JSON-002 not JSON (byte, reason), JSON-003 a key twice, JSON-004 too deep, JSON-005
/// too many values, JSON-006 not UTF-8.
[[nodiscard]] Result<nlohmann::json> parse_json(std::string_view text, const std::string& file,
                                                const std::string& place,
                                                const JsonLimits& limits = {});

/// The member of that name; null where `value` is no object or has none.
[[nodiscard]] const nlohmann::json& member(const nlohmann::json& value, std::string_view key);

}  // namespace qualm::formats
