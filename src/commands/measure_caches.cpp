#include "commands/measure_caches.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "experiment/runner.h"
#include "model/cache.h"

namespace qualm::commands {
namespace {

constexpr std::int32_t kGridWindows = 16;
constexpr std::array<std::string_view, 4> kGridTypes{"f16", "q8_0", "q5_1", "q4_0"};

/// First position from which the KLD certainly lies above the noise floor.
std::optional<std::int64_t> departs_at(const evaluate::Measurement& measured,
                                       const evaluate::NoiseFloor& noise_floor) {
  const double floor = noise_floor.upper().value_or(0);
  for (const evaluate::Bucket& bucket : measured.by_position)
    if (bucket.kld_mean.estimate && bucket.kld_mean.estimate->low > floor)
      return static_cast<std::int64_t>(bucket.low);
  return std::nullopt;
}

std::vector<experiment::Variant> pairs_of(const model::Checkpoint& candidate) {
  std::vector<experiment::Variant> variants;
  for (const auto k : kGridTypes)
    for (const auto v : kGridTypes)
      if ((k != "f16" || v != "f16") &&
          model::unfit_caches(candidate, std::string(k), std::string(v)).empty())
        variants.push_back({{}, std::string(k), std::string(v)});
  return variants;
}

}  // namespace

Result<std::vector<report::KvCell>> measure_caches(const CacheGrid& grid) {
  const std::int32_t total = grid.text.windows().count();
  experiment::LoadedModels models(grid.engine, grid.settings, experiment::Hold::all);
  experiment::Runner runner({models,
                             grid.quantizer,
                             grid.progress,
                             grid.candidate,
                             grid.baseline,
                             nullptr,
                             grid.settings,
                             {{{.name = "text", .windows = total}, &grid.text}}});
  const auto variants = pairs_of(grid.candidate->checkpoint());
  const std::int32_t windows = grid.whole_text ? total : std::min(kGridWindows, total);
  QUALM_TRY(auto measured, runner.measure({}, variants, {0, windows}, {}));
  std::vector<report::KvCell> cells;
  for (std::size_t i = 0; i < variants.size(); ++i) {
    const auto& [weights, k, v] = variants[i];
    cells.push_back({k, v, measured[i].metrics, measured[i].lost, runner.cache_bytes(k, v),
                     departs_at(measured[i], grid.noise_floor),
                     std::move(measured[i].by_position)});
  }
  return cells;
}

}  // namespace qualm::commands
