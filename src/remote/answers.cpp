#include "remote/answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "formats/json.h"

namespace qualm::remote {
namespace {

using formats::member;

/// Servers write what rounds to 0 as -3.4e38 (llama.cpp) or -9999 (vLLM). The smallest float is
/// e^-103.3.
constexpr double kLeastLogP = -104;
constexpr double kMostLogP = 1e-4;   // what rounding may bring over 0
constexpr double kMostMass = 1.001;  // and over 1, of the tokens that are listed
constexpr formats::JsonLimits kLimits{.bytes = 64'000'000, .values = 8'000'000, .depth = 32};

}  // namespace

Result<Json> parse_answer(const std::string& body, const Address& address,
                          const std::string& path) {
  auto json = formats::parse_json(body, address.base, path, kLimits);
  if (json) return json;
  const Error& wrong = json.error();
  return fail(not_as_expected(address, path, fmt::format("{}: {}", wrong.code, wrong.found)));
}

std::string string_in(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t integer_in(const Json& json, const char* key) {
  const Json& value = member(json, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

std::optional<engine::Token> token_in(const Json& json) {
  constexpr std::int64_t kMost = std::numeric_limits<engine::Token>::max();
  if (!json.is_number_integer()) return std::nullopt;
  const auto number = json.get<std::int64_t>();
  if (number < 0 || number > kMost) return std::nullopt;
  return static_cast<engine::Token>(number);
}

std::optional<double> log_p_of(const Json& json) {
  if (json.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!json.is_number()) return std::nullopt;
  return std::max(kLeastLogP, json.get<double>());
}

Result<std::vector<engine::Token>> read_tokens(const std::string& body, const Address& address) {
  QUALM_TRY(const Json json, parse_answer(body, address, "/tokenize"));
  const Json& list = member(json, "tokens");
  if (!list.is_array()) return fail(not_as_expected(address, "/tokenize", "no list of tokens"));
  std::vector<engine::Token> tokens;
  for (const Json& one : list) {
    const auto token = token_in(one);
    if (!token) return fail(not_as_expected(address, "/tokenize", "no token ids"));
    tokens.push_back(*token);
  }
  return tokens;
}

std::optional<ListedModel> first_model(const std::string& body, const Address& address) {
  const auto json = parse_answer(body, address, "/v1/models");
  const Json models = json ? member(*json, "data") : Json();
  if (!models.is_array() || models.empty()) return std::nullopt;
  const Json& first = models.front();
  return ListedModel{string_in(first, "id"), string_in(first, "owned_by"), string_in(first, "root"),
                     std::max<std::int64_t>(0, integer_in(first, "max_model_len"))};
}

Error not_as_expected(const Address& address, const std::string& path, const std::string& found) {
  return {Kind::undecided,
          "REMOTE-007",
          address.base,
          path,
          "log-probabilities as this kind of server gives them",
          found,
          "Measure the model's file in place of the server."};
}

Error does_not_tell(const ServerInfo& info, const std::string& wanted) {
  return {Kind::engine, "REMOTE-009", info.address.base, "", wanted, info.kind, ""};
}

Error other_tokens(const Address& address, std::int64_t sent, const std::string& found) {
  return {Kind::undecided,
          "REMOTE-010",
          address.base,
          "tokens",
          fmt::format("the {} tokens that were sent", sent),
          found,
          "Start the server without context shift and with a context that holds a window."};
}

Result<void> check_row(const evaluate::PartialRow& row, const Address& address) {
  double mass = 0;
  bool sound = std::isfinite(row.target_log_p) && row.target_log_p <= kMostLogP;
  for (const evaluate::TokenLogP& top : row.tokens) {
    sound = sound && std::isfinite(top.log_p) && double{top.log_p} <= kMostLogP;
    mass += std::exp(static_cast<double>(top.log_p));
  }
  if (sound && mass <= kMostMass && !row.tokens.empty()) return {};
  return fail({Kind::undecided, "REMOTE-011", address.base, "log-probabilities",
               "numbers up to 0 whose probabilities add up to 1 at most",
               fmt::format("{} of the token asked for, {:.4f} together", row.target_log_p, mass),
               "The server's logits are not finite, or it does not give the model's own "
               "log-probabilities."});
}

}  // namespace qualm::remote
