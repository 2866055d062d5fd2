#include "remote/vllm_server.h"

#include <algorithm>
#include <array>
#include <utility>

#include "remote/answers.h"
#include "remote/window_answers.h"

namespace qualm::remote {
namespace {

/// Tokens at each place; the first number that is not refused. vLLM's own limit is 20, and that of
/// --max-logprobs. Not 0: which token is the most likely one must be known.
constexpr std::array kVllmTops{128, 20, 5, 1};
constexpr std::int64_t kVllmTogether = 4;  // windows; it reads them in one batch

}  // namespace

Result<std::unique_ptr<Server>> VllmServer::open(const Address& address, const std::string& key,
                                                 const HttpLimits& limits) {
  QUALM_TRY(auto http, Http::open(address, key, limits));
  QUALM_TRY(const auto models, http->find("/v1/models"));
  const auto model = models ? first_model(*models, address) : std::nullopt;
  if (!model || model->owner != "vllm") return nullptr;
  QUALM_TRY(const auto version, http->find("/version"));
  const auto told = version ? parse_answer(*version, address, "/version") : Result<Json>(Json());
  ServerInfo info{.address = address,
                  .kind = "vLLM",
                  .build = told ? string_in(*told, "version") : "",
                  .model_path = model->path,
                  .model_name = model->name,
                  .slots = kVllmTogether,
                  .context = model->context,
                  .cache = CacheOf::its_own};
  return std::unique_ptr<Server>(
      new VllmServer(std::move(http), Access{key, limits}, std::move(info)));
}

Result<std::unique_ptr<Server>> VllmServer::again() const {
  QUALM_TRY(auto http, Http::open(info().address, access().key, access().limits));
  auto server = std::unique_ptr<VllmServer>(new VllmServer(std::move(http), access(), info()));
  server->tops_ = tops_;
  return server;
}

/// The log-probabilities are those before anything is allowed or not.
Result<evaluate::PartialRow> VllmServer::ask(const Question& question) {
  const Json request{{"model", info().model_name},
                     {"prompt", question.before},
                     {"max_tokens", 1},
                     {"logprobs", 1},
                     {"allowed_token_ids", Json::array({question.forced})},
                     {"return_tokens_as_token_ids", true},
                     {"temperature", std::max(0.0, question.temperature)}};
  QUALM_TRY(const std::string body, http().post("/v1/completions", request.dump()));
  QUALM_TRY(auto row, written_by_vllm(body, {info().address, question.before}, question.forced));
  QUALM_CHECK(check_row(row, info().address));
  return row;
}

Result<Rows> VllmServer::read_at(std::span<const engine::Token> tokens, double temperature) {
  Result<std::string> body = fail(Error{});
  for (const int tops : kVllmTops) {
    if (tops_ != 0 && tops != tops_) continue;
    const Json request{{"model", info().model_name},
                       {"prompt", tokens},
                       {"max_tokens", 1},
                       {"prompt_logprobs", tops},
                       {"temperature", temperature}};
    body = http().post("/v1/completions", request.dump());
    if (body) tops_ = tops;
    if (body || body.error().code != "REMOTE-003") break;
  }
  if (!body) return std::unexpected(body.error());
  return rows_of_vllm(*body, {info().address, tokens});
}

}  // namespace qualm::remote
