#include "experiment/loaded_models.h"

namespace qualm::experiment {

Result<std::shared_ptr<engine::Model>> LoadedModels::get(const Weights& weights,
                                                         const FileMaker& file, Place place) {
  const auto id = std::pair(id_of(weights), place);
  if (const auto it = models_.find(id); it != models_.end()) return it->second.model;
  const auto make_room = [&] {
    if (hold_ == Hold::one || weights.made()) models_.clear();
  };
  make_room();
  QUALM_TRY(const engine::ModelFile made, file());
  make_room();  // making the file may have loaded another
  QUALM_TRY(auto loaded,
            engine_.load(made, place == Place::cpu ? engine::on_cpu(settings_) : settings_));
  models_.emplace(id, Loaded{loaded, weights.made()});
  return loaded;
}

void LoadedModels::forget_made() {
  std::erase_if(models_, [](const auto& entry) { return entry.second.made; });
}

}  // namespace qualm::experiment
