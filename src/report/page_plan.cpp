#include <fmt/format.h>

#include "base/units.h"
#include "report/page_parts.h"

namespace qualm::report {

Page compose_plan(const nlohmann::ordered_json& document) {
  Page page;
  const Json& model = at(document, "model");
  page.emplace_back(
      Paragraph{{{file_name(string_at(model, "path")), Tone::strong}, {card_line(model)}}});
  if (at(document, "steps").empty()) {
    page.emplace_back(Paragraph{{{"Nothing is run: only the files are examined."}}});
    return page;
  }
  Table table{.columns = {{"Step"}, {"Model"}, {"Windows", true}, {"Time", true}}, .rows = {}};
  for (const Json& step : at(document, "steps")) {
    std::string title = fmt::format("{} {}", integer_at(step, "number"), string_at(step, "title"));
    for (const Json& one : at(step, "readings")) {
      table.rows.push_back({{std::exchange(title, "")},
                            {string_at(one, "model")},
                            {fmt::format("{}", integer_at(one, "windows"))},
                            {format_seconds(number_at(one, "seconds").value_or(0))}});
    }
  }
  page.emplace_back(std::move(table));
  page.emplace_back(Paragraph{{{fmt::format(
      "About {}. It takes more where the usual number of windows does not decide, and less where "
      "windows are saved from earlier runs. About {} of memory, of {} free.",
      format_seconds(number_at(document, "seconds").value_or(0)),
      bytes_at(at(document, "memory"), "needed_estimated"),
      bytes_at(at(document, "memory"), "free"))}}});
  return page;
}

}  // namespace qualm::report
