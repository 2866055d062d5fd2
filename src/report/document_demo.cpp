#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {

Json to_json(const DemoReport& report) {
  Json cases = Json::array();
  for (const DemoCase& one : report.cases)
    cases.push_back({{"title", one.title},
                     {"made", one.made},
                     {"truth", one.truth.empty() ? Json("healthy") : Json(one.truth)},
                     {"found", one.found.empty() ? Json("healthy") : Json(one.found)},
                     {"right", one.right},
                     {"command", one.command},
                     {"diagnosis", one.diagnosis}});
  Json document = heading("demo", report.tool);
  document["patients"] = std::move(cases);
  return document;
}

}  // namespace qualm::report
