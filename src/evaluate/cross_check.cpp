#include "evaluate/cross_check.h"

#include <vector>

#include "evaluate/noise_floor.h"
#include "numeric/cluster.h"

namespace qualm::evaluate {

CrossCheck cross_check_of(const Measurement& measured) {
  CrossCheck check{.kld = floor_of(measured),
                   .lost = measured.lost,
                   .windows = static_cast<std::int64_t>(measured.windows.size())};
  check.worse.absent = check.kld.absent;
  if (!check.kld.estimate) return check;
  std::vector<numeric::ClusterSum> windows;
  for (const WindowScores& window : measured.windows) {
    numeric::ClusterSum& cluster = windows.emplace_back();
    double kld = 0;
    for (const Score& score : window.scores) {
      if (!score.finite) continue;
      kld += static_cast<double>(score.kld);
      cluster.sum += score.nll_q - score.nll_p;
      cluster.count += 1;
    }
    if (cluster.count == 0 || kld / cluster.count <= check.worst_kld) continue;
    check.worst_kld = kld / cluster.count;
    check.worst_by = cluster.sum / cluster.count;
  }
  check.worse.estimate = numeric::cluster_mean(windows);
  return check;
}

}  // namespace qualm::evaluate
