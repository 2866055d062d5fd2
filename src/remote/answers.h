// What answers of servers have in common: JSON that is not trusted, and rows that must be sound.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "base/error.h"
#include "evaluate/partial_rows.h"
#include "remote/address.h"

namespace qualm::remote {

using Json = nlohmann::json;

/// REMOTE-007.
[[nodiscard]] Result<Json> parse_answer(const std::string& body, const Address& address,
                                        const std::string& path);
[[nodiscard]] std::string string_in(const Json& json, const char* key);
[[nodiscard]] std::int64_t integer_in(const Json& json, const char* key);

/// REMOTE-007.
[[nodiscard]] Error not_as_expected(const Address& address, const std::string& path,
                                    const std::string& found);
/// REMOTE-010: `sent` tokens, and the server read something else.
[[nodiscard]] Error other_tokens(const Address& address, std::int64_t sent,
                                 const std::string& found);
/// REMOTE-011 where a log-probability is no finite number up to 0, or their mass is above 1.
[[nodiscard]] Result<void> check_row(const evaluate::PartialRow& row, const Address& address);

}  // namespace qualm::remote
