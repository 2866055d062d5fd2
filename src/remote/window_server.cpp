#include "remote/window_server.h"

#include <algorithm>

#include "remote/answers.h"

namespace qualm::remote {

using evaluate::PartialRow;

Result<std::vector<PartialRow>> WindowServer::read(std::span<const engine::Token> tokens) {
  QUALM_TRY(auto rows, read_at(tokens, 0));
  for (const PartialRow& row : rows) QUALM_CHECK(check_row(row, info().address));
  return rows;
}

Result<PartialRow> WindowServer::ask(const Question& question) {
  std::vector<engine::Token> tokens(question.before.begin(), question.before.end());
  tokens.push_back(question.forced);
  QUALM_TRY(auto rows, read_at(tokens, std::max(0.0, question.temperature)));
  QUALM_CHECK(check_row(rows.back(), info().address));
  return std::move(rows.back());
}

Result<std::vector<engine::Token>> HttpWindowServer::tokenize(const std::string& text,
                                                              engine::SpecialTokens /*special*/) {
  const Json request{{"model", info_.model_name}, {"prompt", text}, {"add_special_tokens", true}};
  const auto body =
      http_->post("/tokenize", request.dump(-1, ' ', false, Json::error_handler_t::replace));
  if (!body && body.error().code == "REMOTE-003")
    return fail(does_not_tell(info_, "a server that splits texts (/tokenize)"));
  if (!body) return std::unexpected(body.error());
  return read_tokens(*body, info_.address);
}

}  // namespace qualm::remote
