#include "remote/address.h"

#include <algorithm>
#include <cctype>
#include <charconv>

#include "base/text.h"

namespace qualm::remote {
namespace {

/// A name and a password in it are not shown.
Error wrong(const std::string& word, const char* found) {
  const auto at = word.rfind('@');
  return {Kind::input,
          "REMOTE-001",
          printable(at == std::string::npos ? word : word.substr(at + 1)),
          "address",
          "http://HOST:PORT",
          found,
          "Give the server's address, as in http://127.0.0.1:8080."};
}

bool is_loopback(const std::string& host) {
  const bool is_number = host.find_first_not_of("0123456789.") == std::string::npos;
  return host == "localhost" || host == "[::1]" || (is_number && host.starts_with("127."));
}

bool fits_in_a_host(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || std::string_view(".-[]:_").contains(c);
}

}  // namespace

bool is_address(const std::string& word) noexcept {
  return word.starts_with("http://") || word.starts_with("https://");
}

bool is_server_word(const std::string& word) noexcept {
  return is_address(word) || word.starts_with(kRun);
}

Result<Address> parse_address(const std::string& word) {
  Address address;
  address.encrypted = word.starts_with("https://");
  const std::size_t begin = address.encrypted ? 8 : 7;
  if (!is_address(word)) return fail(wrong(word, "another word"));
  std::string rest = word.substr(begin);
  if (rest.ends_with('/')) rest.pop_back();
  if (rest.empty() || rest.find('@') != std::string::npos)
    return fail(wrong(word, rest.empty() ? "no host" : "a name or a password"));
  if (!std::ranges::all_of(rest, fits_in_a_host)) return fail(wrong(word, "more than a host"));
  const auto colon = rest.find_last_of(":]");
  const bool has_port = colon != std::string::npos && rest[colon] == ':';
  address.loopback = is_loopback(lower_case(has_port ? rest.substr(0, colon) : rest));
  address.port = address.encrypted ? 443 : 80;
  if (has_port) {
    const std::string digits = rest.substr(colon + 1);
    const char* const end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, address.port);
    if (read.ec != std::errc() || read.ptr != end || address.port < 1 || address.port > 65535)
      return fail(wrong(word, "a port that is none"));
  }
  address.base = word.substr(0, begin) + rest;
  return address;
}

}  // namespace qualm::remote
