#include "remote/llama_answers.h"

#include <fmt/format.h>

#include <algorithm>

#include "formats/json.h"
#include "remote/answers.h"

namespace qualm::remote {
namespace {

using formats::member;

/// A token with its log-probability; absent of an answer that has none.
std::optional<evaluate::TokenLogP> entry_of(const Json& json) {
  const auto token = token_in(member(json, "id"));
  const auto log_p = json.contains("logprob") ? log_p_of(json["logprob"]) : std::nullopt;
  if (!token || !log_p) return std::nullopt;
  return evaluate::TokenLogP{*token, static_cast<float>(*log_p)};
}

}  // namespace

std::optional<ServerInfo> read_properties(const std::string& body, const Address& address) {
  const auto json = parse_answer(body, address, "/props");
  if (!json) return std::nullopt;
  const Json& settings = member(*json, "default_generation_settings");
  if (!settings.is_object() || !member(*json, "total_slots").is_number_integer())
    return std::nullopt;
  ServerInfo info{.address = address,
                  .kind = "llama-server",
                  .build = string_in(*json, "build_info"),
                  .model_path = string_in(*json, "model_path"),
                  .model_name = string_in(*json, "model_alias"),
                  .model_type = string_in(*json, "model_ftype"),
                  .chat_template = string_in(*json, "chat_template"),
                  .adapters = {},
                  .speculation = string_in(member(settings, "params"), "speculative.types"),
                  .slots = std::clamp<std::int64_t>(integer_in(*json, "total_slots"), 1, 64),
                  .context = std::max<std::int64_t>(0, integer_in(settings, "n_ctx"))};
  if (info.speculation == "none") info.speculation.clear();
  return info;
}

std::vector<std::string> read_adapters(const std::string& body, const Address& address) {
  const auto json = parse_answer(body, address, "/lora-adapters");
  std::vector<std::string> paths;
  if (!json || !json->is_array()) return paths;
  for (const Json& one : *json) {
    const Json& scale = member(one, "scale");
    if (scale.is_number() && scale.get<double>() != 0) paths.push_back(string_in(one, "path"));
  }
  return paths;
}

std::int64_t read_vocabulary(const std::string& body, const Address& address) {
  const auto json = parse_answer(body, address, "/v1/models");
  if (!json) return 0;
  const Json& models = member(*json, "data");
  if (!models.is_array() || models.empty()) return 0;
  return std::max<std::int64_t>(0, integer_in(member(models.front(), "meta"), "n_vocab"));
}

Result<std::optional<evaluate::PartialRow>> read_completion(const std::string& body,
                                                            const Address& address,
                                                            const Sent& sent) {
  const std::string path = "/completion";
  QUALM_TRY(const Json json, parse_answer(body, address, path));
  const std::int64_t read = integer_in(json, "tokens_evaluated");
  const bool truncated = member(json, "truncated") == true;
  if (read != sent.tokens || truncated)
    return fail(
        other_tokens(address, sent.tokens,
                     fmt::format("{} were read{}", read, truncated ? ", and some left out" : "")));
  const Json& positions = member(json, "completion_probabilities");
  if (!positions.is_array() || positions.empty()) return std::nullopt;
  const auto chosen = entry_of(positions.front());
  if (!chosen) return fail(not_as_expected(address, path, "a token without log-probability"));
  if (chosen->token != sent.forced)
    return fail(not_as_expected(address, path, "another token than the forced one"));
  evaluate::PartialRow row{.target_log_p = static_cast<double>(chosen->log_p), .tokens = {}};
  for (const Json& one : member(positions.front(), "top_logprobs")) {
    const auto top = entry_of(one);
    if (!top) return fail(not_as_expected(address, path, "a token without log-probability"));
    row.tokens.push_back(*top);
  }
  return row;
}

}  // namespace qualm::remote
