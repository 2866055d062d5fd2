// How the server refuses. Each error has its one place here.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::serve {

// When the server starts.
[[nodiscard]] Error port_taken(const std::string& address, int port);                   // SERVE-001
[[nodiscard]] Error cannot_listen(const std::string& address, const std::string& why);  // 002
[[nodiscard]] Error weak_token(const std::string& found);                               // SERVE-003
[[nodiscard]] Error no_root(const std::string& path);                                   // SERVE-004
[[nodiscard]] Error history_in_use(const std::string& path);                            // SERVE-005
[[nodiscard]] Error cannot_start(const std::string& why);                               // SERVE-006
[[nodiscard]] Error no_history(const std::string& path, const std::string& why);        // SERVE-007

// While a job runs.
[[nodiscard]] Error runner_threw(const std::string& what);  // SERVE-008

// To a client.
[[nodiscard]] Error bad_field(const std::string& name, const std::string& expected,
                              const std::string& found);                            // SERVE-010
[[nodiscard]] Error outside(const std::string& path);                               // SERVE-011
[[nodiscard]] Error nothing_there(const std::string& path);                         // SERVE-012
[[nodiscard]] Error no_servers(const std::string& url);                             // SERVE-013
[[nodiscard]] Error no_token();                                                     // SERVE-014
[[nodiscard]] Error wrong_host(const std::string& name, const std::string& found);  // SERVE-015
[[nodiscard]] Error body_too_large(std::size_t most);                               // SERVE-016
[[nodiscard]] Error no_such_page(const std::string& path);                          // SERVE-017
[[nodiscard]] Error not_now(const std::string& what, std::string_view status);      // SERVE-018
[[nodiscard]] Error wrong_method(const std::string& method, const std::string& allowed);  // 019
[[nodiscard]] Error too_many_jobs(std::size_t most);      // SERVE-020
[[nodiscard]] Error no_report(const std::string& found);  // SERVE-021
[[nodiscard]] Error bad_target(std::string_view raw);     // SERVE-022

/// The HTTP status for an error: 400 where no other fits.
[[nodiscard]] int status_of(const Error& error) noexcept;

}  // namespace qualm::serve
