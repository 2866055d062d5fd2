#include "remote/server.h"

#include "remote/answers.h"
#include "remote/line_server.h"
#include "remote/llama_server.h"
#include "remote/other_servers.h"
#include "remote/sglang_server.h"
#include "remote/vllm_server.h"

namespace qualm::remote {

Result<std::vector<evaluate::PartialRow>> Server::read(std::span<const engine::Token> /*tokens*/) {
  return fail(does_not_tell(info(), "a server that reads windows"));
}

Result<std::unique_ptr<Server>> open_server(const std::string& word, const std::string& key,
                                            const HttpLimits& limits) {
  if (word.starts_with(kRun)) return LineServer::open(word, limits);
  QUALM_TRY(const Address address, parse_address(word));
  QUALM_CHECK(refuse_by_owner(address, key, limits));
  for (const auto& open : {LlamaServer::open, VllmServer::open, SglangServer::open}) {
    QUALM_TRY(auto server, open(address, key, limits));
    if (server) return server;
  }
  QUALM_CHECK(refuse_ollama(address, key, limits));
  return fail({Kind::input, "REMOTE-006", address.base, "", "llama-server, vLLM or SGLang",
               "another server",
               "Give the model's file in place of the address, or a program of adapters/ (run:)."});
}

}  // namespace qualm::remote
