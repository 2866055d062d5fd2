// Check 3: does the scheme suit the architecture?
#include "diagnose/check.h"

namespace qualm::diagnose {

Result<CheckResult> examine_architecture(Case& patient) {
  CheckResult result;
  static_cast<void>(patient);
  result.needs.push_back("this version does not restore tensor classes one by one yet");
  return result;
}

}  // namespace qualm::diagnose
