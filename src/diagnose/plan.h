// What a diagnosis will measure as a rule: for the plan that is shown, and for the time left.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "diagnose/facts.h"
#include "diagnose/wanted.h"

namespace qualm::diagnose {

/// Windows that one model is to read.
struct Planned {
  std::string model;  ///< for people: "original", "candidate", "Q4_K_M"
  std::int64_t windows = 0;
  bool of_original = false;  ///< it is as fast as the original; else as the candidate
};

/// What a stage reads as a rule, by what is known so far. Empty: nothing, or nobody can say.
[[nodiscard]] std::vector<Planned> planned(Stage stage, const Facts& facts);

/// For people, where it has readings.
[[nodiscard]] std::string_view title_of(Stage stage) noexcept;

}  // namespace qualm::diagnose
