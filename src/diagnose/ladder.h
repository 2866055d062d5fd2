// Files and quant types by size, each with its loss: which is the smallest that loses little
// enough.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "diagnose/facts.h"
#include "diagnose/finding.h"
#include "evaluate/measurement.h"

namespace qualm::diagnose {

/// A file, or the original as a quant type.
struct Rung {
  std::string name;  ///< path of a file, or "Q5_K_M"
  std::int64_t file_bytes = 0;
  std::optional<std::int64_t> cache_bytes{};  ///< at the context that was measured
  std::optional<bool> fits{};                 ///< both into the memory; absent: not known
  bool yours = false;                         ///< the candidate of a diagnosis
  bool lost = false;                          ///< it has positions without finite logits
  Side limit = Side::not_separated;           ///< below: it certainly keeps the limit
  std::int64_t windows = 0;                   ///< it was measured on
  numeric::Metric kld{};
  numeric::Metric ppl_change{};
};

struct Ladder {
  std::string limit;        ///< "kld_mean<0.06"
  std::int64_t memory = 0;  ///< bytes that weights and cache may take
  bool estimated = false;   ///< for want of an original
  std::vector<Rung> rungs{};
  std::optional<std::size_t> smallest{};  ///< the first rung that keeps the limit
  std::optional<std::size_t> picked{};    ///< the first one that also fits, if its size is known
};

/// What was measured of it; the answer about the limit is the caller's.
[[nodiscard]] Rung rung_of(std::string name, const evaluate::Measurement& measured);

/// The smallest first, with what fits and which one to take.
[[nodiscard]] Ladder in_order(Ladder ladder);

/// The candidate's weights and every quant type that was measured against the original, all with an
/// F16 cache: nothing is measured for this. A type that was measured on the selection windows has
/// its figures there, else those of the holdout windows. Precondition: facts.paired().
[[nodiscard]] Known<Ladder> ladder_of(const Facts& facts);

}  // namespace qualm::diagnose
