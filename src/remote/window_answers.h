// What servers say of all tokens of a window, read from their text, which is not trusted.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "base/error.h"
#include "evaluate/partial_rows.h"
#include "remote/address.h"

namespace qualm::remote {

using Rows = std::vector<evaluate::PartialRow>;

/// The window that was sent, and to whom.
struct SentWindow {
  const Address& address;
  std::span<const engine::Token> tokens;
};

// Row i is of tokens[i + 1]; none is checked yet. Errors: REMOTE-007, REMOTE-010.

/// Of vLLM's /v1/completions: "prompt_logprobs" has a {id: {"logprob": ...}} for each token.
[[nodiscard]] Result<Rows> rows_of_vllm(const std::string& body, const SentWindow& sent);
/// Of the same, after sent.tokens it had to write `forced`: "logprobs" of "token_id:..." texts.
[[nodiscard]] Result<evaluate::PartialRow> written_by_vllm(const std::string& body,
                                                           const SentWindow& sent,
                                                           engine::Token forced);
/// Of SGLang's /generate: "input_token_logprobs" and "input_top_logprobs" in "meta_info".
[[nodiscard]] Result<Rows> rows_of_sglang(const std::string& body, const SentWindow& sent);
/// Of the line protocol: "nll" and "top".
[[nodiscard]] Result<Rows> rows_of_line(const std::string& body, const SentWindow& sent);

}  // namespace qualm::remote
