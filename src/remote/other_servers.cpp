#include "remote/other_servers.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "remote/answers.h"

namespace qualm::remote {
namespace {

struct Other {
  std::string_view owner;  ///< of its models, as /v1/models tells
  const char* name;
  const char* how;  ///< it tells log-probabilities
  const char* instead;
};
constexpr const char* kOfItsOwn = "which tells those of tokens that it writes";
constexpr std::array kOthers{
    Other{"tabbyAPI", "TabbyAPI", kOfItsOwn,
          "Run the model by itself: 'run:python3 adapters/exllamav3_adapter.py FOLDER'."},
    Other{"organization_owner", "LM Studio", kOfItsOwn,
          "Give the model's name, lms:PUBLISHER/REPO; qualm models lists them."},
    Other{"me", "the server of llama-cpp-python", "which takes no token ids",
          "Give the model's file in place of the address, or run it as the server does: "
          "'run:python3 adapters/llama_cpp_python_adapter.py FILE'."}};
constexpr Other kOllama{"", "Ollama", kOfItsOwn,
                        "Give the model's name, ollama:NAME; qualm models lists them."};

Error cannot_be_asked(const Address& address, const Other& other) {
  return {Kind::input,
          "REMOTE-025",
          address.base,
          "log-probabilities",
          "those of a text that is given",
          fmt::format("{}, {}", other.name, other.how),
          other.instead};
}

}  // namespace

Result<void> refuse_by_owner(const Address& address, const std::string& key,
                             const HttpLimits& limits) {
  QUALM_TRY(auto http, Http::open(address, key, limits));
  QUALM_TRY(const auto models, http->find("/v1/models"));
  const auto model = models ? first_model(*models, address) : std::nullopt;
  if (!model) return {};
  const auto* const other = std::ranges::find(kOthers, model->owner, &Other::owner);
  if (other == kOthers.end()) return {};
  return fail(cannot_be_asked(address, *other));
}

Result<void> refuse_ollama(const Address& address, const std::string& key,
                           const HttpLimits& limits) {
  QUALM_TRY(auto http, Http::open(address, key, limits));
  QUALM_TRY(const auto greeting, http->find("/"));
  if (greeting != "Ollama is running") return {};
  return fail(cannot_be_asked(address, kOllama));
}

}  // namespace qualm::remote
