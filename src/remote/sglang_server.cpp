#include "remote/sglang_server.h"

#include <utility>

#include "remote/answers.h"
#include "remote/window_answers.h"

namespace qualm::remote {
namespace {

constexpr int kSglangTops = 64;              // tokens at each place
constexpr std::int64_t kSglangTogether = 4;  // windows; it reads them in one batch

/// Older versions have it under the other name, newer ones under both.
Result<std::string> version_of(Http& http, const Address& address) {
  for (const char* path : {"/server_info", "/get_server_info"}) {
    QUALM_TRY(const auto body, http.find(path));
    const auto json = body ? parse_answer(*body, address, path) : Result<Json>(Json());
    if (body && json) return string_in(*json, "version");
  }
  return "";
}

}  // namespace

Result<std::unique_ptr<Server>> SglangServer::open(const Address& address, const std::string& key,
                                                   const HttpLimits& limits) {
  QUALM_TRY(auto http, Http::open(address, key, limits));
  QUALM_TRY(const auto models, http->find("/v1/models"));
  const auto model = models ? first_model(*models, address) : std::nullopt;
  if (!model || model->owner != "sglang") return nullptr;
  QUALM_TRY(auto version, version_of(*http, address));
  ServerInfo info{.address = address,
                  .kind = "SGLang",
                  .build = std::move(version),
                  .model_path = model->path,
                  .model_name = model->name,
                  .slots = kSglangTogether,
                  .context = model->context,
                  .cache = CacheOf::its_own};
  return std::unique_ptr<Server>(
      new SglangServer(std::move(http), Access{key, limits}, std::move(info)));
}

Result<std::unique_ptr<Server>> SglangServer::again() const {
  QUALM_TRY(auto http, Http::open(info().address, access().key, access().limits));
  return std::unique_ptr<Server>(new SglangServer(std::move(http), access(), info()));
}

Result<Rows> SglangServer::read_at(std::span<const engine::Token> tokens, double temperature) {
  const Json request{{"input_ids", tokens},
                     {"sampling_params", {{"max_new_tokens", 1}, {"temperature", temperature}}},
                     {"return_logprob", true},
                     {"logprob_start_len", 0},
                     {"top_logprobs_num", kSglangTops}};
  QUALM_TRY(const std::string body, http().post("/generate", request.dump()));
  return rows_of_sglang(body, {info().address, tokens});
}

}  // namespace qualm::remote
