#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "diagnose/published.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

bool is_marked(const Json& rung, std::string_view mark) {
  const Json& marks = at(rung, "marks");
  return std::ranges::find(marks, mark) != marks.end();
}

/// "Q2_K (yours)"
Cell rung_name(const Json& rung) {
  const std::string name = file_name(string_at(rung, "candidate"));
  return {is_marked(rung, "yours") ? name + " (yours)" : name,
          is_marked(rung, "pick") ? Tone::good : Tone::plain};
}

Cell limit_kept(const Json& rung) {
  const std::string answer = string_at(rung, "keeps_limit");
  if (answer == "lost") return {"no: positions without finite logits", Tone::bad};
  if (answer == "cannot_tell") return {"cannot tell", Tone::warning};
  return {is_marked(rung, "smallest") ? "yes, smallest" : answer,
          answer == "no" ? Tone::bad : Tone::plain};
}

Cell fits_in_memory(const Json& rung) {
  if (why_absent(at(rung, "fits"))) return {"not known", Tone::warning};
  return flag_at(rung, "fits") ? Cell{"yes"} : Cell{"no", Tone::bad};
}

std::string known_bytes(const Json& rung, std::string_view key) {
  return why_absent(at(rung, key)) ? "not known" : format_bytes(integer_at(rung, key));
}

Table sizes(const Json& ladder) {
  Table table{.columns = {{"candidate"},
                          {"file", true},
                          {"with cache", true},
                          {"grade"},
                          {"limit kept"},
                          {"fits"}},
              .rows = {}};
  for (const Json& rung : at(ladder, "rungs"))
    table.rows.push_back({rung_name(rung),
                          {known_bytes(rung, "file_bytes")},
                          {known_bytes(rung, "memory_bytes")},
                          {why_absent(at(rung, "grade")) ? "not known" : string_at(rung, "grade")},
                          limit_kept(rung),
                          fits_in_memory(rung)});
  return table;
}

std::string title_of(LadderOf of) {
  switch (of) {
    case LadderOf::files:
      return "Which one to take";
    case LadderOf::types:
      return "Quant types that were measured";
    case LadderOf::estimated_types:
      break;
  }
  return "What other quant types of this model lose, estimated";
}

Table losses(const Json& ladder, LadderOf of) {
  Table table{.columns = {{"candidate"}, {"windows", true}, {"KLD"}}, .rows = {}};
  const bool ppl = of == LadderOf::types;  // of an estimate it is not known
  table.columns.push_back({ppl ? std::string("perplexity change")
                               : fmt::format("published for {}", diagnose::kPublishedModel)});
  for (const Json& rung : at(ladder, "rungs")) {
    table.rows.push_back({rung_name(rung),
                          {std::to_string(integer_at(rung, "windows"))},
                          metric_cell("kld_mean", at(rung, "kld_mean"))});
    const auto published = number_at(rung, "published_kld");
    table.rows.back().push_back(ppl ? metric_words("ppl_change", at(rung, "ppl_change"))
                                    : Cell{published ? fmt::format("{:.2g}", *published) : "-"});
  }
  return table;
}

}  // namespace

void add_ladder(Page& page, const Json& ladder, LadderOf of) {
  const Json& rungs = at(ladder, "rungs");
  if (!rungs.is_array() || rungs.empty()) return;
  page.emplace_back(Heading{title_of(of)});
  page.emplace_back(sizes(ladder));
  if (of != LadderOf::files) {
    page.emplace_back(Gap{});
    page.emplace_back(losses(ladder, of));
  }
  page.emplace_back(Gap{});
  page.emplace_back(Paragraph{
      {{string_at(ladder, "says"), Tone::strong},
       {fmt::format("Memory: {} (--memory).{}", format_bytes(integer_at(ladder, "memory")),
                    of == LadderOf::files ? "" : " Losses are those with an F16 cache."),
        Tone::dim}}});
  if (of == LadderOf::estimated_types)
    page.emplace_back(
        Paragraph{{{"Published: measured by llama.cpp on another model, to compare "
                    "with. The estimate does not use it.",
                    Tone::dim}}});
}

}  // namespace qualm::report
