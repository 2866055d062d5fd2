// What is asked of the figures of measure and merge: --fail-if and --pick, with their answers.
#pragma once

#include <optional>
#include <vector>

#include "diagnose/ladder.h"
#include "job/request.h"
#include "report/report.h"

namespace qualm::commands {

struct Asked {
  std::vector<job::Condition> conditions{};
  std::optional<job::Condition> pick{};
  std::int64_t memory = 0;  ///< bytes that a model may take
  std::size_t candidates = 1;
  bool by_pack = false;  ///< a pack stands in for the original: of one position it knows little
};

/// The conditions of the request, about so many candidates. REQUEST-002, REQUEST-008.
[[nodiscard]] Result<Asked> asked_of(const job::Request& request, std::size_t candidates);

/// All conditions on all candidates share one error: the exit code is one answer, and so is the
/// pick.
[[nodiscard]] double confidence_of(const Asked& asked);

/// A limit for the choice among several candidates: the user's; qualm's where nothing else is
/// asked.
[[nodiscard]] std::optional<job::Condition> limit_of_choice(const Asked& asked);

/// By a pack: what only single positions tell is not known.
void leave_out_single_positions(evaluate::Metrics& metrics);

/// Adds the answer to each condition, of the result that was added last.
void add_gates(const Asked& asked, report::MeasureReport& report);

/// Absent where there is no choice.
[[nodiscard]] std::optional<diagnose::Ladder> ladder(const Asked& asked,
                                                     const report::MeasureReport& report);

[[nodiscard]] int exit_code_of(const report::MeasureReport& report);

}  // namespace qualm::commands
