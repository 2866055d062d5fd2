// Any bytes at all as a request to qualm serve: its target, its Host, and the JSON of a job.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "serve/gate.h"
#include "serve/page.h"
#include "serve/target.h"
#include "serve/wish.h"
#include "support.h"

namespace {

using namespace qualm;

std::string_view line_of(std::string_view& rest) {
  const std::string_view line = rest.substr(0, rest.find('\n'));
  rest.remove_prefix(std::min(rest.size(), line.size() + 1));
  return line;
}

void look_at_target(std::string_view raw) {
  const auto target = serve::parse_target(raw);
  if (!target) return fuzz::demand_code(target.error());
  for (const auto& part : target->path)
    fuzz::demand(!part.empty() && part.find('\0') == std::string::npos, "parts are plain");
  for (const auto& [name, value] : target->query)
    fuzz::demand((name + value).find('\0') == std::string::npos, "values are plain");
}

void look_at_host(std::string_view host) {
  const serve::Gate gate("a-token-of-16-characters", "", 8093);
  const serve::Message message{
      .method = "GET", .target = "/", .headers = {{"host", std::string(host)}}, .body = ""};
  if (gate.check_host(message))
    fuzz::demand(host.ends_with(":8093") && host.size() == 14, "only its own names are accepted");
  fuzz::demand(!gate.check_token(message), "there is no token");
}

void look_at_wish(std::string_view body) {
  const auto wish = serve::parse_wish(body);
  if (!wish) return fuzz::demand_code(wish.error());
  const std::string kept = serve::to_json(*wish).dump();
  const auto again = serve::parse_wish(kept);
  fuzz::demand(again && serve::to_json(*again).dump() == kept, "a request is the same when kept");
  for (const char c : serve::title_of(*wish))
    fuzz::demand(static_cast<unsigned char>(c) >= 0x20, "a title is one line");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  look_at_target(line_of(rest));
  look_at_host(line_of(rest));
  look_at_wish(rest);
  fuzz::demand(serve::policy_of(rest).find('\n') == std::string::npos, "a policy is one line");
  return 0;
}
