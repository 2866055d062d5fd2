#include "probe/symptom.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "numeric/cluster.h"
#include "numeric/distributions.h"
#include "numeric/random.h"

namespace qualm::probe {
namespace {

constexpr int kFlips = 9999;

numeric::Metric share(std::int64_t k, std::int64_t n, const std::string& unit) {
  return {numeric::wilson_interval(k, n), unit, ""};
}

numeric::Metric mean_of(std::span<const double> values, const std::string& unit) {
  std::vector<numeric::ClusterSum> clusters;
  for (const double value : values) clusters.push_back({value, 1});
  const auto mean = numeric::cluster_mean(clusters);
  return {mean, unit, mean ? "" : "fewer than 2 texts"};
}

/// Of that figure; what it is compared with comes later.
Symptom begun(const FigureRow& row) {
  Symptom s{.symptom = row.symptom, .figure = row.id};
  s.control = s.difference = {std::nullopt, std::string(row.unit), "nothing to compare with"};
  return s;
}

bool shown_by_control(const Symptom& s) {
  return s.control.estimate && row_of(*s.figure).statistic == Statistic::share &&
         s.control.estimate->low >= kShownByControl;
}

}  // namespace

std::string_view to_string(Symptom::Finding finding) noexcept {
  switch (finding) {
    case Symptom::Finding::worse:
      return "worse";
    case Symptom::Finding::shared:
      return "shared";
    case Symptom::Finding::alike:
      return "alike";
    case Symptom::Finding::no_control:
      return "no_control";
    case Symptom::Finding::not_examined:
      break;
  }
  return "not_examined";
}

std::string_view figure_name(const Symptom& symptom) noexcept {
  return symptom.figure ? row_of(*symptom.figure).name : row_of(symptom.symptom).name;
}

Symptom of_shares(FigureId figure, const std::vector<bool>& candidate,
                  const std::vector<bool>& control) {
  Symptom s = begun(row_of(figure));
  const std::string unit(row_of(figure).unit);
  const auto n = static_cast<std::int64_t>(candidate.size());
  if (n == 0) {
    s.candidate = {std::nullopt, unit, "no text was written"};
    return s;
  }
  s.candidate = share(std::ranges::count(candidate, true), n, unit);
  s.finding = Symptom::Finding::no_control;
  if (control.size() != candidate.size()) return s;
  std::int64_t both = 0;
  std::int64_t only = 0;
  std::int64_t other = 0;
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    both += candidate[i] && control[i] ? 1 : 0;
    only += candidate[i] && !control[i] ? 1 : 0;
    other += !candidate[i] && control[i] ? 1 : 0;
  }
  s.control = share(both + other, n, unit);
  s.difference = {numeric::newcombe_paired(both, only, other, n - both - only - other), unit, ""};
  s.p_value = numeric::mcnemar_exact(only, other);
  s.finding = Symptom::Finding::alike;
  return s;
}

Symptom of_means(FigureId figure, std::span<const double> candidate,
                 std::span<const double> control) {
  Symptom s = begun(row_of(figure));
  const std::string unit(row_of(figure).unit);
  const bool paired = control.size() == candidate.size();
  std::vector<double> own;
  std::vector<double> theirs;
  std::vector<double> differences;
  for (std::size_t i = 0; i < candidate.size(); ++i) {
    if (!std::isfinite(candidate[i]) || (paired && !std::isfinite(control[i]))) continue;
    own.push_back(candidate[i]);
    if (!paired) continue;
    theirs.push_back(control[i]);
    differences.push_back(candidate[i] - control[i]);
  }
  s.candidate = mean_of(own, unit);
  if (!s.candidate.estimate) return s;
  s.finding = Symptom::Finding::no_control;
  if (!paired) return s;
  s.control = mean_of(theirs, unit);
  s.difference = mean_of(differences, unit);
  s.p_value = sign_flip(differences).value_or(1.0);
  s.finding = Symptom::Finding::alike;
  return s;
}

std::optional<double> sign_flip(std::span<const double> differences) {
  double seen = 0;
  bool any = false;
  for (const double d : differences) {
    seen += d;
    any = any || d != 0;
  }
  if (!any) return std::nullopt;
  // Sums of the same terms in the same order: only the signs differ, so that a tie is a tie.
  const double limit = std::abs(seen) * (1 - 1e-12);
  int as_far = 0;
  numeric::Random random(1);
  for (int flip = 0; flip < kFlips; ++flip) {
    double sum = 0;
    for (const double d : differences) sum += random.next() >> 63U != 0 ? d : -d;
    as_far += std::abs(sum) >= limit ? 1 : 0;
  }
  return (1.0 + as_far) / (1.0 + kFlips);
}

void settle(std::span<Symptom> symptoms) {
  std::vector<Symptom*> tested;
  for (Symptom& s : symptoms)
    if (s.figure && s.p_value && s.difference.estimate) tested.push_back(&s);
  std::ranges::stable_sort(tested, {}, [](const Symptom* s) { return *s->p_value; });
  double adjusted = 0;
  for (std::size_t i = 0; i < tested.size(); ++i) {
    Symptom& s = *tested[i];
    adjusted = std::max(adjusted, *s.p_value * static_cast<double>(tested.size() - i));
    const double change = s.difference.estimate->value;
    const bool bad_way = row_of(*s.figure).more_is_worse ? change > 0 : change < 0;
    if (adjusted < kSignificance && bad_way)
      s.finding = Symptom::Finding::worse;
    else
      s.finding = shown_by_control(s) ? Symptom::Finding::shared : Symptom::Finding::alike;
  }
}

}  // namespace qualm::probe
