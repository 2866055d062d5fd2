// What the server answers to each request. docs/serve.md has the table.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "serve/event_log.h"
#include "serve/gate.h"
#include "serve/jobs.h"
#include "serve/message.h"
#include "serve/places.h"
#include "serve/target.h"

namespace qualm::serve {

using Json = nlohmann::ordered_json;

[[nodiscard]] Reply json_reply(const Json& json, int status = 200);

/// What others make for the server.
struct Made {
  std::string page;                              ///< HTML of "/"
  std::function<std::string(const Json&)> html;  ///< a report as a page; may be empty
  std::function<Result<Json>()> models;          ///< the document of `qualm models`
};

class Api {
 public:
  Api(Gate gate, Made made, const Places& places, Jobs& jobs, EventLog& events);

  /// Never fails: an error is a reply too, {error: {kind, code, ..., message}}.
  [[nodiscard]] Reply answer(const Message& message) const;

 private:
  struct Asked {
    const Message& message;
    const Target& target;
    std::string id;  ///< of the job in the path; or empty
  };
  using Handler = Result<Reply> (Api::*)(const Asked& asked) const;
  struct Route {
    const char* method;
    std::vector<std::string> path;  ///< "*" stands for the id of a job
    Handler handler;
  };
  static const std::vector<Route>& routes();

  [[nodiscard]] Result<Reply> checked(const Message& message) const;
  [[nodiscard]] Reply page() const;
  [[nodiscard]] Result<Reply> state(const Asked& asked) const;
  [[nodiscard]] Result<Reply> models(const Asked& asked) const;
  [[nodiscard]] Result<Reply> files(const Asked& asked) const;
  [[nodiscard]] Result<Reply> list(const Asked& asked) const;
  [[nodiscard]] Result<Reply> create(const Asked& asked) const;
  [[nodiscard]] Result<Reply> show(const Asked& asked) const;
  [[nodiscard]] Result<Reply> remove(const Asked& asked) const;
  [[nodiscard]] Result<Reply> cancel(const Asked& asked) const;
  [[nodiscard]] Result<Reply> resume(const Asked& asked) const;
  [[nodiscard]] Result<Reply> events(const Asked& asked) const;
  [[nodiscard]] Result<Reply> report(const Asked& asked) const;

  Gate gate_;
  Made made_;
  std::string policy_;
  const Places& places_;
  Jobs& jobs_;
  EventLog& events_;
};

/// The reply to what was refused, with the status for it.
[[nodiscard]] Reply refusal(const Error& error);

}  // namespace qualm::serve
