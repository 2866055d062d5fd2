#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

Json or_healthy(const std::string& cause) { return cause.empty() ? Json("healthy") : Json(cause); }

Json to_json(const ClinicCase::Share& share) {
  return {{"check", share.check},
          {"found", metric(share.found, "fraction")},
          {"truth", metric(share.truth, "fraction")},
          {"holds", share.holds}};
}

Json to_json(const ClinicCase& patient) {
  Json shares = Json::array();
  for (const ClinicCase::Share& share : patient.shares) shares.push_back(to_json(share));
  return {{"name", patient.name},
          {"made", patient.made},
          {"cause", or_healthy(patient.made_cause)},
          {"also", patient.made_also.empty() ? absent("one cause at most was put in")
                                             : Json(patient.made_also)},
          {"truth",
           {{"harm", patient.harm.empty() ? absent("nothing was measured") : Json(patient.harm)},
            {"windows", patient.truth_windows},
            {"answers", patient.right_answers},
            {"why", patient.why}}},
          {"found", patient.found},
          {"right", patient.right},
          {"missed", patient.missed},
          {"false_alarms", patient.false_alarms},
          {"shares", std::move(shares)},
          {"windows", windows(patient.windows.read, patient.windows.total)},
          {"spent",
           {{"seconds", number(patient.spent.seconds)},
            {"passes", patient.spent.passes},
            {"variants", patient.spent.variants}}},
          {"summary", patient.summary}};
}

/// How often what was put in was found as what.
Json confusion(const std::vector<ClinicCase>& patients) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const ClinicCase& patient : patients)
    ++counts[{patient.made_cause.empty() ? "healthy" : patient.made_cause, patient.found}];
  Json table = Json::array();
  for (const auto& [pair, count] : counts)
    table.push_back({{"cause", pair.first}, {"found", pair.second}, {"patients", count}});
  return table;
}

}  // namespace

Json to_json(const ClinicReport& report) {
  Json patients = Json::array();
  std::int64_t right = 0;
  std::int64_t shares = 0;
  std::int64_t hold = 0;
  for (const ClinicCase& patient : report.patients) {
    right += patient.right ? 1 : 0;
    for (const ClinicCase::Share& share : patient.shares) {
      ++shares;
      hold += share.holds ? 1 : 0;
    }
    patients.push_back(to_json(patient));
  }
  Json document = heading("clinic", report.tool);
  document.update({{"baseline", report.baseline},
                   {"text", report.text},
                   {"right", right},
                   {"wrong", static_cast<std::int64_t>(report.patients.size()) - right},
                   {"shares", {{"compared", shares}, {"hold", hold}}},
                   {"confusion", confusion(report.patients)},
                   {"patients", std::move(patients)},
                   {"left_out", report.left_out},
                   {"seconds", number(report.seconds)}});
  return document;
}

}  // namespace qualm::report
