#include "commands/measure_document.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "formats/json.h"

namespace qualm::commands {
namespace {

using nlohmann::json;

constexpr std::int64_t kMostNumber = std::int64_t{1} << 53;  // whole numbers of a JSON document
constexpr std::int64_t kMostWindows = std::int64_t{1} << 24;
constexpr std::int64_t kMostContext = 1 << 24;

std::unexpected<Error> refuse_field(const std::string& file, std::string place,
                                    std::string expected, std::string found) {
  return fail({Kind::input, "MERGE-002", file, std::move(place), std::move(expected),
               std::move(found),
               "Make it with `qualm measure --format json` of this version of qualm."});
}

/// Fields of an object. The first that is wrong is remembered and told by ok().
class DocumentFields {
 public:
  DocumentFields(const json& object, std::string place)
      : object_(object), place_(std::move(place)) {}

  std::string words(const char* key) {
    const json& value = formats::member(object_, key);
    if (value.is_string()) return value.get<std::string>();
    wrong(key, "a text", value);
    return {};
  }
  std::int64_t whole(const char* key, std::int64_t most = kMostNumber) {
    const json& value = formats::member(object_, key);
    if (value.is_number_integer() && value >= 0 && value <= most) return value.get<std::int64_t>();
    wrong(key, fmt::format("a whole number from 0 to {}", most), value);
    return 0;
  }
  double number(const char* key) {
    const json& value = formats::member(object_, key);
    if (value.is_number() && std::isfinite(value.get<double>())) return value.get<double>();
    wrong(key, "a number", value);
    return 0;
  }
  bool flag(const char* key) {
    const json& value = formats::member(object_, key);
    if (!value.is_boolean()) wrong(key, "true or false", value);
    return value.is_boolean() && value.get<bool>();
  }
  /// A field that may be {absent: reason}.
  bool known(const char* key) const { return why_absent(formats::member(object_, key)).empty(); }
  std::string why_absent(const char* key) const {
    return why_absent(formats::member(object_, key));
  }
  const json& list(const char* key) {
    static const json none = json::array();
    const json& value = formats::member(object_, key);
    if (value.is_array()) return value;
    wrong(key, "a list", value);
    return none;
  }
  const json& object(const char* key) const { return formats::member(object_, key); }
  [[nodiscard]] std::string place(const char* key) const { return place_ + key; }
  void wrong(const char* key, std::string expected, const json& found) {
    if (!wrong_.expected.empty()) return;
    wrong_ = {place_ + key, std::move(expected), found.is_null() ? "nothing" : shown(found)};
  }
  [[nodiscard]] Result<void> ok(const std::string& file) const {
    if (wrong_.expected.empty()) return {};
    return refuse_field(file, wrong_.place, wrong_.expected, wrong_.found);
  }

