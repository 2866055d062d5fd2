#include "formats/hf/fields.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>

namespace qualm::formats::hf {
namespace {

using nlohmann::json;

constexpr std::int64_t kMost = std::numeric_limits<std::int32_t>::max();

const json& nothing() {
  static const json kNothing = json::object();
  return kNothing;
}

/// What a message shows of a value that may be a whole page.
std::string shown(const json& value) {
  constexpr std::size_t kMostShown = 40;
  const std::string text = value.dump(-1, ' ', true, json::error_handler_t::replace);
  return text.size() <= kMostShown ? text : text.substr(0, kMostShown) + "...";
}

}  // namespace

const json* Fields::find(Names names) const {
  if (!object_.is_object()) return nullptr;
  for (const std::string_view name : names) {
    const auto found = object_.find(std::string(name));
    if (found != object_.end() && !found->is_null()) return &*found;
  }
  return nullptr;
}

bool Fields::states(std::string_view name) const {
  return object_.is_object() && object_.contains(std::string(name));
}

Fields Fields::inside(std::string_view name) const {
  const json* found = find({name});
  return {found != nullptr && found->is_object() ? *found : nothing(), file_, std::string(name)};
}

Result<std::int64_t> Fields::size(Names names, std::optional<std::int64_t> otherwise) const {
  const json* found = find(names);
  if (found == nullptr && otherwise) return *otherwise;
  if (found == nullptr) return fail(error("HF-005", *names.begin(), "a number", "none"));
  const bool whole = found->is_number_integer() &&
                     (!found->is_number_unsigned() ||
                      found->get<std::uint64_t>() <= static_cast<std::uint64_t>(kMost));
  if (!whole || found->get<std::int64_t>() < 1 || found->get<std::int64_t>() > kMost)
    return fail(error("HF-004", *names.begin(), fmt::format("a whole number from 1 to {}", kMost),
                      shown(*found)));
  return found->get<std::int64_t>();
}

Result<double> Fields::number(Names names, double otherwise) const {
  const json* found = find(names);
  if (found == nullptr) return otherwise;
  if (!found->is_number() || !std::isfinite(found->get<double>()) || found->get<double>() <= 0)
    return fail(error("HF-004", *names.begin(), "a number above 0", shown(*found)));
  return found->get<double>();
}

std::optional<double> Fields::number(Names names) const {
  const json* found = find(names);
  if (found == nullptr || !found->is_number() || !std::isfinite(found->get<double>()))
    return std::nullopt;
  return found->get<double>();
}

bool Fields::flag(Names names, bool otherwise) const {
  const json* found = find(names);
  return found != nullptr && found->is_boolean() ? found->get<bool>() : otherwise;
}

std::string Fields::text(Names names) const {
  const json* found = find(names);
  return found != nullptr && found->is_string() ? found->get<std::string>() : std::string();
}

Error Fields::error(std::string code, std::string_view name, std::string expected,
                    std::string found) const {
  return {Kind::input,
          std::move(code),
          file_,
          place_.empty() ? std::string(name) : fmt::format("{}, {}", place_, name),
          std::move(expected),
          std::move(found),
          "Compare it with the config.json of the original model."};
}

}  // namespace qualm::formats::hf
