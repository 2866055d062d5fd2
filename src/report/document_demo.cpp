#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {

Json to_json(const DemoReport& report) {
  Json patients = Json::array();
  for (const DemoCase& patient : report.patients)
    patients.push_back({{"title", patient.title},
                        {"made", patient.made},
                        {"truth", patient.truth.empty() ? Json("healthy") : Json(patient.truth)},
                        {"found", patient.found.empty() ? Json("healthy") : Json(patient.found)},
                        {"right", patient.right},
                        {"command", patient.command},
                        {"diagnosis", patient.diagnosis}});
  Json document = heading("demo", report.tool);
  document["patients"] = std::move(patients);
  return document;
}

}  // namespace qualm::report
