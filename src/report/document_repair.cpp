#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {

Json to_json(const RepairReport& report) {
  Json changes = Json::array();
  for (const KeyChange& change : report.changes)
    changes.push_back({{"key", change.key}, {"was", change.was}, {"now", change.now}});
  Json document = heading("repair", report.tool);
  document["model"] = card(report.model);
  document["output"] = report.output;
  document["changes"] = std::move(changes);
  return document;
}

}  // namespace qualm::report
