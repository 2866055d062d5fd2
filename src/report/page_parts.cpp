#include "report/page_parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "evaluate/metrics.h"
#include "evaluate/noise_floor.h"
#include "numeric/format.h"

namespace qualm::report {
namespace {

constexpr std::size_t kTypesShown = 2;
constexpr double kAllOfThem = 0.995;  // a share that is 100 % in whole percent

std::optional<numeric::Estimate> estimate(const Json& metric) {
  const auto value = number_at(metric, "value");
  if (!value) return std::nullopt;
  return numeric::Estimate{*value, number_at(metric, "low").value_or(*value),
                           number_at(metric, "high").value_or(*value)};
}

/// The first types with their shares; "..." for the rest and for those below half a percent.
std::string type_shares(const Json& types) {
  std::string shown;
  for (std::size_t i = 0; i < types.size(); ++i) {
    const double share = number_at(types[i], "share").value_or(0);
    if (i == 0 && share >= kAllOfThem) return string_at(types[i], "name");
    if (i == kTypesShown || share < 0.005) return shown + (i == 0 ? "..." : ", ...");
    shown +=
        fmt::format("{}{} {:.0f} %", i == 0 ? "" : ", ", string_at(types[i], "name"), 100 * share);
  }
  return shown;
}

}  // namespace

const Json& at(const Json& object, std::string_view key) {
  static const Json kNull;
  if (!object.is_object()) return kNull;
  const auto it = object.find(std::string(key));
  return it == object.end() ? kNull : *it;
}

std::string string_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  if (value.is_string()) return value.get<std::string>();
  if (value.is_object()) return "not known: " + why_absent(value).value_or("no reason given");
  return "";
}

std::optional<double> number_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_number() ? std::optional<double>(value.get<double>()) : std::nullopt;
}

std::int64_t integer_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_number_integer() ? value.get<std::int64_t>() : 0;
}

bool flag_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  return value.is_boolean() && value.get<bool>();
}

std::optional<std::string> why_absent(const Json& value) {
  if (value.is_null()) return "not in this report";
  const Json& reason = at(value, "absent");
  return reason.is_string() ? std::optional(reason.get<std::string>()) : std::nullopt;
}

std::string markup_escaped(const std::string& raw) {
  std::string out;
  for (const char c : printable(raw)) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '"')
      out += "&quot;";
    else
      out += c;
  }
  return out;
}

std::string file_name(std::string_view path) {
  for (const char* server : {"http://", "https://", "run:"})
    if (path.starts_with(server)) return std::string(path);
  while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
  const auto slash = path.rfind('/');
  const auto name = slash == std::string_view::npos ? path : path.substr(slash + 1);
  return std::string(name.empty() ? path : name);
}

std::string card_line(const Json& card) {
  if (const auto reason = why_absent(card)) return "not known: " + *reason;
  std::vector<std::string> parts;
  for (const std::string& part : {string_at(card, "arch"),
                                  integer_at(card, "parameters") > 0
                                      ? format_count(integer_at(card, "parameters")) + " weights"
                                      : "",
                                  string_at(card, "format")})
    if (!part.empty()) parts.push_back(part);
  if (const auto bpw = number_at(card, "bpw"))
    parts.push_back(fmt::format("{:.2f} bits per weight", *bpw));
  const Json& types = at(card, "top_types");
  const std::string line = fmt::format("{}", fmt::join(parts, ", "));
  return !types.is_array() || types.empty() ? line
                                            : fmt::format("{} ({})", line, type_shares(types));
}

std::string metric_label(std::string_view name) {
  const auto id = evaluate::metric_named(name);
  return std::string(id ? evaluate::row_of(*id).label : name);
}

bool not_separated(const Json& metric) {
  const Json& separated = at(metric, "separated");
  return separated.is_boolean() && !separated.get<bool>();
}

bool is_change(std::string_view name) {
  const auto id = evaluate::metric_named(name);
  return id && evaluate::row_of(*id).is_change;
}

std::string window_range(const Json& metric) {
  const Json& windows = at(metric, "windows");
  const NumberStyle style{.percent = string_at(metric, "unit") == "fraction"};
  return fmt::format("{} to {}", format_value(number_at(windows, "low").value_or(0), style),
                     format_value(number_at(windows, "high").value_or(0), style));
}

