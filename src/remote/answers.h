// What answers of servers have in common: JSON that is not trusted, and rows that must be sound.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "evaluate/partial_rows.h"
#include "remote/address.h"
#include "remote/server.h"

namespace qualm::remote {

using Json = nlohmann::json;

/// REMOTE-007.
[[nodiscard]] Result<Json> parse_answer(const std::string& body, const Address& address,
                                        const std::string& path);
[[nodiscard]] std::string string_in(const Json& json, const char* key);
[[nodiscard]] std::int64_t integer_in(const Json& json, const char* key);
[[nodiscard]] std::optional<engine::Token> token_in(const Json& json);
/// Not finite where it is null, as servers write what is not finite; absent where it is no number.
[[nodiscard]] std::optional<double> log_p_of(const Json& json);

/// Of /tokenize: "tokens". REMOTE-007.
[[nodiscard]] Result<std::vector<engine::Token>> read_tokens(const std::string& body,
                                                             const Address& address);

/// What /v1/models tells of the first model. Texts are empty and numbers 0 where it does not.
struct ListedModel {
  std::string name;
  std::string owner;  ///< which program serves it
  std::string path;
  std::int64_t context = 0;
};
/// Absent where there is no list, or an empty one.
[[nodiscard]] std::optional<ListedModel> first_model(const std::string& body,
                                                     const Address& address);

/// REMOTE-007.
[[nodiscard]] Error not_as_expected(const Address& address, const std::string& path,
                                    const std::string& found);
/// REMOTE-009.
[[nodiscard]] Error does_not_tell(const ServerInfo& info, const std::string& wanted);
/// REMOTE-010: `sent` tokens, and the server read something else.
[[nodiscard]] Error other_tokens(const Address& address, std::int64_t sent,
                                 const std::string& found);
/// REMOTE-011 where a log-probability is no finite number up to 0, or their mass is above 1.
[[nodiscard]] Result<void> check_row(const evaluate::PartialRow& row, const Address& address);

}  // namespace qualm::remote
