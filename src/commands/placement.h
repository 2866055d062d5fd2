// On which devices the models of a run lie. All of them lie alike, so that a difference between two
// is none of the device's.
#pragma once

#include <cstdint>
#include <span>

#include "base/progress.h"
#include "engine/engine.h"
#include "experiment/memory_need.h"
#include "experiment/model_file.h"

namespace qualm::commands {

/// Bytes of a device that are left free, as llama.cpp does (--fit-target).
inline constexpr std::int64_t kLeftFree = std::int64_t{1} << 30;

/// Finds the devices that the settings ask for, and writes down what they are and what they hold.
/// Where there is none, all stays on the CPU. Notes which they are, and that RPC is not encrypted.
/// Errors: those of Engine::devices.
[[nodiscard]] Result<void> settle_devices(engine::Engine& engine, engine::Settings& settings,
                                          Progress& progress);

/// Where -ngl was not said: the layers of which `models` fit into the memory of the devices, the
/// largest of them, or all side by side. Notes it where these are not all.
void settle_layers(engine::Settings& settings,
                   std::span<const experiment::OpenedModel* const> models, experiment::Hold hold,
                   Progress& progress);

/// Both, of models that are all held at the same time.
[[nodiscard]] Result<void> place_models(engine::Engine& engine, engine::Settings& settings,
                                        std::span<const experiment::OpenedModel* const> models,
                                        Progress& progress);

/// Of a model of `layers` layers and `bytes` bytes; one more: the output matrix fits too.
[[nodiscard]] std::int32_t layers_that_fit(std::int32_t layers, std::int64_t bytes,
                                           const engine::Devices& devices) noexcept;

}  // namespace qualm::commands
