// The real program, run as a user runs it, with a cache of its own.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/places.h"
#include "support/process.h"

namespace qualm::test {

/// What `qualm` is to be run with, in a scratch folder that is also its cache and its $PWD.
inline Command qualm(const Scratch& scratch, std::vector<std::string> words) {
  words.insert(words.begin(), QUALM_PROGRAM);
  return {.words = std::move(words),
          .environment = {{"XDG_CACHE_HOME", scratch.path("cache")}, {"NO_COLOR", "1"}},
          .folder = scratch.path()};
}

inline Ended run_qualm(const Scratch& scratch, std::vector<std::string> words) {
  return run(qualm(scratch, std::move(words)));
}

/// The document of a command that is given --format json; null where it wrote none.
inline nlohmann::json document(const Ended& ended) {
  auto parsed = nlohmann::json::parse(ended.out, nullptr, false);
  return parsed.is_discarded() ? nlohmann::json() : parsed;
}

}  // namespace qualm::test
