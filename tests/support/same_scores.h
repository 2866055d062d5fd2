// Scores that were written and read again.
#pragma once

#include <gtest/gtest.h>

#include "evaluate/measurement.h"

namespace qualm::test {

inline void expect_same(const evaluate::Score& a, const evaluate::Score& b) {
  EXPECT_EQ(a.nll_p, b.nll_p);
  EXPECT_EQ(a.nll_q, b.nll_q);
  EXPECT_EQ(a.kld, b.kld);
  EXPECT_EQ(a.delta_p, b.delta_p);
  EXPECT_EQ(a.confidence, b.confidence);
  EXPECT_EQ(a.position, b.position);
  EXPECT_EQ(a.same_top, b.same_top);
  EXPECT_EQ(a.finite, b.finite);
  EXPECT_EQ(a.lost, b.lost);
}

}  // namespace qualm::test
