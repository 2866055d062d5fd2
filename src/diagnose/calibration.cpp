// Check 4: was it calibrated on other text than it is used for?
#include "diagnose/check.h"

namespace qualm::diagnose {

Result<CheckResult> examine_calibration(Case& patient) {
  CheckResult result;
  static_cast<void>(patient);
  result.needs.push_back("this version does not compare text domains yet");
  return result;
}

}  // namespace qualm::diagnose
