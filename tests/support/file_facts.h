// Facts of checkpoints in memory, found as `qualm diagnose` finds those of files.
#pragma once

#include <gtest/gtest.h>

#include "diagnose/facts.h"
#include "diagnose/metadata_difference.h"
#include "weights/origin.h"
#include "weights/quantization_error.h"

namespace qualm::test {

/// All that the files say of facts.given, but for their integrity.
inline void read_files(diagnose::Facts& facts) {
  const diagnose::Given& given = facts.given;
  Progress silent;
  if (!given.baseline || !facts.files.not_comparable.empty())
    facts.read_weights.quantization_error =
        weights::quantization_error_by_class(*given.candidate, silent);
  if (!given.baseline) return;
  facts.files.differences = diagnose::differences(*given.candidate, *given.baseline);
  auto origin = weights::provenance(*given.candidate, *given.baseline, given.base_model, 1, silent);
  ASSERT_TRUE(origin) << describe(origin.error());
  facts.read_weights.origin = *std::move(origin);
}

}  // namespace qualm::test
