#include "experiment/pack_description.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "formats/json.h"

namespace qualm::experiment {
namespace {

using Ordered = nlohmann::ordered_json;
using Parsed = nlohmann::json;

constexpr std::int64_t kMostTokensOfWindow = 1 << 24;
constexpr std::int64_t kMostNumber = std::int64_t{1} << 53;
constexpr std::size_t kMostName = 64;     // characters of the name of a text or type
constexpr std::size_t kMostWords = 4096;  // bytes of any other text
constexpr std::int64_t kMostBytes = 1'000'000;
constexpr double kMostKld = 100;  // nat/token

/// Fields of a JSON object, each of the right kind and size, or the first thing that is wrong.
class Fields {
 public:
  Fields(const Parsed& object, std::string place) : object_(object), place_(std::move(place)) {}

  [[nodiscard]] std::string words(const char* key, std::size_t most = kMostWords) {
    const Parsed* value = find(key, "a text");
    if (!value || !value->is_string() || value->get_ref<const std::string&>().size() > most) {
      wrong(key, fmt::format("a text of at most {} bytes", most));
      return {};
    }
    return value->get<std::string>();
  }
  /// Letters, digits, '_', '-', '.': it becomes a part of tensor names.
  [[nodiscard]] std::string name(const char* key) {
    std::string text = words(key, kMostName);
    if (!is_pack_name(text)) wrong(key, "a name of letters, digits, '_', '-' and '.'");
    return text;
  }
  [[nodiscard]] std::int64_t number(const char* key, std::int64_t least, std::int64_t most) {
    const Parsed* value = find(key, "a number");
    if (!value || !value->is_number_integer() || *value < least || *value > most) {
      wrong(key, fmt::format("a whole number from {} to {}", least, most));
      return least;
    }
    return value->get<std::int64_t>();
  }
  /// nat/token
  [[nodiscard]] double kld(const char* key) {
    const Parsed* value = find(key, "a number");
    if (!value || !value->is_number() || std::abs(value->get<double>()) > kMostKld) {
      wrong(key, fmt::format("a number of at most {}", kMostKld));
      return 0;
    }
    return value->get<double>();
  }
  [[nodiscard]] bool flag(const char* key) {
    const Parsed* value = find(key, "true or false");
    if (!value || !value->is_boolean()) wrong(key, "true or false");
    return value && value->is_boolean() && value->get<bool>();
  }
  /// Elements of an array; none where it is none.
  [[nodiscard]] std::vector<Parsed> list(const char* key) {
    const Parsed* value = find(key, "a list");
    if (!value || !value->is_array()) wrong(key, "a list");
    return value && value->is_array() ? value->get<std::vector<Parsed>>() : std::vector<Parsed>();
  }
  [[nodiscard]] const Parsed* find(const char* key, const char* what) {
    const auto it = object_.is_object() ? object_.find(key) : object_.end();
    if (object_.is_object() && it != object_.end()) return &*it;
    wrong(key, what);
    return nullptr;
  }
  void wrong(const char* key, std::string expected) {
    if (!wrong_) wrong_ = {place_ + key, std::move(expected)};
  }
  [[nodiscard]] Result<void> ok(const std::string& file) const {
    if (!wrong_) return {};
    return refuse_pack(file, "PACK-003", wrong_->first, wrong_->second,
                       "something else, or nothing");
  }

