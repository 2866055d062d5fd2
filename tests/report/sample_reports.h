// Reports with made-up figures, small enough to read, that use every field.
#pragma once

#include "report/report.h"

namespace qualm::report::testing {

[[nodiscard]] MeasureReport measure_sample();
/// One file that is whole, one window: most metrics are absent.
[[nodiscard]] MeasureReport measure_without_intervals();
[[nodiscard]] DiagnoseReport diagnose_sample();
/// Evidence level L0: nothing could be run.
[[nodiscard]] DiagnoseReport diagnose_file_only();
[[nodiscard]] InspectReport inspect_sample();
/// Names with control characters, markup and bytes that are no UTF-8.
[[nodiscard]] InspectReport inspect_hostile();
/// Four tensors with errors done by hand, one only on each side, a quant of the base model.
[[nodiscard]] CompareReport compare_sample();
/// A model against itself, no base model.
[[nodiscard]] CompareReport compare_equal();
/// One healthy control, one with two causes, one that was diagnosed wrong, one that was not made.
[[nodiscard]] ClinicReport clinic_sample();
[[nodiscard]] ErrorReport error_sample();

}  // namespace qualm::report::testing
