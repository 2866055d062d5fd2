#include "numeric/cluster.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "numeric/sum.h"

namespace qualm::numeric {
namespace {

TEST(Cluster, the_standard_error_is_the_one_computed_by_hand) {
  // mean = 12/6 = 2; residuals 2-4=-2... : (3-2*2)=-1, (9-2*4)=1; SE^2 = 2/1 * 2 / 36
  const std::array clusters{ClusterSum{3, 2}, ClusterSum{9, 4}};
  EXPECT_NEAR(*cluster_standard_error(clusters), std::sqrt(4.0 / 36), 1e-15);
  const auto e = cluster_mean(clusters);
  EXPECT_DOUBLE_EQ(e->value, 2);
  EXPECT_NEAR(e->high - e->value, 12.7062047 * std::sqrt(4.0 / 36), 1e-6);
}

TEST(Cluster, tokens_that_move_together_widen_the_interval) {
  // 100 tokens of +-1: once as 100 windows of one token, once as 10 windows of ten equal ones.
  std::vector<ClusterSum> independent;
  std::vector<ClusterSum> together;
  for (int i = 0; i < 100; ++i) independent.push_back({i % 2 ? 1.0 : -1.0, 1});
  for (int i = 0; i < 10; ++i) together.push_back({i % 2 ? 10.0 : -10.0, 10});
  EXPECT_NEAR(*cluster_standard_error(together) / *cluster_standard_error(independent),
              std::sqrt(10.0 * 99 / 90), 0.01 * 3.3);
}

TEST(Cluster, one_window_has_no_interval) {
  EXPECT_FALSE(cluster_mean(std::array{ClusterSum{3, 2}}));
  EXPECT_FALSE(cluster_mean(std::array{ClusterSum{3, 2}, ClusterSum{0, 0}}));
}

TEST(Cluster, identical_windows_have_an_interval_of_width_zero) {
  const auto e = cluster_mean(std::array{ClusterSum{0, 5}, ClusterSum{0, 5}, ClusterSum{0, 5}});
  EXPECT_EQ(e->low, 0);
  EXPECT_EQ(e->high, 0);
}

TEST(Sum, keeps_what_plain_addition_loses) {
  Sum sum;
  for (const double x : {1.0, 1e100, 1.0, -1e100}) sum.add(x);  // Neumaier's own example
  EXPECT_EQ(sum.value(), 2);
}

}  // namespace
}  // namespace qualm::numeric
