// A document as JUnit XML, for the test reports of CI systems.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

namespace qualm::report {

/// One test case for each question of the command: a check of diagnose, a --fail-if of measure (and
/// whether positions were lost), a case of clinic and demo, the integrity of inspect. What was not
/// examined is skipped, what cannot be told or failed to run is an error. Any JSON value is
/// accepted.
[[nodiscard]] std::string junit(const nlohmann::ordered_json& document);

}  // namespace qualm::report
