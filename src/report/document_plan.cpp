#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {

Json to_json(const PlanReport& report) {
  Json steps = Json::array();
  for (const PlanReport::Step& step : report.steps) {
    Json readings = Json::array();
    for (const PlanReport::Reading& one : step.readings)
      readings.push_back(
          {{"model", one.model}, {"windows", one.windows}, {"seconds", number(one.seconds)}});
    steps.push_back(
        {{"number", step.number}, {"title", step.title}, {"readings", std::move(readings)}});
  }
  Json document = heading("plan", report.tool);
  document["model"] = card(report.model);
  document["baseline"] = report.baseline ? card(*report.baseline) : absent("no baseline was given");
  document["steps"] = std::move(steps);
  document["seconds"] = number(report.seconds);
  document["memory"] = memory(report.memory);
  return document;
}

}  // namespace qualm::report
