// A report of `qualm measure`, read back from its JSON: what `qualm merge` needs of it.
#pragma once

#include "base/error.h"
#include "base/file.h"
#include "report/report.h"

namespace qualm::commands {

/// Models, settings, hashes, the sums of each window and the noise floor. Metrics, buckets, cache
/// types, tokens, conditions and the ladder are not read. The file is untrusted. Errors: JSON-*,
/// MERGE-001 no report of measure, MERGE-002 a field is missing or cannot be.
[[nodiscard]] Result<report::MeasureReport> read_measure_document(const FileSource& file);

}  // namespace qualm::commands
