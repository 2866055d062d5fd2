// --cross-check: what check 0 says of the user's device.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/checks.h"
#include "support/known.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using ::testing::HasSubstr;

evaluate::CrossCheck apart(double kld, double worse) {
  evaluate::CrossCheck check{.windows = 4};
  check.kld.estimate = numeric::Estimate{kld, kld * 0.9, kld * 1.1};
  check.worse.estimate = numeric::Estimate{worse, worse - 0.01, worse + 0.01};
  return check;
}

struct Device : test::World {
  explicit Device(const evaluate::CrossCheck& of_both) {
    given.devices = "Vulkan0";
    experiment.checks = {of_both, of_both};
  }
  Finding examine() {
    Facts facts = this->facts();
    return test::known(facts, experiment, check_files);
  }
};

std::vector<std::string> said(const Finding& finding) {
  std::vector<std::string> all;
  for (const Evidence& one : finding.evidence)
    if (one.name.starts_with("cross_check_")) all.push_back(one.says);
  return all;
}

TEST(CrossCheck, a_device_that_agrees_with_the_cpu_is_told_and_is_no_fault) {
  const Finding finding = Device(apart(1e-6, 0)).examine();
  EXPECT_EQ(finding.status, Status::cleared);
  ASSERT_EQ(said(finding).size(), 2U);
  EXPECT_THAT(said(finding)[0], HasSubstr("The candidate on Vulkan0 against the CPU, 4 windows"));
  EXPECT_THAT(said(finding)[0], HasSubstr("within the noise floor. The device is not the cause"));
  EXPECT_THAT(said(finding)[1], HasSubstr("The original on Vulkan0"));
}

TEST(CrossCheck, kernels_that_round_otherwise_are_no_fault_under_the_smallest_threshold) {
  const Finding finding = Device(apart(0.01, 0.005)).examine();
  EXPECT_EQ(finding.status, Status::cleared);
  EXPECT_THAT(said(finding)[0], HasSubstr("the noise floor is "));
}

TEST(CrossCheck, a_device_that_guesses_worse_is_the_broken_side) {
  const Finding finding = Device(apart(0.5, 0.4)).examine();
  EXPECT_EQ(finding.status, Status::cause);
  ASSERT_EQ(finding.faults.size(), 2U);
  EXPECT_EQ(finding.faults[0].kind, FaultKind::runtime);
  EXPECT_THAT(finding.headline, HasSubstr("the device is the broken side"));
}

TEST(CrossCheck, one_window_that_is_wholly_different_is_a_fault_whatever_the_others_say) {
  evaluate::CrossCheck check = apart(1.5, 1);
  check.kld.estimate = numeric::Estimate{1.5, 0, 4.9};
  check.worse.estimate = numeric::Estimate{1, -1, 3};
  Device undecided(check);
  EXPECT_THAT(said(undecided.examine())[0], HasSubstr("cannot be told from so few windows"));
  check.worst_kld = 6;
  check.worst_by = 4;
  Device broken(check);
  EXPECT_EQ(broken.examine().status, Status::cause);
  EXPECT_THAT(broken.examine().headline, HasSubstr("in one window 6"));
  EXPECT_THAT(broken.examine().headline, HasSubstr("the device is the broken side"));
}

TEST(CrossCheck, a_cpu_that_guesses_worse_is_named_and_two_that_cannot_be_told_apart_are_not) {
  EXPECT_THAT(Device(apart(0.5, -0.4)).examine().headline, HasSubstr("the CPU is the broken side"));
  EXPECT_THAT(Device(apart(0.5, 0)).examine().headline, HasSubstr("cannot be told"));
}

TEST(CrossCheck, nan_on_the_device_alone_is_a_fault) {
  evaluate::CrossCheck check;
  check.lost = 7;
  check.windows = 4;
  EXPECT_THAT(Device(check).examine().headline, HasSubstr("NaN or infinite logits there alone"));
}

TEST(CrossCheck, what_the_user_accepts_is_the_threshold) {
  Device device(apart(0.01, 0.005));
  device.given.accept = Accept{evaluate::MetricId::kld_mean, 0.001};
  EXPECT_EQ(device.examine().status, Status::cause);
}

TEST(CrossCheck, without_the_option_nothing_runs_on_the_cpu) {
  Device device(apart(0.5, 0.4));
  device.given.devices.clear();
  EXPECT_TRUE(said(device.examine()).empty());
}

}  // namespace
}  // namespace qualm::diagnose
