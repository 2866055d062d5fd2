#include "diagnose/loss.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

std::string shown(MetricId id, const numeric::Metric& metric) {
  if (!metric.estimate) return metric.absent.empty() ? "not measured" : metric.absent;
  return numeric::format_estimate(*metric.estimate, {.percent = metric.unit == "fraction",
                                                     .change = evaluate::row_of(id).is_change});
}

Side side(const std::optional<numeric::Estimate>& estimate, double line) {
  if (!estimate) return Side::not_separated;
  if (estimate->low > line) return Side::above;
  return estimate->high < line ? Side::below : Side::not_separated;
}

/// A line that depends on what was measured is held within these, in nat/token.
struct Bounds {
  double least = 0;
  double most = 0;
};

/// On which side of max(least, min(line, most)) a KLD lies, by its sides of the three.
Side clamped(Side of_line, const Measurement& measured, Bounds bounds) {
  const Side of_least = side_of(measured, MetricId::kld_mean, bounds.least);
  const Side of_most = side_of(measured, MetricId::kld_mean, bounds.most);
  if (of_most == Side::above || (of_line == Side::above && of_least == Side::above))
    return Side::above;
  if (of_least == Side::below || (of_line == Side::below && of_most == Side::below))
    return Side::below;
  return Side::not_separated;
}

Side with_ppl(Side by_kld, const Measurement& measured) {
  if (by_kld != Side::not_separated) return by_kld;
  const Side by_ppl = side_of(measured, MetricId::ppl_change, kPplLine);
  return by_ppl == Side::above ? Side::above : by_kld;
}

Side against(const Accept& accept, double share, const Measurement& measured) {
  return side_of(measured, accept.metric, share * accept.most);
}

}  // namespace

Side side_of(const Measurement& measured, MetricId metric, double line) {
  return side(evaluate::deciding(measured, metric, kCheckConfidence), line);
}

Side kld_against(const evaluate::Measurement& a, double factor, const evaluate::Measurement& b,
                 double confidence) {
  const auto difference = evaluate::kld_difference(a, factor, b, confidence);
  if (!difference) return Side::not_separated;
  if (difference->low > 0) return Side::above;
  return difference->high <= 0 ? Side::below : Side::not_separated;
}

Side harm(const Given& given, const Measurement& measured, const Measurement& floor,
          double confidence) {
  if (given.accept) return against(*given.accept, 1.0, measured);
  const Side by_kld = clamped(kld_against(measured, kFloorFactor, floor, confidence), measured,
                              {.least = kLeastLine, .most = kMostLine});
  return with_ppl(by_kld, measured);
}

Side excessive(const Measurement& measured, const Measurement& rtn) {
  const Side over = kld_against(measured, kMostExcess, rtn);
  if (over != Side::above) return over;
  return side_of(measured, MetricId::kld_mean, kLeastExcessLoss);
}

Side cache_harm(const Given& given, const Measurement& measured, const Measurement* line,
                double confidence) {
  if (given.accept) return against(*given.accept, kCacheOfAccepted, measured);
  const Side by_type = line ? kld_against(measured, 1.0, *line, confidence) : Side::not_separated;
  const double most = line ? std::numeric_limits<double>::infinity() : kMostCacheLine;
  return with_ppl(clamped(by_type, measured, {.least = kLeastCacheLine, .most = most}), measured);
}

std::string to_decide(const Facts& facts) {
  return facts.estimated() ? "the original model (--baseline)" : "a longer text (-f)";
}

std::optional<Grades> grades_of(const numeric::Metric& kld) {
  if (!kld.estimate) return std::nullopt;
  const auto grade = [](double value) {
    const auto* const above = std::ranges::upper_bound(kGradesFrom, value);
    return static_cast<Grade>(above - kGradesFrom.begin());
  };
  return Grades{grade(kld.estimate->low), grade(kld.estimate->high)};
}

void set_size(const Measurement& measured, Loss& loss) {
  loss.kld = evaluate::deciding(measured, MetricId::kld_mean, kCheckConfidence);
  loss.ppl_change = measured.metrics[MetricId::ppl_change].estimate;
  loss.grades = grades_of(measured.metrics[MetricId::kld_mean]);
}

std::string in_words(const Grades& grades) {
  const std::string least(to_string(grades.least));
  if (grades.least == grades.most) return least;
  const bool neighbours = static_cast<int>(grades.most) - static_cast<int>(grades.least) == 1;
  return fmt::format("{} {} {}", least, neighbours ? "or" : "to", to_string(grades.most));
}

std::string loss_in_words(const evaluate::Measurement& measurement) {
  const auto& metrics = measurement.metrics;
  const numeric::Metric& kld = metrics[MetricId::kld_mean];
  if (!kld.estimate && !kld.absent.empty() && kld.absent == metrics[MetricId::ppl_change].absent)
    return "not measured: " + kld.absent;
  if (measurement.truth_over_estimate)
    return fmt::format("estimated KLD {}", shown(MetricId::kld_mean, kld));
  return fmt::format("perplexity {}, KLD {}",
                     shown(MetricId::ppl_change, metrics[MetricId::ppl_change]),
                     shown(MetricId::kld_mean, metrics[MetricId::kld_mean]));
}

bool below_original(const Measurement& measured) {
  const auto& change = measured.metrics[MetricId::ppl_change].estimate;
  return change && change->high < kBelowOriginal;
}

std::string original_in_words(const numeric::Metric& ppl) {
  if (!ppl.estimate) return {};
  std::string text = fmt::format("Perplexity of the original on this text: {}.",
                                 numeric::format_estimate(*ppl.estimate));
  if (ppl.estimate->low > kUnusualPpl)
    text +=
        " That is unusually high: the text does not suit this model, or the original itself is "
        "damaged. Check the text, the chat template, the BOS token and the conversion of the "
        "original.";
  return text;
}

Evidence metric_evidence(const std::string& name, const evaluate::Measurement& measurement,
                         MetricId id, const std::string& says) {
  const numeric::Metric& metric = measurement.metrics[id];
  if (measurement.truth_over_estimate && metric.estimate)
    return {name, metric.estimate, metric.unit,
            fmt::format("{}, estimated: {}", says, shown(id, metric))};
  return {name, metric.estimate, metric.unit, fmt::format("{}: {}", says, shown(id, metric))};
}

Evidence quantization_error_evidence(const std::string& name,
                                     const weights::QuantizationError& error,
                                     const std::string& says) {
  const numeric::Metric relative = error.estimate();
  if (!relative.estimate)
    return {name, std::nullopt, relative.unit,
            fmt::format("{}: quantization error not estimated, {}", says, relative.absent)};
  return {name, relative.estimate, relative.unit,
          fmt::format("{}: quantization error {} of the weights' RMS (estimated from the steps in "
                      "the file)",
                      says, numeric::format_estimate(*relative.estimate, {.percent = true}))};
}

}  // namespace qualm::diagnose
