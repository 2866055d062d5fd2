#include "serve/refusals.h"

#include <fmt/format.h>

namespace qualm::serve {

Error port_taken(const std::string& address, int port) {
  return {Kind::input,
          "SERVE-001",
          "",
          fmt::format("{}:{}", address, port),
          "a free port",
          "a program that listens there, perhaps another qualm serve",
          fmt::format("Use the page of that one, or take another port: --port {}.",
                      port < 65535 ? port + 1 : 8093)};
}

Error cannot_listen(const std::string& address, const std::string& why) {
  return {Kind::input,
          "SERVE-002",
          "",
          address,
          "an address of this machine",
          why,
          "Leave --host away to serve this machine alone."};
}

Error weak_token(const std::string& found) {
  return {Kind::input,
          "SERVE-003",
          "",
          "--token",
          "16 characters or more, letters, digits and punctuation without blanks",
          found,
          "Make one with `openssl rand -hex 16`."};
}

Error no_root(const std::string& path) {
  return {Kind::input,
          "SERVE-004",
          path,
          "",
          "a folder",
          "none that can be opened",
          "Give the folder of your models with --root."};
}

Error history_in_use(const std::string& path) {
  return {Kind::input,
          "SERVE-005",
          path,
          "",
          "to be the only server of this user",
          "another qualm serve that runs",
          "Use that one, or stop it first."};
}

Error cannot_start(const std::string& why) {
  return {Kind::input,
          "SERVE-006",
          "",
          "",
          "to start the server",
          why,
          "Check the limits of this account (ulimit -u, ulimit -n)."};
}

Error no_history(const std::string& path, const std::string& why) {
  return {Kind::input,
          "SERVE-007",
          path,
          "",
          "a file that can be written",
          why,
          "Set XDG_STATE_HOME to a folder that can be written."};
}

Error runner_threw(const std::string& what) {
  return {Kind::engine,
          "SERVE-008",
          "",
          "",
          "no exception",
          what,
          "This is a fault of qualm: please report it."};
}

Error bad_field(const std::string& name, const std::string& expected, const std::string& found) {
  return {Kind::input, "SERVE-010", "", name, expected, found, ""};
}

Error outside(const std::string& path) {
  return {Kind::input,
          "SERVE-011",
          path,
          "",
          "a path in the folder of --root or in the store of another program, not hidden",
          "one that leads elsewhere",
          "Start qualm serve with the --root that holds your models."};
}

Error nothing_there(const std::string& path) {
  return {Kind::input, "SERVE-012", path, "", "a file or folder", "nothing", "Look at the name."};
}

Error no_servers(const std::string& url) {
  return {Kind::input,
          "SERVE-013",
          url,
          "",
          "a model file or a name",
          "the address of a server",
          "qualm cannot measure a running server yet: give the file that it loads."};
}

Error no_token() {
  return {Kind::input,
          "SERVE-014",
          "",
          "header Authorization",
          "the token of this server",
          "another or none",
          "Open the address that qualm serve printed when it started."};
}

Error wrong_host(const std::string& name, const std::string& found) {
  return {Kind::input,
          "SERVE-015",
          "",
          "header " + name,
          "the address of this server",
          found,
          "Open the address that qualm serve printed when it started."};
}

Error body_too_large(std::size_t most) {
  return {Kind::input, "SERVE-016", "", "request", fmt::format("at most {} bytes", most),
          "more",      ""};
}

Error no_such_page(const std::string& path) {
  return {Kind::input, "SERVE-017", "", path, "a page or a job of this server", "nothing", ""};
}

Error not_now(const std::string& what, std::string_view status) {
  return {Kind::input,
          "SERVE-018",
          "",
          what,
          "a job that allows it",
          fmt::format("a job that is {}", status),
          ""};
}

Error wrong_method(const std::string& method, const std::string& allowed) {
  return {Kind::input, "SERVE-019", "", "method", allowed, method, ""};
}

Error too_many_jobs(std::size_t most) {
  return {Kind::input,
          "SERVE-020",
          "",
          "jobs",
          fmt::format("at most {} that wait", most),
          "one more",
          "Wait, or cancel some."};
}

Error no_report(const std::string& found) {
  return {Kind::input, "SERVE-021", "", "report", "a finished job, and the format json, md or html",
          found,       ""};
}

Error bad_target(std::string_view raw) {
  return {Kind::input,
          "SERVE-022",
          "",
          "address",
          "a path, each name of its query once, escaped as a URL",
          std::string(raw.substr(0, 200)),
          ""};
}

int status_of(const Error& error) noexcept {
  const std::string& code = error.code;
  if (code == "SERVE-008") return 500;
  if (code == "SERVE-011" || code == "SERVE-015") return 403;
  if (code == "SERVE-012" || code == "SERVE-017" || code == "SERVE-021") return 404;
  if (code == "SERVE-014") return 401;
  if (code == "SERVE-016") return 413;
  if (code == "SERVE-018") return 409;
  if (code == "SERVE-019") return 405;
  return code == "SERVE-020" ? 429 : 400;
}

}  // namespace qualm::serve
