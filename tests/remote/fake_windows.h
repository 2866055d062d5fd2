// A vLLM or SGLang that is none: it speaks as theirs do, of the fake model of
// support/fake_engine.h, and lies where a test wants it to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "remote/server.h"
#include "support/fake_engine.h"
#include "support/lying_server.h"

namespace qualm::remote {

enum class Speaks { vllm, sglang };

struct WindowLies {
  int most_tops = 20;  ///< more are refused
  bool stale = false;  ///< a prompt that goes on from the one before is read otherwise
  bool heats = false;  ///< the temperature is applied
  double added = 0;    ///< to every log-probability
  std::int64_t reads_more = 0;
  bool lacks_target = false;  ///< the token of the prompt is not listed where it is not a top one
  bool splits_texts = true;
  double forcing_adds = 0;  ///< vLLM's, to the log-probability of a token that is forced
  std::int64_t context = 512;
};

class FakeWindows {
 public:
  using Json = nlohmann::json;

  explicit FakeWindows(Speaks speaks, WindowLies lies = {})
      : speaks_(speaks),
        lies_(lies),
        server_([this](const auto& asked) { return answer(asked); }) {}

  [[nodiscard]] std::string address() const { return server_.address(); }
  [[nodiscard]] std::vector<test::HttpAsked> heard() const { return server_.heard(); }
  [[nodiscard]] std::unique_ptr<Server> open() const {
    constexpr HttpLimits kFast{
        .connect_seconds = 5, .seconds = 20, .pause = std::chrono::milliseconds(1)};
    auto opened = open_server(address(), "", kFast);
    EXPECT_TRUE(opened) << (opened ? "" : describe(opened.error()));
    return opened ? *std::move(opened) : nullptr;
  }

  /// ln Q of all tokens after tokens[0 .. i].
  static std::vector<double> log_q(std::span<const engine::Token> tokens, std::size_t i,
                                   double temperature = 1, std::int32_t shift = 0) {
    const auto row = test::fake_logits({.vocab_size = kVocabulary}, tokens[i],
                                       static_cast<std::int32_t>(i) + shift);
    std::vector<double> all(row.begin(), row.end());
    double sum = 0;
    for (double& one : all) sum += std::exp(one /= temperature);
    for (double& one : all) one -= std::log(sum);
    return all;
  }
  static constexpr std::int64_t kVocabulary = 64;

 private:
  using Entry = std::pair<engine::Token, double>;
  struct Place {
    Entry target;
    std::vector<Entry> tops;
  };

  test::HttpAnswer answer(const test::HttpAsked& asked) {
    const bool is_vllm = speaks_ == Speaks::vllm;
    if (asked.path == "/v1/models")
      return {.body = Json{{"data",
                            {{{"id", "tiny"},
                              {"owned_by", is_vllm ? "vllm" : "sglang"},
                              {"root", "/models/tiny"},
                              {"max_model_len", lies_.context}}}}}
                          .dump()};
    if (asked.path == (is_vllm ? "/version" : "/server_info"))
      return {.body = R"({"version":"0.9"})"};
    const Json request = asked.body.empty() ? Json() : Json::parse(asked.body);
    if (asked.path == "/tokenize" && lies_.splits_texts)
      return {.body = Json{{"tokens", {1, request["prompt"].get<std::string>().size()}}}.dump()};
    if (is_vllm && asked.path == "/v1/completions") return vllm(request);
    if (!is_vllm && asked.path == "/generate") return sglang(request);
    return {.status = 404};
  }

