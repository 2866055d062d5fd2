#include "experiment/symptom_record.h"

#include <nlohmann/json.hpp>

namespace qualm::experiment {
namespace {

using Json = nlohmann::json;

Json metric_record(const numeric::Metric& metric) {
  Json json{{"unit", metric.unit}, {"absent", metric.absent}};
  if (const auto& e = metric.estimate) json["estimate"] = {e->value, e->low, e->high};
  return json;
}

numeric::Metric metric_of(const Json& json) {
  numeric::Metric metric{std::nullopt, json.at("unit"), json.at("absent")};
  if (json.contains("estimate")) {
    const Json& e = json.at("estimate");
    metric.estimate = {e.at(0).get<double>(), e.at(1).get<double>(), e.at(2).get<double>()};
  }
  return metric;
}

}  // namespace

std::string to_record(std::span<const probe::Symptom> symptoms) {
  Json all = Json::array();
  for (const probe::Symptom& s : symptoms) {
    all.push_back({{"symptom", probe::row_of(s.symptom).name},
                   {"candidate", metric_record(s.candidate)},
                   {"control", metric_record(s.control)},
                   {"difference", metric_record(s.difference)},
                   {"finding", static_cast<int>(s.finding)},
                   {"says", s.says}});
    if (s.figure) all.back()["figure"] = probe::row_of(*s.figure).name;
    if (s.p_value) all.back()["p_value"] = *s.p_value;
  }
  return all.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<std::vector<probe::Symptom>> from_record(const std::string& text) {
  try {
    std::vector<probe::Symptom> symptoms;
    for (const Json& json : Json::parse(text)) {
      const int finding = json.at("finding");
      const auto symptom = probe::symptom_named(json.at("symptom").get<std::string>());
      std::optional<probe::FigureId> figure;
      if (json.contains("figure"))
        figure = probe::figure_named(json.at("figure").get<std::string>());
      if (finding < 0 || finding > static_cast<int>(probe::Symptom::Finding::not_examined) ||
          !symptom || figure.has_value() != json.contains("figure"))
        return std::nullopt;
      symptoms.push_back({.symptom = *symptom,
                          .figure = figure,
                          .candidate = metric_of(json.at("candidate")),
                          .control = metric_of(json.at("control")),
                          .difference = metric_of(json.at("difference")),
                          .p_value = std::nullopt,
                          .finding = static_cast<probe::Symptom::Finding>(finding),
                          .says = json.at("says")});
      if (json.contains("p_value")) symptoms.back().p_value = json.at("p_value").get<double>();
    }
    return symptoms;
  } catch (const Json::exception&) {  // not JSON, or a NaN, which JSON writes as null
    return std::nullopt;
  }
}

}  // namespace qualm::experiment
