// `qualm measure --kv`: pairs of cache types against the same weights with an F16 cache.
#pragma once

#include <memory>
#include <vector>

#include "assemble/quantizer.h"
#include "base/error.h"
#include "base/progress.h"
#include "engine/engine.h"
#include "evaluate/noise_floor.h"
#include "experiment/measured_text.h"
#include "experiment/model_file.h"
#include "report/report.h"

namespace qualm::commands {

struct CacheGrid {
  engine::Engine& engine;
  assemble::Quantizer& quantizer;
  Progress& progress;
  std::shared_ptr<experiment::OpenedModel> candidate;
  std::shared_ptr<experiment::OpenedModel> baseline;  ///< may be null
  const engine::Settings& settings;
  experiment::MeasuredText& text;
  const evaluate::NoiseFloor& noise_floor;
  bool whole_text = false;  ///< else the first 16 windows
};

/// All pairs of F16, q8_0, q5_1 and q4_0 that the model can have. Errors: those of the engine.
[[nodiscard]] Result<std::vector<report::KvCell>> measure_caches(const CacheGrid& grid);

}  // namespace qualm::commands
