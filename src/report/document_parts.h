// Pieces that the documents of several commands share. Only for the document_*.cpp files.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string_view>

#include "report/document.h"

namespace qualm::report {

/// {schema_version, command, tool}: how every document begins.
[[nodiscard]] Json heading(std::string_view command, const Tool& tool);

/// {absent: reason}.
[[nodiscard]] Json absent(std::string_view reason);

/// A number that is finite, else {absent: "not a finite number"}.
[[nodiscard]] Json number(double value);

/// A metric. Of a change (`ppl_change`, `delta_p_mean`) it also says whether its interval is
/// `separated` from 0.
[[nodiscard]] Json metric(std::string_view name, const numeric::Metric& metric);

/// The same from an estimate that is there, without `separated`.
[[nodiscard]] Json metric(const numeric::Estimate& estimate, std::string_view unit);

[[nodiscard]] Json metrics(const std::map<std::string, numeric::Metric>& metrics);
[[nodiscard]] Json buckets(const std::vector<evaluate::Bucket>& buckets);
[[nodiscard]] Json card(const ModelCard& card);
[[nodiscard]] Json windows(std::int64_t read, std::int64_t total);
[[nodiscard]] Json settings(const engine::Settings& settings);
/// {"id", "says"}: something worth knowing about the figures.
[[nodiscard]] Json note(std::string_view id, std::string_view says);

}  // namespace qualm::report
