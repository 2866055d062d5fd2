#include "experiment/experiment.h"

#include <algorithm>

namespace qualm::experiment {
namespace {

constexpr std::int32_t kMostCalibration = 96;  // windows; llama-imatrix is run with about as many

}  // namespace

std::int32_t calibration_windows(std::int32_t total) noexcept {
  return std::min(total / 2, kMostCalibration);
}

}  // namespace qualm::experiment
