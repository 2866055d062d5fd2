#include "remote/answers.h"

#include <fmt/format.h>

#include <cmath>

#include "formats/json.h"

namespace qualm::remote {
namespace {

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
  const Json& value = formats::member(json, key);
  return value.is_string() ? value.get<std::string>() : "";
}

std::int64_t integer_in(const Json& json, const char* key) {
  const Json& value = formats::member(json, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

Error not_as_expected(const Address& address, const std::string& path, const std::string& found) {
  return {Kind::input,
          "REMOTE-007",
          address.base,
          path,
          "log-probabilities as this kind of server gives them",
          found,
          "Measure the model's file in place of the server."};
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
