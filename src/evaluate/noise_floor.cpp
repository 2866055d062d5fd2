#include "evaluate/noise_floor.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "numeric/cluster.h"

namespace qualm::evaluate {

std::optional<double> NoiseFloor::upper() const {
  std::optional<double> most;
  for (const numeric::Metric* side : {&original, &candidate})
    if (side->estimate) most = std::max(most.value_or(0), side->estimate->high);
  return most;
}

numeric::Metric floor_of(const Measurement& measured) {
  std::vector<numeric::ClusterSum> windows;
  for (const WindowScores& window : measured.windows) {
    numeric::ClusterSum cluster;
    for (const Score& score : window.scores) {
      if (!score.finite) continue;
      cluster.sum += static_cast<double>(score.kld);
      cluster.count += 1;
    }
    if (cluster.count > 0) windows.push_back(cluster);
  }
  numeric::Metric floor{std::nullopt, "nat/token", measured.unavailable};
  if (!floor.absent.empty()) return floor;
  if (windows.size() < static_cast<std::size_t>(kNoiseFloorWindows)) {
    floor.absent = fmt::format("it needs {} windows", kNoiseFloorWindows);
    return floor;
  }
  floor.estimate = numeric::cluster_mean(windows);
  floor.estimate->low = std::max(0.0, floor.estimate->low);
  return floor;
}

bool indistinguishable(const Measurement& measurement, const NoiseFloor& floor) {
  const auto& kld = measurement.metrics[MetricId::kld_mean].estimate;
  const auto& same_top = measurement.metrics[MetricId::same_top].estimate;
  const auto upper = floor.upper();
  return kld && same_top && upper && measurement.lost == 0 && kld->high <= kFloors * *upper &&
         same_top->value >= 1 - kMostFlips;
}

}  // namespace qualm::evaluate
