#include <nlohmann/json.hpp>

#include "report/page_parts.h"

namespace qualm::report {

Page compose_demo(const nlohmann::ordered_json& document, bool verbose) {
  Page page;
  Table table{.columns = {{"Case"}, {"Made as"}, {"True cause"}, {"Found"}, {""}, {"Answer"}},
              .rows = {},
              .headed = true,
              .wraps = true};
  const Json& cases = at(document, "patients");
  for (const Json& one : cases) {
    const bool right = at(one, "right") == true;
    table.rows.push_back({{string_at(one, "title"), Tone::strong},
                          {string_at(one, "made")},
                          {string_at(one, "truth")},
                          {string_at(one, "found"), right ? Tone::good : Tone::bad},
                          {right ? "right" : "WRONG", right ? Tone::good : Tone::bad},
                          {string_at(at(one, "diagnosis"), "summary"), Tone::dim}});
  }
  page.emplace_back(std::move(table));
  if (cases.empty()) return page;
  const Json& last = cases.back();
  page.emplace_back(Gap{});
  page.emplace_back(Heading{"In full: " + string_at(last, "title")});
  page.emplace_back(Command{string_at(last, "command")});
  for (Block& block : compose_diagnose(at(last, "diagnosis"), verbose))
    page.push_back(std::move(block));
  return page;
}

}  // namespace qualm::report
