#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "diagnose/checks.h"
#include "evaluate/metrics.h"
#include "probe/figures.h"
#include "report/explain.h"
#include "report/report.h"
#include "report/schema_template.h"

namespace qualm::report {
namespace {

using Json = nlohmann::ordered_json;

Json metric_names() {
  Json names = Json::array();
  for (const evaluate::MetricRow& row : evaluate::metric_rows()) names.push_back(row.name);
  return names;
}

Json check_names() {
  Json names = Json::array();
  for (const diagnose::CheckRow& row : diagnose::kChecks) names.push_back(row.name);
  return names;
}

Json symptom_names() {
  Json names = Json::array();
  for (const probe::SymptomRow& row : probe::kSymptoms) names.push_back(row.name);
  return names;
}

Json figure_names() {
  Json names = Json::array();
  for (const probe::FigureRow& row : probe::kFigures) names.push_back(row.name);
  return names;
}

/// A check for each, in their order.
Json each_check() {
  Json all = Json::array();
  for (const diagnose::CheckRow& row : diagnose::kChecks) {
    const Json id{{"properties", {{"id", {{"const", row.name}}}}}};
    all.push_back({{"allOf", {{{"$ref", "#/$defs/check"}}, id}}});
  }
  return all;
}

/// What each list of the template stands for.
std::map<std::string, Json> lists() {
  return {{"@metrics", metric_names()},
          {"@checks", check_names()},
          {"@each_check", each_check()},
          {"@symptoms", symptom_names()},
          {"@figures", figure_names()}};
}

/// Every command that reads models says which names they were given by.
void add_named(Json& definitions) {
  for (const char* command :
       {"measure", "diagnose", "inspect", "compare", "clinic", "repair", "reference", "plan"})
    definitions[command]["properties"]["named"] = {{"$ref", "#/$defs/named"}};
}

/// Fills ["@name"] with the list of that name, "@check_count" and "@version" with their numbers.
void fill(Json& node, const std::map<std::string, Json>& by_name) {
  if (node.is_string()) {
    if (node == "@check_count") node = diagnose::kChecks.size();
    if (node == "@version") node = kSchemaVersion;
    return;
  }
  if (node.is_array() && node.size() == 1 && node.front().is_string())
    if (const auto it = by_name.find(node.front().get<std::string>()); it != by_name.end()) {
      node = it->second;
      return;
    }
  if (node.is_structured())
    for (Json& inner : node) fill(inner, by_name);
}

}  // namespace

std::string schema() {
  Json json = Json::parse(kSchemaTemplate);
  for (const char* definitions : kSchemaDefinitions) json["$defs"].update(Json::parse(definitions));
  add_named(json["$defs"]);
  fill(json, lists());
  return json.dump(2) + "\n";
}

}  // namespace qualm::report
