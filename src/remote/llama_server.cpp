#include "remote/llama_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "formats/json.h"
#include "remote/answers.h"

namespace qualm::remote {
namespace {

using formats::member;

constexpr int kTops = 128;  // tokens that an answer lists
constexpr int kManyTops = 2048;
constexpr int kAllTops = 1 << 20;  // at least the largest vocabulary
constexpr double kForcing = 1e6;   // added to the logit of the forced token

/// A token with its log-probability, or null of an answer that has none.
std::optional<evaluate::TokenLogP> entry_of(const Json& json) {
  const Json& log_p = member(json, "logprob");
  if (!member(json, "id").is_number_integer() || !log_p.is_number()) return std::nullopt;
  return evaluate::TokenLogP{member(json, "id").get<engine::Token>(), log_p.get<float>()};
}

Result<evaluate::PartialRow> row_of(const Address& address, const Json& position,
                                    engine::Token forced) {
  evaluate::PartialRow row;
  const auto chosen = entry_of(position);
  if (!chosen || chosen->token != forced)
    return fail(not_as_expected(address, "/completion", "another token than the forced one"));
  row.target_log_p = static_cast<double>(chosen->log_p);
  for (const Json& one : member(position, "top_logprobs")) {
    const auto top = entry_of(one);
    if (!top)
      return fail(not_as_expected(address, "/completion", "a token without log-probability"));
    row.tokens.push_back(*top);
  }
  return row;
}

}  // namespace

Result<std::unique_ptr<Server>> LlamaServer::open(const Address& address, const std::string& key) {
  QUALM_TRY(auto http, Http::open(address, key));
  auto server = std::unique_ptr<LlamaServer>(new LlamaServer(std::move(http), key));
  QUALM_TRY(const bool is_one, server->read_properties(address));
  if (!is_one) return nullptr;
  QUALM_CHECK(server->read_adapters());
  QUALM_CHECK(server->read_vocabulary());
  return server;
}

Result<std::unique_ptr<Server>> LlamaServer::again() const {
  QUALM_TRY(auto http, Http::open(info_.address, key_));
  auto server = std::unique_ptr<LlamaServer>(new LlamaServer(std::move(http), key_));
  server->info_ = info_;
  return server;
}

Result<bool> LlamaServer::read_properties(const Address& address) {
  QUALM_TRY(const auto body, http_->find("/props"));
  if (!body) return false;
  const auto json = parse_answer(*body, address, "/props");
  if (!json) return false;
  const Json& settings = member(*json, "default_generation_settings");
  if (!settings.is_object() || !member(*json, "total_slots").is_number_integer()) return false;
  info_ = {.address = address,
           .kind = "llama-server",
           .build = string_in(*json, "build_info"),
           .model_path = string_in(*json, "model_path"),
           .model_name = string_in(*json, "model_alias"),
           .model_type = string_in(*json, "model_ftype"),
           .chat_template = string_in(*json, "chat_template"),
           .adapters = {},
           .speculation = string_in(member(settings, "params"), "speculative.types"),
           .slots = std::clamp<std::int64_t>(integer_in(*json, "total_slots"), 1, 64),
           .context = integer_in(settings, "n_ctx")};
  if (info_.speculation == "none") info_.speculation.clear();
  return true;
}

/// Older servers have no such list: then none is known.
Result<void> LlamaServer::read_adapters() {
  QUALM_TRY(const auto body, http_->find("/lora-adapters"));
  const auto json =
      body ? parse_answer(*body, info_.address, "/lora-adapters") : Result<Json>(Json::array());
  if (!json || !json->is_array()) return {};
  for (const Json& one : *json) {
    const Json& scale = member(one, "scale");
    if (scale.is_number() && scale.get<double>() != 0)
      info_.adapters.push_back(string_in(one, "path"));
  }
  return {};
}

Result<void> LlamaServer::read_vocabulary() {
  QUALM_TRY(const auto body, http_->find("/v1/models"));
  if (!body) return {};
  QUALM_TRY(const Json json, parse_answer(*body, info_.address, "/v1/models"));
  const Json& models = member(json, "data");
  if (models.is_array() && !models.empty())
    info_.vocab_size = integer_in(member(models.front(), "meta"), "n_vocab");
  return {};
}

Result<std::vector<engine::Token>> LlamaServer::tokenize(const std::string& text,
                                                         engine::SpecialTokens special) {
  const Json request{{"content", text},
                     {"add_special", true},
                     {"parse_special", special == engine::SpecialTokens::parsed}};
  QUALM_TRY(const std::string body,
            http_->post("/tokenize", request.dump(-1, ' ', false, Json::error_handler_t::replace)));
  QUALM_TRY(const Json json, parse_answer(body, info_.address, "/tokenize"));
  std::vector<engine::Token> tokens;
  for (const Json& one : member(json, "tokens")) {
    if (!one.is_number_integer())
      return fail(not_as_expected(info_.address, "/tokenize", "no token ids"));
    tokens.push_back(one.get<engine::Token>());
  }
  return tokens;
}

Result<Json> LlamaServer::complete(const Question& question, int tops) {
  const Json request{{"prompt", question.before},
                     {"n_predict", 1},
                     {"n_probs", tops},
                     {"temperature", question.temperature},
                     {"cache_prompt", true},
                     {"id_slot", question.slot},
                     {"post_sampling_probs", false},
                     {"logit_bias", Json::array({Json::array({question.forced, kForcing})})}};
  QUALM_TRY(const std::string body, http_->post("/completion", request.dump()));
  QUALM_TRY(const Json json, parse_answer(body, info_.address, "/completion"));
  const auto sent = static_cast<std::int64_t>(question.before.size());
  const std::int64_t read = integer_in(json, "tokens_evaluated");
  const bool truncated = member(json, "truncated") == true;
  if (read != sent || truncated)
    return fail(
        other_tokens(info_.address, sent,
                     fmt::format("{} were read{}", read, truncated ? ", and some left out" : "")));
  const Json& positions = member(json, "completion_probabilities");
  return positions.is_array() && !positions.empty() ? positions.front() : Json();
}

Result<evaluate::PartialRow> LlamaServer::ask(const Question& question) {
  QUALM_TRY(const Json position, complete(question, kTops));
  if (position.is_null()) return look_up(question);
  QUALM_TRY(auto row, row_of(info_.address, position, question.forced));
  QUALM_CHECK(check_row(row, info_.address));
  return row;
}

/// A token that is no whole character: the server tells nothing of it when it has written it. So it
/// writes another one, and the token is looked up among the most likely ones, or among all.
Result<evaluate::PartialRow> LlamaServer::look_up(Question question) {
  if (!whole_) {
    QUALM_TRY(const auto tokens, tokenize("a", engine::SpecialTokens::as_text));
    if (tokens.empty())
      return fail(not_as_expected(info_.address, "/tokenize", "no token for \"a\""));
    whole_ = tokens.back();
  }
  const engine::Token asked = std::exchange(question.forced, *whole_);
  for (const int tops : {kManyTops, kAllTops}) {
    QUALM_TRY(const Json position, complete(question, tops));
    if (position.is_null()) break;
    QUALM_TRY(auto row, row_of(info_.address, position, *whole_));
    const auto found = std::ranges::find(row.tokens, asked, &evaluate::TokenLogP::token);
    if (found == row.tokens.end()) continue;
    row.target_log_p = static_cast<double>(found->log_p);
    row.tokens.resize(std::min<std::size_t>(row.tokens.size(), kTops));
    QUALM_CHECK(check_row(row, info_.address));
    return row;
  }
  return fail(not_as_expected(info_.address, "/completion", "no log-probabilities"));
}

}  // namespace qualm::remote