 private:
  static std::string why_absent(const json& value) {
    const json& reason = formats::member(value, "absent");
    return reason.is_string() ? reason.get<std::string>() : "";
  }
  static std::string shown(const json& value) {
    constexpr std::size_t kMostShown = 60;
    if (value.is_structured()) return value.is_array() ? "a list" : "an object";
    const std::string text = value.dump();
    return text.size() <= kMostShown ? text : text.substr(0, kMostShown) + "...";
  }
  struct Wrong {
    std::string place;
    std::string expected;
    std::string found;
  };
  const json& object_;
  std::string place_;
  Wrong wrong_;
};

Result<report::ModelCard> card_from(const json& value, const std::string& place,
                                    const std::string& file) {
  DocumentFields fields(value, place + ".");
  report::ModelCard card{.path = fields.words("path"),
                         .format = fields.words("format"),
                         .arch = fields.words("arch"),
                         .type = fields.words("type"),
                         .name = fields.words("name"),
                         .parameters = fields.whole("parameters"),
                         .file_bytes = static_cast<std::uint64_t>(fields.whole("file_bytes")),
                         .bpw = fields.known("bpw") ? fields.number("bpw") : std::nan(""),
                         .top_types = {},
                         .context_length = {}};
  if (fields.known("context_length")) card.context_length = fields.whole("context_length");
  for (const json& type : fields.list("top_types")) {
    DocumentFields one(type, place + ".top_types.");
    card.top_types.emplace_back(one.words("name"),
                                one.known("share") ? one.number("share") : std::nan(""));
    QUALM_CHECK(one.ok(file));
  }
  QUALM_CHECK(fields.ok(file));
  return card;
}

numeric::Metric floor_from(DocumentFields& resolution, const char* key) {
  numeric::Metric floor{std::nullopt, "nat/token", resolution.why_absent(key)};
  if (!floor.absent.empty()) return floor;
  if (formats::member(resolution.object(key), "interval") == "absent") {
    floor.absent = "it has no interval";
    return floor;
  }
  DocumentFields value(resolution.object(key), "");
  const numeric::Estimate found{value.number("value"), value.number("low"), value.number("high")};
  if (!value.ok("") || found.low > found.value || found.value > found.high) {
    resolution.wrong(key, "a value and its interval", resolution.object(key));
  } else {
    floor.estimate = found;
  }
  return floor;
}

evaluate::WindowSums sums_from(DocumentFields& fields) {
  return {.tokens = fields.whole("tokens", kMostContext),
          .nll_p = fields.number("nll_baseline"),
          .nll_q = fields.number("nll"),
          .kld = fields.number("kld"),
          .delta_p = fields.number("delta_p"),
          .delta_p_squared = fields.number("delta_p_squared"),
          .same_top = fields.whole("same_top", kMostContext),
          .not_finite = fields.whole("not_finite", kMostContext),
          .lost = fields.whole("positions_lost", kMostContext)};
}

Result<std::vector<evaluate::WindowScores>> windows_from(DocumentFields& result, std::int64_t total,
                                                         const std::string& file) {
  std::vector<evaluate::WindowScores> windows;
  std::set<std::int32_t> seen;
  for (const json& value : result.list("windows_raw")) {
    DocumentFields fields(value, result.place("windows_raw."));
    const auto index = static_cast<std::int32_t>(fields.whole("window", kMostWindows));
    const evaluate::WindowSums sums = sums_from(fields);
    QUALM_CHECK(fields.ok(file));
    if (index >= total || !seen.insert(index).second)
      return refuse_field(file, result.place("windows_raw"),
                          fmt::format("each window under {} once", total),
                          fmt::format("window {}", index));
    if (sums.same_top > sums.tokens || sums.lost > sums.not_finite || sums.delta_p_squared < 0)
      return refuse_field(file, result.place("windows_raw"), "sums of one window",
                          fmt::format("sums that cannot be, of window {}", index));
    windows.push_back({.window = index, .scores = {}, .sums = sums});
  }
  return windows;
}

void read_settings(DocumentFields settings, engine::Settings& out) {
  out.type_k = settings.words("type_k");
  out.type_v = settings.words("type_v");
  out.flash_attn = settings.words("flash_attn");
  out.batch = static_cast<std::int32_t>(settings.whole("batch", kMostContext));
  out.ubatch = static_cast<std::int32_t>(settings.whole("ubatch", kMostContext));
}

Result<report::MeasureResult> result_from(const json& value, const std::string& place,
                                          const std::string& file) {
  DocumentFields fields(value, place + ".");
  report::MeasureResult result;
  QUALM_TRY(result.candidate, card_from(fields.object("candidate"), place + ".candidate", file));
  result.text = fields.words("text");
  result.protocol = fields.words("protocol");
  DocumentFields settings(fields.object("settings"), place + ".settings.");
  read_settings(settings, result.settings);
  QUALM_CHECK(settings.ok(file));
  result.settings.ctx_size = static_cast<std::int32_t>(fields.whole("ctx_size", kMostContext));
  DocumentFields hashes(fields.object("hashes"), place + ".hashes.");
  result.hashes = {hashes.words("candidate"), hashes.words("original"), hashes.words("text")};
  QUALM_CHECK(hashes.ok(file));
  if (fields.known("cache_bytes")) result.cache_bytes = fields.whole("cache_bytes");
  DocumentFields resolution(fields.object("resolution"), place + ".resolution.");
  result.noise_floor = {floor_from(resolution, "kld_mean"),
                        floor_from(resolution, "candidate_kld_mean")};
  QUALM_CHECK(resolution.ok(file));
  for (const json& note : fields.list("notes"))
    if (formats::member(note, "id") == "tokenizer_differs")
      result.file_notes.push_back(DocumentFields(note, "").words("says"));
  evaluate::Measurement& measurement = result.measurement;
  measurement.stopped_early = fields.flag("stopped_early");
  DocumentFields windows(fields.object("windows"), place + ".windows.");
  measurement.windows_total = windows.whole("total", kMostWindows);
  QUALM_CHECK(windows.ok(file));
  QUALM_TRY(measurement.windows, windows_from(fields, measurement.windows_total, file));
  QUALM_CHECK(fields.ok(file));
  return result;
}

Result<report::ReferenceCard> reference_from(const json& value, const std::string& file) {
  DocumentFields fields(value, "reference.");
  report::ReferenceCard card{fields.words("path"),
                             fields.words("original"),
                             fields.words("content_hash"),
                             fields.words("made_with"),
                             {}};
  for (const json& type : fields.list("types"))
    if (type.is_string()) card.types.push_back(type.get<std::string>());
  QUALM_CHECK(fields.ok(file));
  return card;
}

std::string_view json_text(const FileSource& file) {
  return {reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size()};
}

}  // namespace

Result<report::MeasureReport> read_measure_document(const FileSource& file) {
  const std::string& path = file.path();
  QUALM_TRY(const json document, formats::parse_json(json_text(file), path, "report"));
  DocumentFields fields(document, "");
  if (fields.object("schema_version") != report::kSchemaVersion ||
      fields.object("command") != "measure")
    return fail(
        {Kind::input, "MERGE-001", path, "",
         fmt::format("a report of `qualm measure`, schema version {}", report::kSchemaVersion),
         "another document", "Make it with `qualm measure --format json`."});
  report::MeasureReport report;
  DocumentFields tool(fields.object("tool"), "tool.");
  report.tool.version = tool.words("version");
  if (tool.known("libllama")) report.tool.libllama = tool.words("libllama");
  QUALM_CHECK(tool.ok(path));
  if (fields.known("baseline")) {
    QUALM_TRY(report.baseline, card_from(fields.object("baseline"), "baseline", path));
  }
  if (fields.known("reference")) {
    QUALM_TRY(report.reference, reference_from(fields.object("reference"), path));
  }
  const json& results = fields.list("results");
  for (std::size_t i = 0; i < results.size(); ++i) {
    QUALM_TRY(auto result, result_from(results[i], fmt::format("results[{}]", i), path));
    report.results.push_back(std::move(result));
  }
  if (report.results.empty()) fields.wrong("results", "at least one candidate", results);
  QUALM_CHECK(fields.ok(path));
  return report;
}

}  // namespace qualm::commands
