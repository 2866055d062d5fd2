// `qualm merge`: reports of `qualm measure` of other windows, or of other candidates, as one.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "commands/answers.h"
#include "commands/commands.h"
#include "commands/measure_document.h"
#include "commands/session.h"
#include "evaluate/summary.h"
#include "experiment/positions_file.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

using evaluate::WindowScores;
using report::MeasureReport;
using report::MeasureResult;

struct Part {
  std::string path;
  MeasureReport report;
};

/// What two results must have in common.
struct Trait {
  const char* name;
  std::string value;
  const char* advice;
};

std::string short_hash(const std::string& hash) {
  constexpr std::size_t kShown = 12;
  return hash.size() <= kShown ? hash : hash.substr(0, kShown) + "...";
}

std::array<Trait, 9> traits(const MeasureReport& report, const MeasureResult& result) {
  const engine::Settings& s = result.settings;
  return {
      {{"version of qualm", report.tool.version, "Measure with the same version."},
       {"version of libllama", report.tool.libllama, "Measure with the same version."},
       {"context size", fmt::format("{}", s.ctx_size), "Measure with the same -c."},
       {"protocol", result.protocol, "Measure with the same --protocol."},
       {"cache, flash attention, batch",
        fmt::format("K {}, V {}, {}, -b {}, -ub {}", s.type_k, s.type_v, s.flash_attn, s.batch,
                    s.ubatch),
        "Measure with the same settings."},
       {"text", result.hashes.text, "Measure on the same text, with the same --chunks."},
       {"windows of the text", fmt::format("{}", result.measurement.windows_total),
        "Measure on the same text, with the same --chunks."},
       {"original", result.hashes.original, "Measure against the same file."},
       {"reference pack", report.reference ? "one" : "none", "Measure against the same file."}}};
}

/// The same text, original and settings as the first result; and all windows that it was to read.
Result<void> check_fits(const Part& first, const Part& part, const MeasureResult& result) {
  const auto expected = traits(first.report, first.report.results.front());
  const auto found = traits(part.report, result);
  for (std::size_t i = 0; i < expected.size(); ++i)
    if (expected[i].value != found[i].value)
      return fail({Kind::input, "MERGE-003", part.path, expected[i].name,
                   fmt::format("{} as in {}", short_hash(expected[i].value), first.path),
                   short_hash(found[i].value), expected[i].advice});
  const evaluate::Measurement& measured = result.measurement;
  if (measured.stopped_early)
    return fail({Kind::input, "MERGE-005", part.path, result.candidate.path,
                 "a run that did not stop early",
                 fmt::format("{} of {} windows: the result was already decided",
                             measured.windows.size(), measured.windows_total),
                 "Measure again with --full or --windows."});
  return {};
}

/// The larger of two: a KLD is compared with the machine that tells it worst.
void take_larger(const numeric::Metric& other, numeric::Metric& floor) {
  if (other.estimate && (!floor.estimate || other.estimate->high > floor.estimate->high))
    floor = other;
}

WindowScores* find_window(MeasureResult& result, std::int32_t index) {
  auto& windows = result.measurement.windows;
  const auto at = std::ranges::lower_bound(windows, index, {}, &WindowScores::window);
  return at != windows.end() && at->window == index ? &*at : nullptr;
}

/// Windows that both have count once.
Result<void> add_windows(const Part& part, const MeasureResult& more, MeasureResult& result) {
  std::vector<WindowScores> added;
  for (const WindowScores& window : more.measurement.windows) {
    const WindowScores* const known = find_window(result, window.window);
    if (!known) {
      added.push_back(window);
    } else if (known->sums != window.sums) {
      return fail({Kind::input, "MERGE-004", part.path,
                   fmt::format("{}, window {}", more.candidate.path, window.window),
                   "the figures that another report has for this window", "other figures",
                   "Give each window to one machine with --windows."});
    }
  }
  auto& windows = result.measurement.windows;
  windows.insert(windows.end(), added.begin(), added.end());
  std::ranges::sort(windows, {}, &WindowScores::window);
  take_larger(more.noise_floor.original, result.noise_floor.original);
  take_larger(more.noise_floor.candidate, result.noise_floor.candidate);
  return {};
}

