#include "serve/wish.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/text.h"
#include "commands/written_texts.h"
#include "formats/json.h"
#include "locate/names.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

using Parsed = nlohmann::json;

constexpr std::size_t kLongest = 4096;                       // bytes of a value
constexpr std::int64_t kMostTokens = std::int64_t{1} << 20;  // of a window
constexpr double kMostSeconds = 30 * 86400.0;                // of a budget

struct Field {
  const char* name;
  std::string Wish::*value;
  const char* option;  ///< of the command line; "": the word itself
};
constexpr std::array kFields{Field{"command", &Wish::command, ""},
                             Field{"candidate", &Wish::candidate, ""},
                             Field{"baseline", &Wish::baseline, "--baseline"},
                             Field{"reference", &Wish::reference, "--reference"},
                             Field{"base_model", &Wish::base_model, "--base-model"},
                             Field{"text", &Wish::text, "--file"},
                             Field{"type_k", &Wish::type_k, "--cache-type-k"},
                             Field{"type_v", &Wish::type_v, "--cache-type-v"},
                             Field{"symptom", &Wish::symptom, "--symptom"}};

std::string found_in(const Parsed& value) {
  return value.dump(-1, ' ', false, Parsed::error_handler_t::replace).substr(0, 100);
}

Result<void> read_number(const std::string& name, const Parsed& value, Wish& wish) {
  if (name == "ctx_size") {
    if (!value.is_number_integer() || value < 1 || value > kMostTokens)
      return fail(bad_field(name, "a number of tokens, 1 to 1048576", found_in(value)));
    wish.ctx_size = value.get<std::int32_t>();
    return {};
  }
  const bool fits = value.is_number() && std::isfinite(value.get<double>()) &&
                    value.get<double>() > 0 && value.get<double>() <= kMostSeconds;
  if (!fits) return fail(bad_field(name, "a number of seconds over 0", found_in(value)));
  wish.budget = value.get<double>();
  return {};
}

Result<void> read(const std::string& name, const Parsed& value, Wish& wish) {
  const auto* field = std::ranges::find(kFields, name, &Field::name);
  const bool is_number = name == "ctx_size" || name == "budget";
  if (field == kFields.end() && !is_number)
    return fail(bad_field("request", "fields that this version knows", name.substr(0, 100)));
  if (value.is_null()) return {};
  if (is_number) return read_number(name, value, wish);
  if (!value.is_string()) return fail(bad_field(name, "a string", found_in(value)));
  wish.*field->value = value.get<std::string>();
  const std::string& text = wish.*field->value;
  if (text.size() > kLongest || text.find('\0') != std::string::npos)
    return fail(bad_field(name, "at most 4096 bytes, none of them zero", found_in(value)));
  return {};
}

bool is_type_name(const std::string& name) {
  return name.size() <= 16 && std::ranges::all_of(name, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

Result<void> check(const Wish& wish) {
  if (wish.command != "diagnose" && wish.command != "measure" && wish.command != "plan")
    return fail(bad_field("command", "diagnose, measure or plan", wish.command));
  if (wish.candidate.empty()) return fail(bad_field("candidate", "a model", "none"));
  if (wish.command == "measure" && wish.baseline.empty() && wish.reference.empty())
    return fail(bad_field("baseline", "the original or a reference pack", "none"));
  for (const Field& field : {kFields[6], kFields[7]})
    if (!is_type_name(wish.*field.value))
      return fail(bad_field(field.name, "a type such as f16 or q8_0", wish.*field.value));
  const auto symptoms = commands::symptom_options();
  if (!wish.symptom.empty() && std::ranges::find(symptoms, wish.symptom) == symptoms.end())
    return fail(
        bad_field("symptom", fmt::format("one of {}", fmt::join(symptoms, ", ")), wish.symptom));
  return {};
}

/// The same as a command line, for the commands that a report shows.
std::vector<std::string> words_of(const Wish& wish) {
  std::vector<std::string> words;
  for (const Field& field : kFields) {
    const std::string& value = wish.*field.value;
    if (value.empty()) continue;
    if (*field.option != '\0') words.emplace_back(field.option);
    words.push_back(value);
  }
  if (wish.command == "plan") {
    words.front() = "diagnose";
    words.emplace_back("--plan");
  }
  if (wish.ctx_size) words.insert(words.end(), {"-c", std::to_string(*wish.ctx_size)});
  if (wish.budget) words.insert(words.end(), {"--budget", fmt::format("{}", *wish.budget)});
  return words;
}

}  // namespace

Result<Wish> parse_wish(std::string_view json) {
  constexpr formats::JsonLimits kLimits{.bytes = 65536, .values = 1000, .depth = 4};
  QUALM_TRY(const Parsed value, formats::parse_json(json, "", "request", kLimits));
  if (!value.is_object())
    return fail(bad_field("request", "an object", std::string(value.type_name())));
  Wish wish;
  for (const auto& [name, one] : value.items()) QUALM_CHECK(read(name, one, wish));
  QUALM_CHECK(check(wish));
  return wish;
}

nlohmann::ordered_json to_json(const Wish& wish) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const Field& field : kFields)
    if (!(wish.*field.value).empty()) json[field.name] = wish.*field.value;
  if (wish.ctx_size) json["ctx_size"] = *wish.ctx_size;
  if (wish.budget) json["budget"] = *wish.budget;
  return json;
}

std::string title_of(const Wish& wish) {
  if (locate::is_name(wish.candidate)) return wish.command + " " + printable(wish.candidate);
  const auto path = std::filesystem::path(wish.candidate).lexically_normal();
  const auto name = path.has_filename() ? path.filename() : path.parent_path().filename();
  return wish.command + " " + printable(name.string());
}

Result<job::Request> request_of(const Wish& wish, const Places& places) {
  Wish taken = wish;
  for (std::string* path :
       {&taken.candidate, &taken.baseline, &taken.reference, &taken.base_model, &taken.text}) {
    if (path->empty()) continue;
    QUALM_TRY(*path, places.take(*path));
  }
  if (locate::is_name(taken.text)) return fail(outside(taken.text));
  job::Request request;
  request.shown_windows = job::kShownWindows;
  request.plan_only = taken.command == "plan";
  request.command = request.plan_only ? "diagnose" : taken.command;
  request.models = {taken.candidate};
  request.baseline = taken.baseline;
  request.reference = taken.reference;
  request.base_model = taken.base_model;
  request.text = taken.text;
  request.symptom = taken.symptom;
  request.cache_told = !taken.type_k.empty() || !taken.type_v.empty();
  request.windows_told = taken.ctx_size.has_value();
  if (!taken.type_k.empty()) request.settings.type_k = taken.type_k;
  if (!taken.type_v.empty()) request.settings.type_v = taken.type_v;
  if (taken.ctx_size) request.settings.ctx_size = *taken.ctx_size;
  if (taken.budget) request.budget = *taken.budget;
  request.words = words_of(taken);
  return request;
}

}  // namespace qualm::serve
