#include "commands/placement.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <string>
#include <vector>

namespace qualm::commands {
namespace {

std::int64_t bytes_of(const experiment::OpenedModel& model, const engine::Settings& settings) {
  const auto as = model.runs_as_it_is() ? experiment::RunsAs::file : experiment::RunsAs::floats;
  const auto need = experiment::need_of_model(model.checkpoint(), settings, as,
                                              experiment::KeptTwice::none);  // a CPU's affair
  return need.weights + need.context;
}

}  // namespace

Result<void> settle_devices(engine::Engine& engine, engine::Settings& settings,
                            Progress& progress) {
  engine::Devices& devices = settings.devices;
  QUALM_TRY(const auto found, engine.devices(devices));
  if (found.empty()) {
    settings = engine::on_cpu(std::move(settings));
    return {};
  }
  std::vector<std::string> described;
  devices.names.clear();
  devices.memory = 0;
  for (const engine::Device& device : found) {
    devices.names.push_back(device.name);
    described.push_back(fmt::format("{} ({})", device.name, device.description));
    devices.memory += std::max<std::int64_t>(0, device.free - kLeftFree);
  }
  devices.what = fmt::format("{}", fmt::join(described, ","));
  progress.note(fmt::format("devices: {}", fmt::join(described, ", ")));
  if (!devices.rpc.empty())
    progress.note("RPC is not encrypted: weights and text can be read in the network");
  return {};
}

std::int32_t layers_that_fit(std::int32_t layers, std::int64_t bytes,
                             const engine::Devices& devices) noexcept {
  if (bytes <= devices.memory) return layers + 1;
  // A layer is on one device: the rest of each other device stays empty.
  const auto halves = static_cast<std::int32_t>(devices.names.size()) - 1;
  const double share = static_cast<double>(devices.memory) / static_cast<double>(bytes);
  return std::max(0, static_cast<std::int32_t>(share * layers) - halves);
}

void settle_layers(engine::Settings& settings,
                   std::span<const experiment::OpenedModel* const> models, experiment::Hold hold,
                   Progress& progress) {
  if (settings.gpu_layers != engine::kLayersThatFit) return;
  std::int64_t layers = 0;
  std::int64_t together = 0;
  std::int64_t largest = 0;
  for (const experiment::OpenedModel* model : models) {
    if (!model) continue;
    layers = std::max(layers, model->checkpoint().arch_integer("block_count").value_or(0));
    const std::int64_t bytes = bytes_of(*model, settings);
    together += bytes;
    largest = std::max(largest, bytes);
  }
  const auto all = static_cast<std::int32_t>(layers);
  settings.gpu_layers =
      layers_that_fit(all, hold == experiment::Hold::all ? together : largest, settings.devices);
  if (settings.gpu_layers <= all)
    progress.note(fmt::format("{} of {} layers fit on the devices (-ngl), the rest is on the CPU",
                              settings.gpu_layers, all));
}

Result<void> place_models(engine::Engine& engine, engine::Settings& settings,
                          std::span<const experiment::OpenedModel* const> models,
                          Progress& progress) {
  QUALM_CHECK(settle_devices(engine, settings, progress));
  settle_layers(settings, models, experiment::Hold::all, progress);
  return {};
}

}  // namespace qualm::commands
