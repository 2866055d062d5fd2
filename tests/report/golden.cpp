#include "report/golden.h"

#include <cstdlib>
#include <fstream>
#include <sstream>

namespace qualm::report::testing {
namespace {

std::string first_difference(const std::string& golden, const std::string& actual) {
  std::istringstream wanted(golden), found(actual);
  std::string wanted_line, found_line;
  for (int line = 1;; ++line) {
    const bool more_wanted = static_cast<bool>(std::getline(wanted, wanted_line));
    const bool more_found = static_cast<bool>(std::getline(found, found_line));
    if (!more_wanted && !more_found) return "only the last line break differs";
    if (more_wanted && more_found && wanted_line == found_line) continue;
    return "line " + std::to_string(line) + "\n- " + (more_wanted ? wanted_line : "(end)") +
           "\n+ " + (more_found ? found_line : "(end)");
  }
}

}  // namespace

::testing::AssertionResult equals_golden(const std::string& bytes, const std::string& name) {
  const std::string path = std::string(QUALM_SOURCE_DIR "/tests/report/golden/") + name;
  if (std::getenv("UPDATE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << bytes;
    return ::testing::AssertionSuccess();
  }
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return ::testing::AssertionFailure() << path << " is missing: run with UPDATE_GOLDEN=1";
  const std::string golden((std::istreambuf_iterator<char>(file)),
                           std::istreambuf_iterator<char>());
  if (golden == bytes) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << name << ": " << first_difference(golden, bytes)
                                       << "\n(all of it: UPDATE_GOLDEN=1, then git diff)";
}

}  // namespace qualm::report::testing
