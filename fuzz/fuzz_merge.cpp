// Any bytes at all as what `qualm merge` reads: a report of `qualm measure`, or the scores of
// every position. It is refused with a code, or all that it says is within bounds.
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "commands/measure_document.h"
#include "evaluate/summary.h"
#include "experiment/positions_file.h"
#include "support.h"

namespace {

using namespace qualm;
using fuzz::demand;

void check_report(const FileSource& file) {
  auto report = commands::read_measure_document(file);
  if (!report) return fuzz::demand_code(report.error());
  demand(!report->results.empty(), "a report has results");
  for (report::MeasureResult& result : report->results) {
    for (const evaluate::WindowScores& window : result.measurement.windows)
      demand(window.window >= 0 && window.window < result.measurement.windows_total,
             "a window outside the text");
    evaluate::summarize(result.measurement);
  }
}

void check_positions(const std::shared_ptr<const FileSource>& file) {
  const auto all = experiment::read_positions(file);
  if (!all) return fuzz::demand_code(all.error());
  for (const experiment::Positions& one : *all)
    for (const evaluate::WindowScores& window : one.windows)
      for (const evaluate::Score& score : window.scores)
        demand(std::isfinite(score.nll_q) && score.position >= 0, "a score that cannot be");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto file = std::make_shared<fuzz::Borrowed>("input", std::as_bytes(std::span(data, size)));
  if (size > 0 && data[0] == '{') {
    check_report(*file);
  } else {
    check_positions(file);
  }
  return 0;
}
