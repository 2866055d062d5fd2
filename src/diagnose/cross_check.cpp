#include "diagnose/cross_check.h"

#include <fmt/format.h>

#include <optional>
#include <string>

#include "diagnose/thresholds.h"
#include "evaluate/cross_check.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

using evaluate::CrossCheck;

/// Over this much KLD two runs of one model are a problem: the least that a loss of weights is.
double line_of(const Given& given) {
  const bool kld = given.accept && given.accept->metric == evaluate::MetricId::kld_mean;
  return kld ? given.accept->most : kLeastLine;
}

bool is_fault(const CrossCheck& check, double line) {
  return check.lost > 0 || check.worst_kld > kBrokenWindow ||
         (check.kld.estimate && check.kld.estimate->low > line);
}

std::string which_side(const CrossCheck& check) {
  if (check.lost > 0) return "the device is the broken side: NaN or infinite logits there alone";
  const auto& worse = check.worse.estimate;
  const bool told = check.worst_kld > kBrokenWindow;
  if ((worse && worse->low > 0) || (told && check.worst_by > 0))
    return "the device is the broken side, for it guesses the text worse";
  if ((worse && worse->high < 0) || told)
    return "the CPU is the broken side, for it guesses the text worse";
  return "which of the two is wrong cannot be told";
}

/// Against the noise floor, as far as that is known, and against what is a problem.
std::string judged(const CrossCheck& check, const std::optional<double>& floor, double line) {
  if (is_fault(check, line)) {
    const std::string most = check.worst_kld > kBrokenWindow
                                 ? fmt::format(", in one window {}", format_value(check.worst_kld))
                                 : "";
    return most + ". This is too much: " + which_side(check);
  }
  if (check.kld.estimate->high > line)
    return ". Whether that is too much cannot be told from so few windows";
  const bool noise = floor && check.kld.estimate->high <= evaluate::kFloors * *floor;
  const std::string known =
      floor ? fmt::format(", the noise floor is {}", format_value(*floor)) : "";
  return (noise ? ", within the noise floor" : known) + ". The device is not the cause";
}

void add_side(const Facts& facts, const char* model, const CrossCheck& check, Finding& finding) {
  const std::string where = fmt::format("cross_check_{}", model);
  if (!check.kld.estimate && check.lost == 0) {
    finding.evidence.push_back(
        fact(where, fmt::format("The {} on the CPU: {}", model, check.kld.absent)));
    return;
  }
  std::string says = fmt::format("The {} on {} against the CPU, {} windows: ", model,
                                 facts.given.devices, check.windows);
  says += check.kld.estimate ? "KLD " + numeric::format_estimate(*check.kld.estimate) : "no KLD";
  const double line = line_of(facts.given);
  const auto floor = facts.noise_floor();
  says += judged(check, floor ? floor->upper() : std::nullopt, line);
  if (is_fault(check, line))
    finding.faults.push_back({.kind = FaultKind::runtime,
                              .effect = Effect::prompts,
                              .where = where,
                              .says = std::move(says),
                              .value = check.kld.estimate,
                              .unit = "nat/token"});
  else
    finding.evidence.push_back({where, check.kld.estimate, "nat/token", std::move(says)});
}

}  // namespace

Known<void> add_cross_check(const Facts& facts, Finding& finding) {
  if (facts.given.devices.empty() || !facts.runs()) return {};
  QUALM_TRY(const auto* checks, facts.cross_checks());
  QUALM_CHECK(facts.noise_floor());
  add_side(facts, "candidate", checks->candidate, finding);
  if (facts.has_original()) add_side(facts, "original", checks->original, finding);
  return {};
}

}  // namespace qualm::diagnose
