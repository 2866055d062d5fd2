// Who may ask: the token, and the name by which the server was asked.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "serve/message.h"

namespace qualm::serve {

inline constexpr std::size_t kShortestToken = 16;  ///< characters

/// 128 bits of the system's randomness as 32 hexadecimal digits. SERVE-006.
[[nodiscard]] Result<std::string> random_token();
/// SERVE-003: too short, or with characters that a header cannot carry.
[[nodiscard]] Result<void> check_token(const std::string& token);

/// Takes the same time wherever the two differ.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b) noexcept;

class Gate {
 public:
  /// `host`: of --host, or empty; a wildcard such as 0.0.0.0 allows every number as an address,
  /// which no name on the web can pretend to be.
  Gate(std::string token, const std::string& host, int port);

  /// A page of another site that has a name lead here (DNS rebinding) is refused. SERVE-015.
  [[nodiscard]] Result<void> check_host(const Message& message) const;
  /// SERVE-014.
  [[nodiscard]] Result<void> check_token(const Message& message) const;

 private:
  [[nodiscard]] bool is_ours(std::string_view authority) const;

  std::string expected_;  ///< of the header: "Bearer TOKEN"
  std::vector<std::string> hosts_;
  std::string port_;
  bool any_number_ = false;
};

}  // namespace qualm::serve
