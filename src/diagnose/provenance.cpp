// Check 5: is it a quant of another model?
#include "diagnose/check.h"

namespace qualm::diagnose {

Result<CheckResult> examine_provenance(Case& patient) {
  CheckResult result;
  static_cast<void>(patient);
  result.needs.push_back("the suspected other model (--base-model)");
  return result;
}

}  // namespace qualm::diagnose