  /// Of tokens[i], by what is before it.
  std::vector<Place> places(const std::vector<engine::Token>& tokens, int tops, double hot) {
    const bool goes_on = !before_.empty() && before_.size() < tokens.size() &&
                         std::equal(before_.begin(), before_.end(), tokens.begin());
    before_ = tokens;
    const double temperature = lies_.heats && hot > 0 ? hot : 1;
    std::vector<Place> all;
    for (std::size_t i = 1; i < tokens.size(); ++i) {
      auto row = log_q(tokens, i - 1, temperature, goes_on && lies_.stale ? 1000 : 0);
      Place place;
      for (std::size_t t = 0; t < row.size(); ++t)
        place.tops.emplace_back(static_cast<engine::Token>(t), row[t] + lies_.added);
      place.target = place.tops[static_cast<std::size_t>(tokens[i])];
      std::ranges::stable_sort(place.tops, std::greater(), &Entry::second);
      place.tops.resize(std::min(place.tops.size(), static_cast<std::size_t>(tops)));
      all.push_back(std::move(place));
    }
    return all;
  }

  /// It writes a token.
  test::HttpAnswer written(const Json& request) {
    auto ids = request["prompt"].get<std::vector<engine::Token>>();
    const auto read = static_cast<std::int64_t>(ids.size()) + lies_.reads_more;
    ids.push_back(request["allowed_token_ids"][0].get<engine::Token>());
    const Place place =
        places(ids, request["logprobs"].get<int>(), request["temperature"].get<double>()).back();
    const auto name = [](engine::Token token) { return "token_id:" + std::to_string(token); };
    Json tops = Json::object();
    for (const auto& [token, log_p] : place.tops) tops[name(token)] = log_p;
    tops[name(place.target.first)] = place.target.second + lies_.forcing_adds;
    return {.body = Json{{"choices", {{{"logprobs", {{"top_logprobs", {tops}}}}}}},
                         {"usage", {{"prompt_tokens", read}}}}
                        .dump()};
  }

  test::HttpAnswer vllm(const Json& request) {
    if (request.contains("allowed_token_ids")) return written(request);
    const int tops = request["prompt_logprobs"].get<int>();
    if (tops > lies_.most_tops) return {.status = 400, .body = R"({"error":{"code":400}})"};
    const auto ids = request["prompt"].get<std::vector<engine::Token>>();
    Json list = Json::array({nullptr});
    for (const Place& place : places(ids, tops, request["temperature"].get<double>())) {
      Json entry = Json::object();
      for (const auto& [token, log_p] : place.tops)
        entry[std::to_string(token)] = {{"logprob", log_p}, {"rank", 1}};
      if (!lies_.lacks_target)
        entry[std::to_string(place.target.first)] = {{"logprob", place.target.second}};
      list.push_back(std::move(entry));
    }
    const auto read = static_cast<std::int64_t>(ids.size()) + lies_.reads_more;
    return {.body = Json{{"choices", {{{"prompt_logprobs", list}}}},
                         {"usage", {{"prompt_tokens", read}}}}
                        .dump()};
  }

  test::HttpAnswer sglang(const Json& request) {
    const auto ids = request["input_ids"].get<std::vector<engine::Token>>();
    Json tokens = Json::array({Json::array({nullptr, ids.front(), nullptr})});
    Json lists = Json::array({nullptr});
    for (std::int64_t i = 0; i < lies_.reads_more; ++i) tokens.push_back(tokens.front());
    const double hot = request["sampling_params"]["temperature"].get<double>();
    for (const Place& place : places(ids, request["top_logprobs_num"].get<int>(), hot)) {
      const engine::Token shown = place.target.first + (lies_.lacks_target ? 1 : 0);
      tokens.push_back({place.target.second, shown, nullptr});
      lists.push_back(Json::array());
      for (const auto& [token, log_p] : place.tops)
        lists.back().push_back(Json::array({log_p, token, nullptr}));
    }
    return {.body = Json{{"text", ""},
                         {"meta_info",
                          {{"input_token_logprobs", tokens}, {"input_top_logprobs", lists}}}}
                        .dump()};
  }

  Speaks speaks_;
  WindowLies lies_;
  std::vector<engine::Token> before_;  ///< the last prompt
  test::LyingServer server_;           // last: it uses all of them
};

}  // namespace qualm::remote
