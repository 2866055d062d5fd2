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

/// nlohmann's messages begin with an exception id in brackets, which says nothing to a user.
std::string reason_of(const std::exception& error) {
  const std::string_view text = error.what();
  const std::size_t end = text.find("] ");
  return printable(end == std::string_view::npos ? text : text.substr(end + 2));
}

/// Reads over the text once before it is parsed: well-formedness, depth, number of values, keys of
/// the objects that are open. (A callback of the parser itself would cost it time quadratic in the
/// members of an object, and a safetensors header may have 100,000.)
class Watch final : public nlohmann::json_sax<Json> {
 public:
  explicit Watch(const JsonLimits& limits) : limits_(limits) {}

  struct Refusal {
    std::string code, expected, found;
  };
  /// Of the event that returned false.
  [[nodiscard]] Refusal refusal() && { return std::move(refusal_); }

  bool null() override { return count(); }
  bool boolean(bool) override { return count(); }
  bool number_integer(number_integer_t) override { return count(); }
  bool number_unsigned(number_unsigned_t) override { return count(); }
  bool number_float(number_float_t, const string_t&) override { return count(); }
  bool string(string_t&) override { return count(); }
  bool binary(binary_t&) override { return count(); }
  bool start_object(std::size_t) override {
    open_.emplace_back();
    return enter();
  }
  bool end_object() override {
    open_.pop_back();
    return leave();
  }
  bool start_array(std::size_t) override { return enter(); }
  bool end_array() override { return leave(); }
  bool key(string_t& key) override {
    return open_.back().insert(key).second ||
           refuse("JSON-003", "each key once", fmt::format("the key {:?} twice", printable(key)));
  }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    return refuse("JSON-002", "JSON", reason_of(error));
  }

 private:
  bool refuse(std::string code, std::string expected, std::string found) {
    refusal_ = {std::move(code), std::move(expected), std::move(found)};
    return false;
  }
  bool count() {
    return ++values_ <= 2 * limits_.values ||
           refuse("JSON-005", fmt::format("at most {} values", limits_.values), "more");
  }
  bool enter() {
    return ++depth_ <= limits_.depth
               ? count()
               : refuse("JSON-004", fmt::format("at most {} levels", limits_.depth), "more");
  }
  bool leave() {
    --depth_;
    return count();
  }

  const JsonLimits& limits_;
  Refusal refusal_;
  std::vector<std::unordered_set<std::string>> open_;
  int depth_ = 0;
  std::int64_t values_ = 0;  // an object or array counts at its start and at its end
};

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
    if (Json::sax_parse(text.begin(), text.end(), &watch))
      return Json::parse(text.begin(), text.end());
    auto [code, expected, found] = std::move(watch).refusal();
    return refuse(std::move(code), std::move(expected), std::move(found));
  } catch (const Json::exception& error) {
    return refuse("JSON-002", "JSON", reason_of(error));
  } catch (const std::bad_alloc&) {
    return refuse("JSON-005", "JSON that fits into memory",
                  fmt::format("{} bytes of it", text.size()));
  }
}

const nlohmann::json& member(const nlohmann::json& value, std::string_view key) {
  static const nlohmann::json kNoMember;
  if (!value.is_object()) return kNoMember;
  const auto found = value.find(key);
  return found == value.end() ? kNoMember : *found;
}

}  // namespace qualm::formats
