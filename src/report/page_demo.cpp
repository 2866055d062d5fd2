#include <nlohmann/json.hpp>

#include "report/page_parts.h"

namespace qualm::report {

Page compose_demo(const nlohmann::ordered_json& document, bool verbose) {
  Page page;
  Table table{.columns = {{"Case"}, {"Made as"}, {"True cause"}, {"Found"}, {""}, {"Answer"}},
              .rows = {},
              .headed = true,
              .wraps = true};
  const Json& patients = at(document, "patients");
  for (const Json& patient : patients) {
    const bool right = at(patient, "right") == true;
    table.rows.push_back({{string_at(patient, "title"), Tone::strong},
                          {string_at(patient, "made")},
                          {string_at(patient, "truth")},
                          {string_at(patient, "found"), right ? Tone::good : Tone::bad},
                          {right ? "right" : "WRONG", right ? Tone::good : Tone::bad},
                          {string_at(at(patient, "diagnosis"), "summary"), Tone::dim}});
  }
  page.emplace_back(std::move(table));
  if (patients.empty()) return page;
  const Json& last = patients.back();
  page.emplace_back(Gap{});
  page.emplace_back(Heading{"In full: " + string_at(last, "title")});
  page.emplace_back(Command{string_at(last, "command")});
  for (Block& block : compose_diagnose(at(last, "diagnosis"), verbose))
    page.push_back(std::move(block));
  return page;
}

}  // namespace qualm::report