Cell metric_cell(std::string_view name, const Json& metric, Interval interval) {
  if (const auto reason = why_absent(metric)) return {*reason, Tone::dim};
  if (at(metric, "reason").is_string() && at(metric, "windows").is_object())
    return {format_value(
                number_at(metric, "value").value_or(0),
                {.percent = string_at(metric, "unit") == "fraction", .change = is_change(name)}) +
                " (windows " + window_range(metric) + ")",
            Tone::plain};
  const auto value = estimate(metric);
  if (!value) return {"not a metric", Tone::dim};
  const NumberStyle style{.percent = string_at(metric, "unit") == "fraction",
                          .change = is_change(name),
                          .interval = interval == Interval::shown};
  return {numeric::format_estimate(*value, style), Tone::plain};
}

Cell metric_words(std::string_view name, const Json& metric) {
  Cell cell = metric_cell(name, metric);
  if (not_separated(metric)) cell.text += " (not significant)";
  return cell;
}

std::string windows_line(const Json& windows, Reading reading) {
  const auto read = integer_at(windows, "read"), total = integer_at(windows, "total");
  if (total == 0) return "No text was read.";
  if (reading.cancelled)
    return fmt::format("Stopped by the user after {} of {} windows.", read, total);
  if (reading.stopped_early)
    return fmt::format("Stopped after {} of {} windows: the result was already decided.", read,
                       total);
  return read == total ? fmt::format("Read all {} windows.", total)
                       : fmt::format("Read {} of {} windows.", read, total);
}

std::string noise_floor_line(const Json& resolution) {
  std::string known;
  std::string why;
  double upper = 0;
  for (const auto& [name, side] :
       {std::pair{"kld_mean", "the original"}, {"candidate_kld_mean", "this model"}}) {
    const Json& kld = at(resolution, name);
    const auto value = estimate(kld);
    if (const auto reason = why_absent(kld); reason && why.empty()) why = *reason;
    if (!value) continue;
    upper = std::max(upper, value->high);
    known += fmt::format("{}{} {}", known.empty() ? "KLD of " : ", of ", side,
                         numeric::format_estimate(*value));
  }
  if (known.empty()) return fmt::format("Noise floor not measured: {}.", why);
  return fmt::format(
      "Noise floor (the same model run in two ways): {}. On this machine a KLD under {} means "
      "nothing.",
      known, format_value(evaluate::kFloors * upper));
}

std::string bytes_at(const Json& object, std::string_view key) {
  const Json& value = at(object, key);
  if (value.is_number_integer()) return format_bytes(value.get<std::int64_t>());
  return "not known: " + why_absent(value).value_or("not a size");
}

void Sentences::add(const std::string& subject, std::string sentence, Tone tone) {
  const auto same =
      std::ranges::find_if(sentences_, [&](const Sentence& s) { return s.cell.text == sentence; });
  if (same != sentences_.end()) {
    same->subjects.push_back(subject);
  } else {
    sentences_.push_back({{std::move(sentence), tone}, {subject}});
  }
}

Page Sentences::page(std::size_t subjects) const {
  Page page;
  for (const Sentence& sentence : sentences_) {
    Cell cell = sentence.cell;
    if (sentence.subjects.size() < subjects)
      cell.text = fmt::format("{}: {}", fmt::join(sentence.subjects, ", "), cell.text);
    page.emplace_back(Paragraph{{std::move(cell)}});
  }
  return page;
}

std::string reference_error_line(const Json& error) {
  constexpr std::string_view kWhat = "Kept distributions against exact ones";
  if (const auto why = why_absent(error)) return fmt::format("{}: not measured, {}.", kWhat, *why);
  const auto shown = [&](std::string_view key) {
    const auto value = number_at(error, key);
    return value ? fmt::format("{:.5g}", *value) : "not known";
  };
  std::string text =
      fmt::format("{}, {}, {} windows: KLD {} instead of {}", kWhat, string_at(error, "of"),
                  integer_at(error, "windows"), shown("estimated"), shown("exact"));
  if (const auto part = number_at(error, "of_half_width"))
    text += fmt::format(", over all windows about {} of the interval's half-width",
                        format_value(*part, {.percent = true}));
  return text + ".";
}

}  // namespace qualm::report