 private:
  const Parsed& object_;
  std::string place_;
  std::optional<std::pair<std::string, std::string>> wrong_;
};

Result<PackOriginal> original_of(const Parsed& all, const std::string& file) {
  const auto it = all.find("original");
  const Parsed none = Parsed::object();
  Fields fields(it == all.end() ? none : *it, "original.");
  PackOriginal original{.file = fields.words("file"),
                        .name = fields.words("name"),
                        .architecture = fields.words("architecture"),
                        .type = fields.words("type"),
                        .parameters = fields.number("parameters", 0, kMostNumber),
                        .bytes = fields.number("bytes", 0, kMostNumber),
                        .content_hash = fields.words("content_hash")};
  QUALM_CHECK(fields.ok(file));
  return original;
}

/// [value, low, high], none below `least`, or null.
Result<numeric::Metric> metric_of(const Parsed& value, const char* key, double least,
                                  const std::string& file) {
  numeric::Metric metric{
      .estimate = std::nullopt, .unit = "nat/token", .absent = "the pack does not say it"};
  if (value.is_null()) return metric;
  const auto sound = [&](const Parsed& one) {
    return one.is_number() && one.get<double>() >= least && one.get<double>() <= kMostKld;
  };
  if (!value.is_array() || value.size() != 3 || !std::ranges::all_of(value, sound) ||
      value[1] > value[0] || value[0] > value[2])
    return refuse_pack(file, "PACK-003", key, "a value and its interval", value.dump());
  metric.estimate = {value[0].get<double>(), value[1].get<double>(), value[2].get<double>()};
  metric.absent.clear();
  return metric;
}

Result<std::optional<PackError>> error_of(const Parsed& value, const std::string& file) {
  if (value.is_null()) return std::nullopt;
  Fields fields(value, "error.");
  PackError error{.type = fields.name("type"),
                  .kld = {.windows = fields.number("windows", 1, kMostNumber),
                          .exact = fields.kld("exact"),
                          .estimated = fields.kld("estimated"),
                          .difference = {}}};
  QUALM_CHECK(fields.ok(file));
  QUALM_TRY(error.kld.difference,
            metric_of(value.value("difference", Parsed()), "error.difference", -kMostKld, file));
  return error;
}

Result<PackText> text_of(const Parsed& value, const std::string& file,
                         PackDescription::Windows& windows) {
  Fields fields(value, "texts.");
  PackText text;
  text.name = fields.name("name");
  text.source = fields.words("source");
  text.given = fields.flag("given");
  const std::int64_t size = fields.number("ctx_size", 16, kMostTokensOfWindow);
  const std::int64_t last = fields.number("last", 1, size - 1);
  windows = {.count = fields.number("windows", 1, kMostNumber / size),
             .ctx_size = static_cast<std::int32_t>(size),
             .first = static_cast<std::int32_t>(fields.number("first", 0, last - 1)),
             .last = static_cast<std::int32_t>(last)};
  QUALM_CHECK(fields.ok(file));
  return text;
}

/// Names that may stand once, those that must be there, and what every text shares with the first.
Result<void> check_together(const PackDescription& found, const std::string& file) {
  std::vector<std::string> names;
  for (const PackText& text : found.pack.texts) names.push_back(text.name);
  for (const PackType& type : found.pack.types) names.push_back(type.name);
  std::ranges::sort(names);
  if (const auto twice = std::ranges::adjacent_find(names); twice != names.end())
    return refuse_pack(file, "PACK-003", "texts, types", "each name once", *twice + " twice");
  if (const auto& error = found.pack.error;
      error &&
      std::ranges::find(found.pack.types, error->type, &PackType::name) == found.pack.types.end())
    return refuse_pack(file, "PACK-003", "error.type", "a type of the pack", error->type);
  for (PackDescription::Windows windows : found.windows) {
    windows.count = found.windows.front().count;
    if (windows != found.windows.front())
      return refuse_pack(file, "PACK-003", "texts", "windows of one size", "others");
  }
  return {};
}

Ordered in_json(const PackText& text) {
  return {{"name", text.name},
          {"source", text.source},
          {"given", text.given},
          {"windows", text.windows.count()},
          {"ctx_size", text.windows.ctx_size},
          {"first", text.windows.first},
          {"last", text.windows.last}};
}

Ordered in_json(const numeric::Metric& metric) {
  if (const auto& known = metric.estimate) return {known->value, known->low, known->high};
  return nullptr;
}

Ordered in_json(const std::optional<PackError>& error) {
  if (!error) return nullptr;
  return {{"type", error->type},
          {"windows", error->kld.windows},
          {"exact", error->kld.exact},
          {"estimated", error->kld.estimated},
          {"difference", in_json(error->kld.difference)}};
}

}  // namespace

bool is_pack_name(std::string_view name) {
  return !name.empty() && name.size() <= kMostName &&
         std::ranges::all_of(name, [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '_' || c == '-' || c == '.';
         });
}

std::string to_json(const ReferencePack& pack) {
  const PackOriginal& original = pack.original;
  Ordered types = Ordered::array();
  for (const PackType& type : pack.types)
    types.push_back({{"name", type.name}, {"bytes", type.bytes}});
  Ordered texts = Ordered::array();
  for (const PackText& text : pack.texts) texts.push_back(in_json(text));
  const Ordered all{{"version", kPackVersion},
                    {"made_with", pack.made_with},
                    {"original",
                     {{"file", original.file},
                      {"name", original.name},
                      {"architecture", original.architecture},
                      {"type", original.type},
                      {"parameters", original.parameters},
                      {"bytes", original.bytes},
                      {"content_hash", original.content_hash}}},
                    {"tokenizer_hash", pack.tokenizer_hash},
                    {"vocab_size", pack.vocab_size},
                    {"types", std::move(types)},
                    {"noise_floor", in_json(pack.noise_floor)},
                    {"error", in_json(pack.error)},
                    {"texts", std::move(texts)}};
  return all.dump(-1, ' ', false, Ordered::error_handler_t::replace);
}

std::unexpected<Error> refuse_pack(const std::string& file, const char* code, std::string place,
                                   std::string expected, std::string found) {
  return fail({Kind::input, code, file, std::move(place), std::move(expected), std::move(found),
               "The pack is damaged or was changed by hand: fetch or make it again."});
}

Result<PackDescription> pack_from_json(const std::string& text, const std::string& file) {
  QUALM_TRY(const Parsed all, formats::parse_json(text, file, kPackKey, {.bytes = kMostBytes}));
  if (!all.is_object())
    return refuse_pack(file, "PACK-003", kPackKey, "an object", "something else");
  const auto version = all.find("version");
  if (version == all.end() || *version != kPackVersion)
    return fail({Kind::input, "PACK-002", file, "version", fmt::format("{}", kPackVersion),
                 version == all.end() ? "none" : version->dump(),
                 "Make the pack again with this version of qualm."});
  PackDescription found;
  ReferencePack& pack = found.pack;
  Fields fields(all, "");
  pack.made_with = fields.words("made_with");
  pack.tokenizer_hash = fields.words("tokenizer_hash");
  pack.vocab_size = fields.number("vocab_size", 1, std::numeric_limits<std::int32_t>::max());
  for (const Parsed& value : fields.list("types")) {
    Fields type(value, "types.");
    pack.types.push_back({type.name("name"), type.number("bytes", 0, kMostNumber)});
    QUALM_CHECK(type.ok(file));
  }
  const std::vector<Parsed> texts = fields.list("texts");
  if (texts.empty()) fields.wrong("texts", "a text");
  QUALM_CHECK(fields.ok(file));
  QUALM_TRY(pack.original, original_of(all, file));
  QUALM_TRY(pack.noise_floor,
            metric_of(all.value("noise_floor", Parsed()), "noise_floor", 0, file));
  QUALM_TRY(pack.error, error_of(all.value("error", Parsed()), file));
  for (const Parsed& value : texts) {
    QUALM_TRY(PackText one, text_of(value, file, found.windows.emplace_back()));
    pack.texts.push_back(std::move(one));
  }
  QUALM_CHECK(check_together(found, file));
  return found;
}

}  // namespace qualm::experiment
