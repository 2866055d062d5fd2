#include "remote/window_answers.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "formats/json.h"
#include "remote/answers.h"

namespace qualm::remote {
namespace {

using evaluate::PartialRow;
using evaluate::TokenLogP;
using formats::member;

constexpr const char* kCompletions = "/v1/completions";
constexpr const char* kGenerate = "/generate";
constexpr const char* kLine = "a line";

/// A list with one entry for each of `count` tokens, or REMOTE-010.
Result<void> check_length(const Json& list, std::size_t count, const SentWindow& sent) {
  if (list.is_array() && list.size() == count) return {};
  return fail(other_tokens(sent.address, static_cast<std::int64_t>(sent.tokens.size()),
                           fmt::format("log-probabilities of {}", list.size())));
}

/// Of equally likely tokens the first is the top: that of the least id, as in a full row.
void sort_by_id(PartialRow& row) { std::ranges::stable_sort(row.tokens, {}, &TokenLogP::token); }

std::optional<double> log_p_in(const Json& object) {
  return object.is_object() && object.contains("logprob") ? log_p_of(object["logprob"])
                                                          : std::nullopt;
}

/// How vLLM writes a token and its log-probability.
struct Form {
  std::string_view before;  ///< the token's number
  std::optional<double> (*log_p)(const Json& value);
};
constexpr Form kOfPrompt{"", log_p_in};            // "300": {"logprob": -1.5}
constexpr Form kOfWritten{"token_id:", log_p_of};  // "token_id:300": -1.5

std::optional<engine::Token> token_of_key(std::string_view key, std::string_view before) {
  if (!key.starts_with(before)) return std::nullopt;
  key.remove_prefix(before.size());
  engine::Token token = 0;
  const char* const end = key.data() + key.size();
  const auto read = std::from_chars(key.data(), end, token);
  if (read.ec != std::errc() || read.ptr != end || token < 0) return std::nullopt;
  return token;
}

Result<PartialRow> row_of_vllm(const Json& entry, const Form& form, engine::Token target,
                               const Address& address) {
  PartialRow row;
  bool found = false;
  for (const auto& [key, value] : entry.items()) {
    const auto token = token_of_key(key, form.before);
    const auto log_p = form.log_p(value);
    if (!token || !log_p)
      return fail(not_as_expected(address, kCompletions, "a token without log-probability"));
    row.tokens.push_back({*token, static_cast<float>(*log_p)});
    if (*token != target) continue;
    row.target_log_p = *log_p;
    found = true;
  }
  if (!found)
    return fail(not_as_expected(address, kCompletions, "a place without the token of the prompt"));
  sort_by_id(row);
  return row;
}

/// [log-probability, id, text] of SGLang, [id, log-probability] of a line.
enum class Order { log_p_first, id_first };
std::optional<TokenLogP> pair_in(const Json& pair, Order order) {
  if (!pair.is_array() || pair.size() < 2) return std::nullopt;
  const auto token = token_in(pair[order == Order::id_first ? 0 : 1]);
  const auto log_p = log_p_of(pair[order == Order::id_first ? 1 : 0]);
  if (!token || !log_p) return std::nullopt;
  return TokenLogP{*token, static_cast<float>(*log_p)};
}

Result<std::vector<TokenLogP>> pairs_in(const Json& list, Order order, const Address& address) {
  std::vector<TokenLogP> tokens;
  for (const Json& one : list) {
    const auto pair = pair_in(one, order);
    if (!pair)
      return fail(not_as_expected(address, order == Order::id_first ? kLine : kGenerate,
                                  "a token without log-probability"));
    tokens.push_back(*pair);
  }
  return tokens;
}

/// The first of "choices", of a server that has read what was sent.
Result<Json> choice_of_vllm(const std::string& body, const SentWindow& sent) {
  QUALM_TRY(const Json json, parse_answer(body, sent.address, kCompletions));
  const std::int64_t read = integer_in(member(json, "usage"), "prompt_tokens");
  if (read != static_cast<std::int64_t>(sent.tokens.size()))
    return fail(other_tokens(sent.address, static_cast<std::int64_t>(sent.tokens.size()),
                             fmt::format("{} were read", read)));
  const Json& choices = member(json, "choices");
  return choices.is_array() && !choices.empty() ? choices.front() : Json();
}

}  // namespace

Result<PartialRow> written_by_vllm(const std::string& body, const SentWindow& sent,
                                   engine::Token forced) {
  QUALM_TRY(const Json choice, choice_of_vllm(body, sent));
  const Json& tops = member(member(choice, "logprobs"), "top_logprobs");
  return row_of_vllm(tops.is_array() && !tops.empty() ? tops.front() : Json(), kOfWritten, forced,
                     sent.address);
}

Result<Rows> rows_of_vllm(const std::string& body, const SentWindow& sent) {
  QUALM_TRY(const Json choice, choice_of_vllm(body, sent));
  const Json& list = member(choice, "prompt_logprobs");
  QUALM_CHECK(check_length(list, sent.tokens.size(), sent));
  Rows rows;
  for (std::size_t i = 1; i < list.size(); ++i) {
    QUALM_TRY(auto row, row_of_vllm(list[i], kOfPrompt, sent.tokens[i], sent.address));
    rows.push_back(std::move(row));
  }
  return rows;
}

Result<Rows> rows_of_sglang(const std::string& body, const SentWindow& sent) {
  QUALM_TRY(const Json json, parse_answer(body, sent.address, kGenerate));
  const Json& meta = member(json, "meta_info");
  const Json& tokens = member(meta, "input_token_logprobs");
  const Json& tops = member(meta, "input_top_logprobs");
  QUALM_CHECK(check_length(tokens, sent.tokens.size(), sent));
  QUALM_CHECK(check_length(tops, sent.tokens.size(), sent));
  Rows rows;
  for (std::size_t i = 1; i < tokens.size(); ++i) {
    const auto token = pair_in(tokens[i], Order::log_p_first);
    if (!token || token->token != sent.tokens[i])
      return fail(
          not_as_expected(sent.address, kGenerate, "another token than that of the prompt"));
    QUALM_TRY(auto top, pairs_in(tops[i], Order::log_p_first, sent.address));
    rows.push_back({static_cast<double>(token->log_p), std::move(top)});
    sort_by_id(rows.back());
  }
  return rows;
}

Result<Rows> rows_of_line(const std::string& body, const SentWindow& sent) {
  QUALM_TRY(const Json json, parse_answer(body, sent.address, kLine));
  const Json& nll = member(json, "nll");
  const Json& tops = member(json, "top");
  QUALM_CHECK(check_length(nll, sent.tokens.size() - 1, sent));
  QUALM_CHECK(check_length(tops, sent.tokens.size() - 1, sent));
  Rows rows;
  for (std::size_t i = 0; i < nll.size(); ++i) {
    if (!nll[i].is_number() && !nll[i].is_null())
      return fail(not_as_expected(sent.address, kLine, "a nll that is no number"));
    const Json log_p = nll[i].is_null() ? Json() : Json(-nll[i].get<double>());
    QUALM_TRY(auto top, pairs_in(tops[i], Order::id_first, sent.address));
    rows.push_back({*log_p_of(log_p), std::move(top)});
    sort_by_id(rows.back());
  }
  return rows;
}

}  // namespace qualm::remote
