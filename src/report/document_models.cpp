#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

Json model(const ListedModel& one) {
  Json json{{"name", one.name}, {"store", one.store}, {"path", one.path}};
  json["model"] = one.card ? card(*one.card) : absent(one.problem);
  json["is_original"] = one.is_original;
  json["original"] = one.original.empty() ? absent("none at hand") : Json(one.original);
  json["pack"] = one.pack.empty() ? absent("none at hand") : Json(one.pack);
  return json;
}

}  // namespace

Json to_json(const ModelsReport& report) {
  Json models = Json::array();
  for (const ListedModel& one : report.models) models.push_back(model(one));
  Json stores = Json::array();
  for (const StoreCard& store : report.stores)
    stores.push_back({{"name", store.name}, {"path", store.path}, {"exists", store.exists}});
  Json document = heading("models", report.tool);
  document["models"] = std::move(models);
  document["stores"] = std::move(stores);
  return document;
}

void add_names(const std::vector<NamedModel>& models, Json& document) {
  if (models.empty()) return;
  Json named = Json::array();
  for (const NamedModel& one : models) {
    Json notes = Json::array();
    for (const auto& [id, says] : one.notes) notes.push_back(note(id, says));
    named.push_back({{"name", one.name},
                     {"store", one.store},
                     {"path", one.path},
                     {"notes", std::move(notes)}});
  }
  document["named"] = std::move(named);
}

}  // namespace qualm::report
