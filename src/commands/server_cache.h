// Which cache a server has, found by what it answers.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/error.h"
#include "commands/diagnose_session.h"
#include "experiment/experiment.h"

namespace qualm::commands {

/// Of K and V.
using CacheTypes = std::pair<std::string, std::string>;

/// The diagnosis goes on as if the user had named these types. `how` goes into the report.
void set_cache(Session& session, const CacheTypes& types, const std::string& how);

/// Which cache a server has.
struct FoundCache {
  std::optional<CacheTypes> types;  ///< absent: not known
  std::string says;
};
/// Runs the server's file with one cache after the other on a few windows: the one by which it
/// answers as the server does is the server's. Where none does clearly, the cache is not known.
/// Errors: those of the server and the engine.
[[nodiscard]] Result<FoundCache> find_cache(experiment::Experiment& experiment,
                                            const experiment::Variant& reference);

}  // namespace qualm::commands
