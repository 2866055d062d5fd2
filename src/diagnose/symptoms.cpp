#include "diagnose/symptoms.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <span>
#include <vector>

#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

struct Range {
  std::int32_t first = std::numeric_limits<std::int32_t>::max();
  std::int32_t last = 0;
};

Range scored_positions(const evaluate::Measurement& measurement) {
  Range range;
  for (const auto& window : measurement.windows)
    for (const auto& score : window.scores) {
      range.first = std::min(range.first, score.position);
      range.last = std::max(range.last, score.position);
    }
  return range;
}

/// Mean kld of the window's positions in [begin, end); NaN where there is none.
double mean_kld(const evaluate::WindowScores& window, std::int32_t begin, std::int32_t end) {
  double sum = 0;
  std::int64_t count = 0;
  for (const auto& score : window.scores) {
    if (!score.finite || score.position < begin || score.position >= end) continue;
    sum += score.kld;
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : kNone;
}

}  // namespace

probe::Symptom long_context(const evaluate::Measurement& measurement) {
  const Range range = scored_positions(measurement);
  const std::int32_t middle = range.last / 2 + 1;
  std::vector<double> late;
  std::vector<double> early;
  for (const auto& window : measurement.windows) {
    late.push_back(mean_kld(window, middle, range.last + 1));
    early.push_back(mean_kld(window, 0, middle));
  }
  probe::Symptom s = probe::of_means(probe::FigureId::kld_late, late, early);
  probe::settle(std::span(&s, 1));
  if (!s.candidate.estimate || !s.control.estimate) {
    s.finding = probe::Symptom::Finding::not_examined;
    s.says = "Not examined: the text is too short";
    return s;
  }
  s.says = fmt::format("{} (tokens {} to {}): {}; before: {}",
                       probe::row_of(probe::FigureId::kld_late).label, middle, range.last + 1,
                       numeric::format_estimate(*s.candidate.estimate),
                       numeric::format_estimate(*s.control.estimate));
  return s;
}

const probe::Symptom* shared_with_original(const Facts& facts) {
  using enum probe::Symptom::Finding;
  if (!facts.written || !facts.has_original()) return nullptr;
  const probe::Symptom* found = nullptr;
  for (const probe::Symptom& s : *facts.written) {
    if (s.symptom != facts.given.asked_symptom) continue;
    if (s.finding == worse) return nullptr;
    if (s.finding == shared && !found) found = &s;
  }
  return found;
}

}  // namespace qualm::diagnose
