// Reading a document without trusting it, and the phrases that several pages share.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "numeric/estimate.h"
#include "report/document.h"
#include "report/page.h"

namespace qualm::report {

/// The member, or null where there is none.
[[nodiscard]] const Json& at(const Json& object, std::string_view key);
/// A string as it is; of {absent: reason} "not known" and the reason; else "".
[[nodiscard]] std::string string_at(const Json& object, std::string_view key);
[[nodiscard]] std::optional<double> number_at(const Json& object, std::string_view key);
[[nodiscard]] std::int64_t integer_at(const Json& object, std::string_view key);  ///< 0: none
[[nodiscard]] bool flag_at(const Json& object, std::string_view key);
/// The reason, where the value is {absent: reason} or missing.
[[nodiscard]] std::optional<std::string> why_absent(const Json& value);

/// As text or attribute of HTML and XML. Control characters are escaped as everywhere: XML has no
/// way to write them.
[[nodiscard]] std::string markup_escaped(const std::string& raw);

/// The last part of a path.
[[nodiscard]] std::string file_name(std::string_view path);
/// "llama, 5.8 M weights, GGUF v3, 3.35 bits per weight (Q2_K 61 %, Q3_K 24 %, ...)"
[[nodiscard]] std::string card_line(const Json& card);
/// What people call a metric: "KLD" for kld_mean; the name itself of what is none.
[[nodiscard]] std::string metric_label(std::string_view name);
/// It is shown with its sign.
[[nodiscard]] bool is_change(std::string_view name);
/// The document says that the interval of this change spans 0.
[[nodiscard]] bool not_separated(const Json& metric);
enum class Interval { shown, hidden };
/// "0.011 to 0.02": the lowest and highest mean of one window.
[[nodiscard]] std::string window_range(const Json& metric);
/// "+6.4 % [5.8, 7.0]", "+6.4 % (windows 2 % to 9 %)" where the windows are too few for an
/// interval, or the reason why it is not known.
[[nodiscard]] Cell metric_cell(std::string_view name, const Json& metric,
                               Interval interval = Interval::shown);
/// The same, with " (not significant)" behind it where its interval spans 0.
[[nodiscard]] Cell metric_words(std::string_view name, const Json& metric);
/// How the reading of a text ended.
struct Reading {
  bool stopped_early = false;
  bool cancelled = false;
};
/// "Stopped after 23 of 410 windows: the result was already decided."
[[nodiscard]] std::string windows_line(const Json& windows, Reading reading);
/// "Kept distributions against exact ones, candidate, 2 windows: KLD 0.1219 instead of 0.1218,
/// over all windows about 2 % of the interval's half-width."
[[nodiscard]] std::string reference_error_line(const Json& error);
/// "Noise floor (same model run twice): KLD of the original 3e-6 [2e-6, 4e-6], of this model 0.003
/// [...]. A KLD under 0.008 cannot be told from 0 on this machine."
[[nodiscard]] std::string noise_floor_line(const Json& resolution);
/// What the candidates of a ladder are: files, whose figures are in a table above, or quant types
/// that were measured, or whose loss is estimated.
enum class LadderOf { files, types, estimated_types };
/// The candidates by size, and which one to take; nothing where there is no ladder.
void add_ladder(Page& page, const Json& ladder, LadderOf of);
/// "3.4 MB", or why it is not known.
[[nodiscard]] std::string bytes_at(const Json& object, std::string_view key);

/// Sentences about several subjects: each is said once, with those whom it concerns before it
/// unless it concerns all.
class Sentences {
 public:
  void add(const std::string& subject, std::string sentence, Tone tone = Tone::plain);
  [[nodiscard]] Page page(std::size_t subjects) const;

 private:
  struct Sentence {
    Cell cell;
    std::vector<std::string> subjects;
  };
  std::vector<Sentence> sentences_;
};

}  // namespace qualm::report
