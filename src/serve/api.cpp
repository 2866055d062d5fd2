#include "serve/api.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "job/events.h"
#include "serve/page.h"
#include "serve/refusals.h"

namespace qualm::serve {

Reply json_reply(const Json& json, int status) {
  return {.status = status,
          .body = json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

namespace {

bool fits(const std::vector<std::string>& pattern, const std::vector<std::string>& path) {
  return std::ranges::equal(pattern, path, [](const std::string& want, const std::string& part) {
    return want == "*" || want == part;
  });
}

}  // namespace

Reply refusal(const Error& error) {
  Json json = job::error_to_json(error);
  json["message"] = describe(error);
  return json_reply({{"error", std::move(json)}}, status_of(error));
}

Api::Api(Gate gate, Made made, const Places& places, Jobs& jobs, EventLog& events)
    : gate_(std::move(gate)),
      made_(std::move(made)),
      policy_(policy_of(made_.page)),
      places_(places),
      jobs_(jobs),
      events_(events) {}

const std::vector<Api::Route>& Api::routes() {
  static const std::vector<Route> kRoutes{{"GET", {"api", "state"}, &Api::state},
                                          {"GET", {"api", "models"}, &Api::models},
                                          {"GET", {"api", "files"}, &Api::files},
                                          {"GET", {"api", "jobs"}, &Api::list},
                                          {"POST", {"api", "jobs"}, &Api::create},
                                          {"GET", {"api", "jobs", "*"}, &Api::show},
                                          {"DELETE", {"api", "jobs", "*"}, &Api::remove},
                                          {"POST", {"api", "jobs", "*", "cancel"}, &Api::cancel},
                                          {"POST", {"api", "jobs", "*", "resume"}, &Api::resume},
                                          {"GET", {"api", "jobs", "*", "events"}, &Api::events},
                                          {"GET", {"api", "jobs", "*", "report"}, &Api::report}};
  return kRoutes;
}

Reply Api::answer(const Message& message) const {
  auto reply = checked(message);
  return reply ? *std::move(reply) : refusal(reply.error());
}

Result<Reply> Api::checked(const Message& message) const {
  QUALM_CHECK(gate_.check_host(message));
  QUALM_TRY(const Target target, parse_target(message.target));
  if (target.path.empty() && message.method == "GET") return page();
  QUALM_CHECK(gate_.check_token(message));
  std::vector<std::string> allowed;
  for (const Route& route : routes()) {
    if (!fits(route.path, target.path)) continue;
    if (route.method == message.method)
      return (this->*route.handler)(
          {message, target, target.path.size() > 2 ? target.path[2] : std::string()});
    allowed.emplace_back(route.method);
  }
  if (allowed.empty())
    return fail(no_such_page(fmt::format("/{}", fmt::join(target.path, "/")).substr(0, 200)));
  Reply reply =
      refusal(wrong_method(message.method, fmt::format("{}", fmt::join(allowed, " or "))));
  reply.headers.emplace_back("Allow", fmt::format("{}", fmt::join(allowed, ", ")));
  return reply;
}

Reply Api::page() const {
  return {.type = "text/html; charset=utf-8",
          .body = made_.page,
          .headers = {{"Content-Security-Policy", policy_}}};
}

Result<Reply> Api::state(const Asked&) const {
  const Jobs::State state = jobs_.state();
  return json_reply({{"version", QUALM_VERSION},
                     {"root", places_.root()},
                     {"running", state.running ? Json(*state.running) : Json()},
                     {"queued", state.queued}});
}

Result<Reply> Api::models(const Asked&) const {
  QUALM_TRY(const Json document, made_.models());
  return json_reply(document);
}

Result<Reply> Api::files(const Asked& asked) const {
  const auto path = asked.target.query.find("path");
  QUALM_TRY(const Json listed, places_.list(path == asked.target.query.end() ? "" : path->second));
  return json_reply(listed);
}

}  // namespace qualm::serve
