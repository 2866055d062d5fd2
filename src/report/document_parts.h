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

/// Absent, with `why`, where there is none. `kld`, of `windows` windows: what it is a part of.
/// Draws are independent, so of more windows than were checked it is smaller by the root of how
/// many more.
[[nodiscard]] Json reference_error(const std::optional<ReferenceError>& error,
                                   const numeric::Metric& kld, std::int64_t windows,
                                   std::string_view why);

/// A number that is finite, else {absent: "not a finite number"}.
[[nodiscard]] Json number(double value);

/// A metric. Of a change (MetricRow::is_change) it also says whether its interval is `separated`
/// from 0.
[[nodiscard]] Json metric(evaluate::MetricId id, const numeric::Metric& metric);
/// A value that is no metric of a measurement.
[[nodiscard]] Json metric(const numeric::Metric& metric);

/// The same for a value that is known.
[[nodiscard]] Json metric(const numeric::Estimate& estimate, std::string_view unit);

enum class Which { all, in_tables };
/// By name, in the order of the table of metrics.
[[nodiscard]] Json metrics(const evaluate::Metrics& metrics, Which which = Which::all);
[[nodiscard]] Json buckets(const std::vector<evaluate::Bucket>& buckets);
[[nodiscard]] Json card(const std::optional<ServerCard>& server);
[[nodiscard]] Json card(const ModelCard& card);
[[nodiscard]] Json card(const ReferenceCard& reference);
[[nodiscard]] Json windows(std::int64_t read, std::int64_t total);
/// Both sides of the noise floor.
[[nodiscard]] Json noise_floor(const evaluate::NoiseFloor& floor);
[[nodiscard]] Json settings(const engine::Settings& settings);
/// A text token by token; its fields: docs/reports.md.
[[nodiscard]] Json to_json(const TokenView& view);
/// The error of each tensor.
[[nodiscard]] Json to_json(const weights::WeightMap& map);
/// Adds depth, confidence, domains, weights and tokens.
void add_where(const WhereLost& where, Json& document);
[[nodiscard]] Json memory(const MemoryUse& memory);
/// The command line, or why it is not known.
[[nodiscard]] Json command_line(const std::string& line);
/// Files and quant types by size, and which one to take.
[[nodiscard]] Json to_json(const diagnose::Ladder& ladder);
/// {"id", "says"}: something worth knowing about the figures.
[[nodiscard]] Json note(std::string_view id, std::string_view says);

}  // namespace qualm::report
