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

Json side_record(const probe::WrittenSide& side) {
  Json json{{"text", side.text}};
  if (side.loop) json["loop"] = {side.loop->begin, side.loop->period};
  return json;
}

probe::WrittenSide side_of(const Json& json) {
  probe::WrittenSide side{.text = json.at("text")};
  if (json.contains("loop")) side.loop = {json.at("loop").at(0), json.at("loop").at(1)};
  return side;
}

Json text_record(const probe::WrittenText& text) {
  Json json{
      {"prompt", text.prompt}, {"greedy", text.greedy}, {"candidate", side_record(text.candidate)}};
  if (text.control) json["control"] = side_record(*text.control);
  if (text.parts_at) json["parts_at"] = *text.parts_at;
  return json;
}

probe::WrittenText text_of(const Json& json) {
  probe::WrittenText text{.prompt = json.at("prompt"),
                          .greedy = json.at("greedy"),
                          .candidate = side_of(json.at("candidate"))};
  if (json.contains("control")) text.control = side_of(json.at("control"));
  if (json.contains("parts_at")) text.parts_at = json.at("parts_at").get<std::size_t>();
  return text;
}

std::optional<probe::Symptom> symptom_of(const Json& json) {
  const int finding = json.at("finding");
  const auto symptom = probe::symptom_named(json.at("symptom").get<std::string>());
  std::optional<probe::FigureId> figure;
  if (json.contains("figure")) figure = probe::figure_named(json.at("figure").get<std::string>());
  if (finding < 0 || finding > static_cast<int>(probe::Symptom::Finding::not_examined) ||
      !symptom || figure.has_value() != json.contains("figure"))
    return std::nullopt;
  probe::Symptom found{.symptom = *symptom,
                       .figure = figure,
                       .candidate = metric_of(json.at("candidate")),
                       .control = metric_of(json.at("control")),
                       .difference = metric_of(json.at("difference")),
                       .p_value = std::nullopt,
                       .finding = static_cast<probe::Symptom::Finding>(finding),
                       .says = json.at("says")};
  if (json.contains("p_value")) found.p_value = json.at("p_value").get<double>();
  return found;
}

Json symptom_record(const probe::Symptom& s) {
  Json json{{"symptom", probe::row_of(s.symptom).name}, {"candidate", metric_record(s.candidate)},
            {"control", metric_record(s.control)},      {"difference", metric_record(s.difference)},
            {"finding", static_cast<int>(s.finding)},   {"says", s.says}};
  if (s.figure) json["figure"] = probe::row_of(*s.figure).name;
  if (s.p_value) json["p_value"] = *s.p_value;
  return json;
}

}  // namespace

std::string to_record(const probe::Examined& examined) {
  Json symptoms = Json::array();
  Json texts = Json::array();
  for (const probe::Symptom& one : examined.symptoms) symptoms.push_back(symptom_record(one));
  for (const probe::WrittenText& one : examined.texts) texts.push_back(text_record(one));
  const Json record{{"symptoms", std::move(symptoms)}, {"texts", std::move(texts)}};
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::optional<probe::Examined> from_record(const std::string& text) {
  try {
    const Json record = Json::parse(text);
    probe::Examined examined;
    for (const Json& json : record.at("symptoms")) {
      const auto symptom = symptom_of(json);
      if (!symptom) return std::nullopt;
      examined.symptoms.push_back(*symptom);
    }
    for (const Json& json : record.at("texts")) examined.texts.push_back(text_of(json));
    return examined;
  } catch (const Json::exception&) {  // not JSON, or a NaN, which JSON writes as null
    return std::nullopt;
  }
}

}  // namespace qualm::experiment
