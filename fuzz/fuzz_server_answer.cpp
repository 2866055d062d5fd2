// Any bytes at all as what a server answers that is asked for log-probabilities.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>

#include "remote/answers.h"
#include "remote/llama_answers.h"
#include "support.h"

namespace {

using namespace qualm;

const remote::Address kAddress{.base = "http://127.0.0.1:8080", .port = 8080, .loopback = true};

void look_at_completion(const std::string& body) {
  const remote::Sent sent{.tokens = 4, .forced = 7};
  const auto row = remote::read_completion(body, kAddress, sent);
  if (!row) return fuzz::demand_code(row.error());
  if (!*row) return;
  for (const auto& one : (*row)->tokens) fuzz::demand(one.token >= 0, "tokens have ids");
  const auto checked = remote::check_row(**row, kAddress);
  if (!checked) return fuzz::demand_code(checked.error());
  fuzz::demand(std::isfinite((*row)->target_log_p) && (*row)->target_log_p < 1e-3,
               "log-probabilities are at most 0");
  for (const auto& one : (*row)->tokens)
    fuzz::demand(std::isfinite(one.log_p), "log-probabilities are finite");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string body(reinterpret_cast<const char*>(data), size);
  look_at_completion(body);
  if (const auto info = remote::read_properties(body, kAddress))
    fuzz::demand(info->slots >= 1 && info->slots <= 64 && info->context >= 0,
                 "a server has slots and a context");
  for (const std::string& path : remote::read_adapters(body, kAddress))
    fuzz::demand(path.size() <= size, "paths are in the answer");
  const auto tokens = remote::read_tokens(body, kAddress);
  if (!tokens) fuzz::demand_code(tokens.error());
  return 0;
}