/// All results, one for each candidate by content, in the order of the reports.
Result<std::vector<MeasureResult>> join(const std::vector<Part>& parts) {
  std::vector<MeasureResult> results;
  for (const Part& part : parts)
    for (const MeasureResult& one : part.report.results) {
      QUALM_CHECK(check_fits(parts.front(), part, one));
      auto known = std::ranges::find(results, one.hashes.candidate,
                                     [](const MeasureResult& r) { return r.hashes.candidate; });
      if (known == results.end()) {
        known = results.insert(results.end(), one);
        known->measurement.windows.clear();
      }
      QUALM_CHECK(add_windows(part, one, *known));
    }
  return results;
}

Error other_positions(const std::string& path, std::string place, std::string expected) {
  return {Kind::input,
          "MERGE-006",
          path,
          std::move(place),
          std::move(expected),
          "others",
          "Give the file that the same run wrote."};
}

/// The scores of each window in place of its sums, which they must have.
Result<void> take_positions(const std::string& path, experiment::Positions positions,
                            std::vector<MeasureResult>& results) {
  const auto of = std::ranges::find_if(results, [&](const MeasureResult& r) {
    return r.hashes.candidate == positions.candidate && r.hashes.original == positions.original &&
           r.hashes.text == positions.text;
  });
  if (of == results.end())
    return fail(other_positions(path, "candidate " + short_hash(positions.candidate),
                                "candidate, original and text of a report"));
  for (WindowScores& scores : positions.windows) {
    WindowScores* const window = find_window(*of, scores.window);
    if (!window || evaluate::sums_of(*window) != evaluate::sums_of(scores))
      return fail(other_positions(path,
                                  fmt::format("{}, window {}", of->candidate.path, scores.window),
                                  "a window of the reports, with their figures"));
    *window = std::move(scores);
  }
  return {};
}

Result<void> add_positions(const std::vector<std::string>& paths,
                           std::vector<MeasureResult>& results) {
  if (paths.empty()) return {};
  for (const std::string& path : paths) {
    QUALM_TRY(const auto file, map_file(path));
    QUALM_TRY(auto all, experiment::read_positions(file));
    for (experiment::Positions& one : all)
      QUALM_CHECK(take_positions(path, std::move(one), results));
  }
  for (const MeasureResult& result : results)
    for (const WindowScores& window : result.measurement.windows)
      if (window.sums)
        return fail({Kind::input, "MERGE-007", result.candidate.path,
                     fmt::format("window {}", window.window), "its scores in a file of --positions",
                     "none", "Give the files of all runs, or none."});
  return {};
}

Result<std::vector<Part>> read_parts(const std::vector<std::string>& paths) {
  std::vector<Part> parts;
  for (const std::string& path : paths) {
    QUALM_TRY(const auto file, map_file(path));
    QUALM_TRY(auto report, read_measure_document(*file));
    parts.push_back({path, std::move(report)});
  }
  return parts;
}

}  // namespace

Result<job::Outcome> merge(const job::Request& request) {
  QUALM_TRY(const auto parts, read_parts(request.merge.reports));
  QUALM_TRY(auto results, join(parts));
  QUALM_CHECK(add_positions(request.merge.positions, results));
  QUALM_TRY(Asked asked, asked_of(request, results.size()));
  MeasureReport report = parts.front().report;
  asked.by_pack = report.reference.has_value();
  report.results.clear();
  report.command_line = command_line_of(request);
  for (MeasureResult& result : results) {
    evaluate::summarize(result.measurement);
    if (asked.by_pack) leave_out_single_positions(result.measurement.metrics);
    report.results.push_back(std::move(result));
    add_gates(asked, report);
  }
  report.ladder = ladder(asked, report);
  return job::Outcome{report::to_json(report), exit_code_of(report)};
}

}  // namespace qualm::commands
