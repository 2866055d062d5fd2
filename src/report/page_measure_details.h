// The parts of a measurement's page that follow its table.
#pragma once

#include <string>

#include "report/page_parts.h"

namespace qualm::report {

/// The grid of cache types (rows K, columns V); with `verbose` also all that is known of each pair.
void add_kv(Page& page, const std::string& candidate, const Json& kv, bool verbose);

/// Everything about one candidate: its card, all metrics, kld by position and confidence.
void add_details(Page& page, const std::string& candidate, const Json& result);

}  // namespace qualm::report
