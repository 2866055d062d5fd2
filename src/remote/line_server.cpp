#include "remote/line_server.h"

#include <algorithm>

#include "remote/answers.h"
#include "remote/window_answers.h"

namespace qualm::remote {
namespace {

constexpr int kLineTops = 128;  // tokens at each place

std::int64_t at_least_0(const Json& json, const char* key) {
  return std::max<std::int64_t>(0, integer_in(json, key));
}

}  // namespace

Result<std::unique_ptr<Server>> LineServer::open(const std::string& word,
                                                 const HttpLimits& limits) {
  const Address address{.base = word};
  auto shared = std::make_shared<Shared>();
  QUALM_TRY(shared->child, LineChild::start(word.substr(kRun.size()), limits));
  QUALM_TRY(const std::string first, shared->child->ask(""));
  QUALM_TRY(const Json json, parse_answer(first, address, "its first line"));
  if (!json.is_object()) return fail(not_as_expected(address, "its first line", "no object"));
  ServerInfo info{.address = address,
                  .kind = "line protocol",
                  .model_name = string_in(json, "name"),
                  .vocab_size = at_least_0(json, "vocab_size"),
                  .context = at_least_0(json, "context"),
                  .cache = CacheOf::its_own};
  return std::unique_ptr<Server>(new LineServer(std::move(shared), std::move(info)));
}

Result<std::vector<engine::Token>> LineServer::tokenize(const std::string& /*text*/,
                                                        engine::SpecialTokens /*special*/) {
  return fail(does_not_tell(info_, "a server that splits texts"));
}

Result<std::unique_ptr<Server>> LineServer::again() const {
  return std::unique_ptr<Server>(new LineServer(shared_, info_));
}

/// The model's own log-probabilities have no temperature.
Result<Rows> LineServer::read_at(std::span<const engine::Token> tokens, double /*temperature*/) {
  const Json request{{"ids", tokens}, {"top", kLineTops}};
  const std::lock_guard lock(shared_->mutex);
  QUALM_TRY(const std::string line, shared_->child->ask(request.dump()));
  return rows_of_line(line, {info_.address, tokens});
}

}  // namespace qualm::remote
