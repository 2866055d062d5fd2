// Models in memory: loaded at first use, all of them side by side or one at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "engine/engine.h"
#include "experiment/reference_store.h"
#include "experiment/variant.h"

namespace qualm::experiment {

/// On the user's devices, or on the CPU alone.
enum class Place : std::uint8_t { as_run, cpu };

class LoadedModels {
 public:
  /// The engine outlives this.
  LoadedModels(engine::Engine& engine, engine::Settings settings, Hold hold)
      : engine_(engine), settings_(std::move(settings)), hold_(hold) {}

  using FileMaker = std::function<Result<engine::ModelFile>()>;
  /// Loaded already, or loaded from what `file` makes. Before `file` is called all others leave
  /// memory, if nobody else holds them: with Hold::one always, else where a model is made to try
  /// something (Weights::made), since the files it is made of are not run then.
  [[nodiscard]] Result<std::shared_ptr<engine::Model>> get(const Weights& weights,
                                                           const FileMaker& file,
                                                           Place place = Place::as_run);
  /// All leave memory, if nobody else holds them.
  void forget() { models_.clear(); }
  /// Those that were made leave memory.
  void forget_made();
  [[nodiscard]] Hold hold() const noexcept { return hold_; }

 private:
  struct Loaded {
    std::shared_ptr<engine::Model> model;
    bool made = false;
  };
  engine::Engine& engine_;
  engine::Settings settings_;
  Hold hold_;
  std::map<std::pair<VariantId, Place>, Loaded> models_;
};

}  // namespace qualm::experiment
