// A llama-server that is none: it speaks as llama-server of llama.cpp (build 11669) does, of the
// fake model of support/fake_engine.h, and lies where a test wants it to.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "remote/server.h"
#include "support/fake_engine.h"
#include "support/lying_server.h"

namespace qualm::remote {

/// No test waits for long.
inline constexpr HttpLimits kQuick{.connect_seconds = 5,
                                   .seconds = 20,
                                   .pause = std::chrono::milliseconds(1),
                                   .tries_while_busy = 3};

struct Lies {
  // Of /props.
  std::string speculation = "none";
  std::string path = "/models/fake.gguf";
  std::int64_t slots = 2;
  std::int64_t context = 512;

  // Of /completion.
  std::optional<nlohmann::json> log_p = std::nullopt;  ///< of the token asked for
  bool always_zero = false;  ///< as for tokens that a draft model guessed; nothing else is listed
  double added = 0;          ///< to every log-probability
  bool remembers = false;    ///< a prompt that goes on from the one before is read otherwise
  bool heats = false;        ///< the temperature is applied
  double forcing_adds = 0;   ///< to the log-probability of the token that is forced
  bool forces_nothing = false;  ///< it writes the likeliest token
  std::int64_t reads_more = 0;  ///< tokens than were sent
  bool truncates = false;
  std::string logprob_becomes{};      ///< in the text of the answer, in place of "logprob"
  engine::Token half_from = 1 << 30;  ///< tokens from here on are no whole characters

  std::int64_t dies_after = std::numeric_limits<std::int64_t>::max();  ///< completions
};

class FakeLlama {
 public:
  using Json = nlohmann::json;

  explicit FakeLlama(test::FakeBehaviour how = {.vocab_size = 64}, Lies lies = {})
      : how_(how),
        lies_(std::move(lies)),
        server_([this](const auto& asked) { return answer(asked); }) {}

  [[nodiscard]] std::string address() const { return server_.address(); }
  [[nodiscard]] std::vector<test::HttpAsked> heard() const { return server_.heard(); }
  [[nodiscard]] std::unique_ptr<Server> open() const {
    auto opened = open_server(address(), "", kQuick);
    EXPECT_TRUE(opened) << (opened ? "" : describe(opened.error()));
    return opened ? *std::move(opened) : nullptr;
  }

 private:
  test::HttpAnswer answer(const test::HttpAsked& asked) {
    if (asked.path == "/props") return {.body = properties().dump()};
    if (asked.path == "/lora-adapters")
      return {.body = R"([{"id":0,"path":"a.gguf","scale":0.0},{"id":1,"path":"b.gguf",)"
                      R"("scale":0.5}])"};
    if (asked.path == "/v1/models")
      return {.body =
                  Json{{"data", Json::array({{{"meta", {{"n_vocab", how_.vocab_size}}}}})}}.dump()};
    if (asked.path == "/tokenize") return {.body = tokens_of(asked).dump()};
    if (asked.path != "/completion")
      return {.status = 404, .body = R"({"error":{"code":404,"message":"File Not Found"}})"};
    if (completions_++ >= lies_.dies_after) return {.hangs_up = true};
    std::string body = completion(Json::parse(asked.body)).dump();
    if (!lies_.logprob_becomes.empty())
      body.replace(body.find("\"logprob\":"), 10, lies_.logprob_becomes);
    return {.body = body};
  }

  [[nodiscard]] Json properties() const {
    return {{"default_generation_settings",
             {{"params", {{"speculative.types", lies_.speculation}}}, {"n_ctx", lies_.context}}},
            {"total_slots", lies_.slots},
            {"model_alias", "fake"},
            {"model_ftype", "Q4_K - Medium"},
            {"model_path", lies_.path},
            {"chat_template", "{{ messages }}"},
            {"build_info", "b11669-Debian"}};
  }

  [[nodiscard]] Json tokens_of(const test::HttpAsked& asked) const {
    Json ids = Json::array();
    for (const char c : Json::parse(asked.body)["content"].get<std::string>())
      ids.push_back(static_cast<unsigned char>(c) % how_.vocab_size);
    return {{"tokens", ids}};
  }

  /// ln Q of all tokens.
  [[nodiscard]] std::vector<double> log_q(const Json& request) {
    const auto prompt = request["prompt"].get<std::vector<engine::Token>>();
    const auto position = static_cast<std::int32_t>(prompt.size()) - 1;
    auto row = test::fake_logits(how_, prompt.back(), position);
    const auto slot = request["id_slot"].get<std::size_t>();
    const auto before = std::exchange(read_[slot], prompt);
    if (lies_.remembers && before.size() < prompt.size() && !before.empty() &&
        std::ranges::equal(before, std::span(prompt).first(before.size())))
      row = test::fake_logits(how_, prompt.back(), position + 1000);
    const double temperature = request["temperature"].get<double>();
    double sum = 0;
    std::vector<double> all(row.begin(), row.end());
    for (double& one : all) one /= lies_.heats && temperature > 0 ? temperature : 1;
    for (const double one : all) sum += std::exp(one);
    for (double& one : all) one += lies_.added - std::log(sum);
    return all;
  }

  [[nodiscard]] Json completion(const Json& request) {
    const auto all = log_q(request);
    std::vector<engine::Token> order(all.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<engine::Token>(i);
    std::ranges::stable_sort(order, std::greater(), [&](engine::Token token) {
      return all[static_cast<std::size_t>(token)];
    });
    const auto forced =
        lies_.forces_nothing ? order.front() : request["logit_bias"][0][0].get<engine::Token>();
    Json found{{"content", "x"},
               {"tokens_evaluated",
                static_cast<std::int64_t>(request["prompt"].size()) + lies_.reads_more},
               {"truncated", lies_.truncates},
               {"stop_type", "limit"}};
    if (forced >= lies_.half_from) return found;
    Json position = entry(forced, all[static_cast<std::size_t>(forced)] + lies_.forcing_adds);
    if (lies_.log_p) position["logprob"] = *lies_.log_p;
    if (lies_.always_zero) position["logprob"] = 0.0;
    order.resize(std::min(order.size(), request["n_probs"].get<std::size_t>()));
    position["top_logprobs"] = Json::array();
    for (const engine::Token token : order)
      position["top_logprobs"].push_back(entry(token, all[static_cast<std::size_t>(token)]));
    if (lies_.always_zero) position["top_logprobs"] = Json::array({entry(forced, 0)});
    found["completion_probabilities"] = Json::array({position});
    return found;
  }

  static Json entry(engine::Token token, double log_p) {
    return {{"id", token},
            {"token", "x"},
            {"bytes", Json::array({120})},
            {"logprob", static_cast<float>(log_p)}};
  }

  test::FakeBehaviour how_;
  Lies lies_;
  std::map<std::size_t, std::vector<engine::Token>> read_;  ///< the last prompt, by slot
  std::int64_t completions_ = 0;
  test::LyingServer server_;  // last: it uses all of them
};

}  // namespace qualm::remote
