#include "formats/json.h"

#include <fmt/format.h>

#include <exception>
#include <nlohmann/json.hpp>
#include <unordered_set>
#include <vector>

namespace qualm::formats {
namespace {

using Json = nlohmann::json;

/// Byte at which `text` stops being UTF-8 (RFC 3629: shortest form, no surrogates), or npos.
std::size_t first_bad_utf8(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  for (std::size_t i = 0; i < text.size();) {
    const unsigned lead = byte(i);
    const std::size_t more = lead < 0x80   ? 0
                             : lead < 0xC2 ? 9
                             : lead < 0xE0 ? 1
                             : lead < 0xF0 ? 2
                                           : 3;
    if (lead > 0xF4 || more == 9 || i + more >= text.size()) return i;
    for (std::size_t k = 1; k <= more; ++k) {
      if ((byte(i + k) & 0xC0) != 0x80) return i;
    }
    const unsigned second = more > 0 ? byte(i + 1) : 0;
    if ((lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
        (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F))
      return i;
    i += 1 + more;
  }
  return std::string_view::npos;
}

/// How our callback stops nlohmann's parser; does not leave parse_json.
struct Stop : std::exception {
  Stop(std::string c, std::string e, std::string f)
      : code(std::move(c)), expected(std::move(e)), found(std::move(f)) {}
  std::string code, expected, found;
};

/// Watches the parser: depth, number of values, keys of the objects that are open.
class Watch {
 public:
  explicit Watch(const JsonLimits& limits) : limits_(limits) {}

  bool operator()(int depth, Json::parse_event_t event, const Json& parsed) {
    using Event = Json::parse_event_t;
    if (event == Event::key) check_key(parsed.get_ref<const std::string&>());
    if (event == Event::object_end) open_.pop_back();
    if (event == Event::object_start) open_.emplace_back();
    if (event == Event::object_start || event == Event::array_start) {
      if (depth >= limits_.depth)
        throw Stop("JSON-004", fmt::format("at most {} levels", limits_.depth), "more");
    }
    if (event != Event::key && ++values_ > 2 * limits_.values)
      throw Stop("JSON-005", fmt::format("at most {} values", limits_.values), "more");
    return true;
  }

 private:
  void check_key(const std::string& key) {
    if (open_.back().insert(key).second) return;
    throw Stop("JSON-003", "each key once", fmt::format("the key {:?} twice", printable(key)));
  }

  const JsonLimits& limits_;
  std::vector<std::unordered_set<std::string>> open_;
  std::int64_t values_ = 0;  // an object or array counts at its start and at its end
};

/// nlohmann's messages begin with an exception id in brackets, which says nothing to a user.
std::string reason_of(const std::exception& error) {
  const std::string_view text = error.what();
  const std::size_t end = text.find("] ");
  return printable(end == std::string_view::npos ? text : text.substr(end + 2));
}

}  // namespace

Result<Json> parse_json(std::string_view text, const std::string& file, const std::string& place,
                        const JsonLimits& limits) {
  const auto refuse = [&](std::string code, std::string expected, std::string found) {
    return fail({Kind::input, std::move(code), file, place, std::move(expected), std::move(found),
                 "The file is damaged or not what its name says; fetch it again."});
  };
  if (std::cmp_greater(text.size(), limits.bytes))
    return refuse("JSON-001", fmt::format("at most {} bytes of JSON", limits.bytes),
                  fmt::format("{}", text.size()));
  if (const std::size_t bad = first_bad_utf8(text); bad != std::string_view::npos)
    return refuse("JSON-006", "UTF-8 text",
                  fmt::format("byte 0x{:02x} at {}", static_cast<unsigned char>(text[bad]), bad));
  if (text.starts_with("\xEF\xBB\xBF")) return refuse("JSON-002", "JSON", "a byte order mark");
  try {
    Watch watch(limits);
    return Json::parse(text.begin(), text.end(), std::ref(watch));
  } catch (const Stop& stop) {
    return refuse(stop.code, stop.expected, stop.found);
  } catch (const Json::exception& error) {
    return refuse("JSON-002", "JSON", reason_of(error));
  } catch (const std::bad_alloc&) {
    return refuse("JSON-005", "JSON that fits into memory",
                  fmt::format("{} bytes of it", text.size()));
  }
}

}  // namespace qualm::formats
