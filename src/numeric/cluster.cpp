#include "numeric/cluster.h"

#include <cmath>

#include "numeric/distributions.h"
#include "numeric/sum.h"

namespace qualm::numeric {
namespace {

struct Ratio {
  double mean = 0;
  double standard_error = 0;
  std::int64_t clusters = 0;
};

std::optional<Ratio> ratio(std::span<const ClusterSum> clusters) {
  Sum sum;
  Sum count;
  std::int64_t used = 0;
  for (const ClusterSum& cluster : clusters) {
    if (cluster.count <= 0) continue;
    sum.add(cluster.sum);
    count.add(cluster.count);
    ++used;
  }
  if (used < 2) return std::nullopt;
  const double mean = sum.value() / count.value();
  Sum squares;
  for (const ClusterSum& cluster : clusters) {
    if (cluster.count <= 0) continue;
    const double residual = cluster.sum - mean * cluster.count;
    squares.add(residual * residual);
  }
  const auto groups = static_cast<double>(used);
  return Ratio{mean, std::sqrt(squares.value() * groups / (groups - 1)) / count.value(), used};
}

}  // namespace

std::optional<Estimate> cluster_mean(std::span<const ClusterSum> clusters, double confidence) {
  const auto found = ratio(clusters);
  if (!found) return std::nullopt;
  const double t = student_quantile(0.5 + confidence / 2, static_cast<double>(found->clusters - 1));
  const double half = t * found->standard_error;
  return Estimate{found->mean, found->mean - half, found->mean + half};
}

std::optional<double> cluster_standard_error(std::span<const ClusterSum> clusters) {
  const auto found = ratio(clusters);
  return found ? std::optional(found->standard_error) : std::nullopt;
}

}  // namespace qualm::numeric
