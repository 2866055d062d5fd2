// A server that somebody runs, as a source of log-probabilities.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "engine/engine.h"
#include "evaluate/partial_rows.h"
#include "remote/address.h"
#include "remote/http.h"

namespace qualm::remote {

/// Whose types of a KV cache a server has.
enum class CacheOf { llama_cpp, its_own };

/// What a server tells of itself. Texts are empty and numbers 0 where it does not.
struct ServerInfo {
  Address address{};
  std::string kind{};  ///< "llama-server", "vLLM"
  std::string build{};
  std::string model_path{};  ///< as the server has it
  std::string model_name{};
  std::string model_type{};  ///< "Q4_K_M"
  std::string chat_template{};
  std::vector<std::string> adapters{};  ///< paths of LoRA adapters that are in use
  std::string speculation{};            ///< what guesses tokens ahead; empty: nothing
  std::int64_t vocab_size = 0;
  std::int64_t slots = 1;    ///< requests at a time
  std::int64_t context = 0;  ///< tokens of one request
  CacheOf cache = CacheOf::llama_cpp;
};

/// What does it say of the token `forced` after the tokens `before`?
struct Question {
  std::span<const engine::Token> before;  ///< never empty
  engine::Token forced = 0;
  std::int64_t slot = 0;  ///< below ServerInfo::slots: what it has read is there
  double temperature = -1;
};

/// One thread at a time. Errors of all: REMOTE-002 to REMOTE-004 no answer, or no good one;
/// REMOTE-007 an answer that is not as expected; REMOTE-010 the tokens it read are not those that
/// were sent; REMOTE-011 a log-probability that is none.
class Server {
 public:
  virtual ~Server() = default;
  [[nodiscard]] virtual const ServerInfo& info() const noexcept = 0;
  /// With the tokens that begin a text. Errors: REMOTE-009 this kind of server does not tell.
  [[nodiscard]] virtual Result<std::vector<engine::Token>> tokenize(
      const std::string& text, engine::SpecialTokens special) = 0;
  [[nodiscard]] virtual Result<evaluate::PartialRow> ask(const Question& question) = 0;
  /// One request answers for all positions of a window: see read().
  [[nodiscard]] virtual bool reads_windows() const noexcept { return false; }
  /// Row i is of tokens[i + 1] after tokens[0 .. i]. Where reads_windows().
  [[nodiscard]] virtual Result<std::vector<evaluate::PartialRow>> read(
      std::span<const engine::Token> tokens);
  /// A second connection to the same server, for another thread.
  [[nodiscard]] virtual Result<std::unique_ptr<Server>> again() const = 0;
};

/// Finds out what kind of server answers at an address, or starts the command of a word with run:.
/// `key`: an API key, or empty. Errors: those of Http, parse_address and LineServer; REMOTE-006
/// none that qualm can ask; REMOTE-025 one that tells no log-probabilities of given tokens.
[[nodiscard]] Result<std::unique_ptr<Server>> open_server(const std::string& word,
                                                          const std::string& key,
                                                          const HttpLimits& limits = {});

}  // namespace qualm::remote
