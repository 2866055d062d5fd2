// A toy check: shows what adding a cause takes.
#include "diagnose/checks.h"

namespace qualm::diagnose {

Known<Finding> check_sampler(const Facts& facts) {
  Finding finding{.headline = "temperature and the like were not told"};
  if (facts.paired()) finding.needs.emplace_back("the sampler's settings");
  return finding;
}

}  // namespace qualm::diagnose
