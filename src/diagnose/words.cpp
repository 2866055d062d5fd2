#include "diagnose/words.h"

#include <fmt/format.h>

#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

const numeric::Metric* find(const evaluate::Measurement& m, const std::string& name) {
  const auto it = m.metrics.find(name);
  return it == m.metrics.end() ? nullptr : &it->second;
}

std::string shown(const numeric::Metric& metric, bool change) {
  if (!metric.estimate) return metric.absent;
  return numeric::format_estimate(*metric.estimate,
                                  {.percent = metric.unit == "fraction", .change = change});
}

}  // namespace

std::string loss_in_words(const evaluate::Measurement& measurement) {
  const auto* ppl = find(measurement, "ppl_change");
  const auto* kld = find(measurement, "kld_mean");
  return fmt::format("ppl {}   kld {}", ppl ? shown(*ppl, true) : "not measured",
                     kld ? shown(*kld, false) : "not measured");
}

Evidence metric_evidence(const std::string& name, const evaluate::Measurement& measurement,
                         const std::string& metric, const std::string& says) {
  const auto* found = find(measurement, metric);
  if (!found) return {name, std::nullopt, "", says + ": not measured"};
  return {name, found->estimate, found->unit,
          fmt::format("{}: {}", says, shown(*found, metric == "ppl_change"))};
}

Evidence rounding_evidence(const std::string& name, const compare::Rounding& rounding,
                           const std::string& says) {
  const numeric::Metric error = rounding.estimate();
  if (!error.estimate)
    return {name, std::nullopt, error.unit,
            fmt::format("{}: error of rounding not estimated, {}", says, error.absent)};
  return {
      name, error.estimate, error.unit,
      fmt::format("{}: rounded by {} of their root mean square, estimated from the steps in the "
                  "file",
                  says, numeric::format_estimate(*error.estimate, {.percent = true}))};
}

Evidence fact(const std::string& name, const std::string& says) {
  return {name, std::nullopt, "", says};
}

}  // namespace qualm::diagnose
