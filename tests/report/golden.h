// Comparing bytes with a file of the repository.
#pragma once

#include <gtest/gtest.h>

#include <string>

namespace qualm::report::testing {

/// Passes if tests/report/golden/<name> holds exactly `bytes`; else shows the first line that
/// differs. With UPDATE_GOLDEN=1 in the environment, writes the file and passes: look at the diff.
[[nodiscard]] ::testing::AssertionResult equals_golden(const std::string& bytes,
                                                       const std::string& name);

}  // namespace qualm::report::testing
