// The report is a JSON document; this makes it. Fields: docs/reports.md. Schema: `qualm explain
// --schema`.
//
// Conventions. A metric is {value, low, high, unit}; without an interval {value, interval:
// "absent", unit}; unknown {absent: reason}. Any other thing that may be unknown is {absent:
// reason} in its place. A NaN or an infinity never gets into a document. Strings are UTF-8: other
// bytes are replaced.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "report/report.h"

namespace qualm::report {

using Json = nlohmann::ordered_json;

[[nodiscard]] Json to_json(const MeasureReport& report);
[[nodiscard]] Json to_json(const DiagnoseReport& report);
[[nodiscard]] Json to_json(const InspectReport& report);
[[nodiscard]] Json to_json(const CompareReport& report);
[[nodiscard]] Json to_json(const DemoReport& report);
[[nodiscard]] Json to_json(const ClinicReport& report);
[[nodiscard]] Json to_json(const RepairReport& report);
[[nodiscard]] Json to_json(const PackReport& report);
[[nodiscard]] Json to_json(const PlanReport& report);
[[nodiscard]] Json to_json(const ModelsReport& report);
[[nodiscard]] Json to_json(const ErrorReport& report);

/// Adds `named` to the document of any command; nothing where there is none.
void add_names(const std::vector<NamedModel>& models, Json& document);

}  // namespace qualm::report
