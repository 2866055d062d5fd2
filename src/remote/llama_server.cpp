#include "remote/llama_server.h"

#include <algorithm>
#include <utility>

#include "remote/answers.h"
#include "remote/llama_answers.h"

namespace qualm::remote {
namespace {

using evaluate::PartialRow;

constexpr int kTops = 128;  // tokens that an answer lists
constexpr int kManyTops = 2048;
constexpr int kAllTops = 1 << 20;  // at least the largest vocabulary
constexpr double kForcing = 1e6;   // added to the logit of the forced token

}  // namespace

Result<std::unique_ptr<Server>> LlamaServer::open(const Address& address, const std::string& key,
                                                  const HttpLimits& limits) {
  QUALM_TRY(auto http, Http::open(address, key, limits));
  QUALM_TRY(const auto properties, http->find("/props"));
  auto info = properties ? read_properties(*properties, address) : std::nullopt;
  if (!info) return nullptr;
  QUALM_TRY(const auto adapters, http->find("/lora-adapters"));
  if (adapters) info->adapters = read_adapters(*adapters, address);
  QUALM_TRY(const auto models, http->find("/v1/models"));
  if (models) info->vocab_size = read_vocabulary(*models, address);
  return std::unique_ptr<Server>(
      new LlamaServer(std::move(http), Access{key, limits}, *std::move(info)));
}

Result<std::unique_ptr<Server>> LlamaServer::again() const {
  QUALM_TRY(auto http, Http::open(info_.address, access_.key, access_.limits));
  return std::unique_ptr<Server>(new LlamaServer(std::move(http), access_, info_));
}

Result<std::vector<engine::Token>> LlamaServer::tokenize(const std::string& text,
                                                         engine::SpecialTokens special) {
  const Json request{{"content", text},
                     {"add_special", true},
                     {"parse_special", special == engine::SpecialTokens::parsed}};
  QUALM_TRY(const std::string body,
            http_->post("/tokenize", request.dump(-1, ' ', false, Json::error_handler_t::replace)));
  return read_tokens(body, info_.address);
}

Result<std::optional<PartialRow>> LlamaServer::complete(const Question& question, int tops) {
  const Json request{{"prompt", question.before},
                     {"n_predict", 1},
                     {"n_probs", tops},
                     {"temperature", question.temperature},
                     {"cache_prompt", true},
                     {"id_slot", question.slot},
                     {"post_sampling_probs", false},
                     {"logit_bias", Json::array({Json::array({question.forced, kForcing})})}};
  QUALM_TRY(const std::string body, http_->post("/completion", request.dump()));
  return read_completion(
      body, info_.address,
      {.tokens = static_cast<std::int64_t>(question.before.size()), .forced = question.forced});
}

Result<PartialRow> LlamaServer::ask(const Question& question) {
  QUALM_TRY(auto row, complete(question, kTops));
  if (!row) return look_up(question);
  QUALM_CHECK(check_row(*row, info_.address));
  return *std::move(row);
}

/// A token that is no whole character: the server tells nothing of it when it has written it. So it
/// writes another one, and the token is looked up among the most likely ones, or among all.
Result<PartialRow> LlamaServer::look_up(Question question) {
  if (!whole_) {
    QUALM_TRY(const auto tokens, tokenize("a", engine::SpecialTokens::as_text));
    if (tokens.empty())
      return fail(not_as_expected(info_.address, "/tokenize", "no token for \"a\""));
    whole_ = tokens.back();
  }
  const engine::Token asked = std::exchange(question.forced, *whole_);
  for (const int tops : {kManyTops, kAllTops}) {
    QUALM_TRY(auto row, complete(question, tops));
    if (!row) break;
    const auto found = std::ranges::find(row->tokens, asked, &evaluate::TokenLogP::token);
    if (found == row->tokens.end()) continue;
    row->target_log_p = static_cast<double>(found->log_p);
    row->tokens.resize(std::min<std::size_t>(row->tokens.size(), kTops));
    QUALM_CHECK(check_row(*row, info_.address));
    return *std::move(row);
  }
  return fail(not_as_expected(info_.address, "/completion", "no log-probabilities"));
}

}  // namespace qualm::remote
