// What reading every weight of a model shows.
#pragma once

#include <vector>

#include "base/error.h"
#include "base/progress.h"
#include "model/checkpoint.h"
#include "report/report.h"

namespace qualm::app {

/// At most 50 findings of each kind.
struct Health {
  std::vector<report::Finding> damage;  ///< weights that are no numbers
  /// Rows of zeros and of one value: a baseline has to say whether they are wrong.
  std::vector<report::Finding> notable;
};

/// Decodes every block of every tensor that holds weights. Errors: those of codec::verify.
[[nodiscard]] Result<Health> examine_weights(const model::Checkpoint& checkpoint,
                                             Progress& progress);

}  // namespace qualm::app
