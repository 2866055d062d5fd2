// The page of the browser, and the policy that lets it run nothing but its own scripts and styles.
#pragma once

#include <string>
#include <string_view>

namespace qualm::serve {

/// The value of Content-Security-Policy for a page: nothing is loaded, and only the scripts and
/// styles that stand in it run, each by its SHA-256.
[[nodiscard]] std::string policy_of(std::string_view page);

}  // namespace qualm::serve
