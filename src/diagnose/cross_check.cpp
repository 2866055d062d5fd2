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
  return check.lost > 0 || (check.kld.estimate && check.kld.estimate->low > line);
}

/// Against the noise floor, as far as it is known.
std::string beside_floor(const CrossCheck& check, const std::optional<double>& floor) {
  if (!floor) return "";
  const double most = evaluate::kFloors * *floor;
  if (check.kld.estimate->high <= most) return ", within the noise floor";
  return fmt::format(", the noise floor is {}", format_value(*floor));
}

std::string which_side(const CrossCheck& check) {
  if (check.lost > 0) return "the device is the broken side: NaN or infinite logits there alone";
  if (!check.worse.estimate) return "one of the two is wrong";
  if (check.worse.estimate->low > 0)
    return fmt::format("the device is the broken side: the text is guessed worse there, by {} nat",
                       numeric::format_estimate(*check.worse.estimate));
  if (check.worse.estimate->high < 0)
    return "the CPU is the broken side: the text is guessed worse there";
  return "which of the two is wrong cannot be told";
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
  says += check.kld.estimate
              ? "KLD " + numeric::format_estimate(*check.kld.estimate) +
                    beside_floor(check, facts.noise_floor() ? facts.noise_floor()->upper()
                                                            : std::nullopt)
              : "no KLD";
  const bool fault = is_fault(check, line_of(facts.given));
  says += fault ? ". This is too much: " + which_side(check) : ". The device is not the cause";
  finding.evidence.push_back({where, check.kld.estimate, "nat/token", says});
  if (fault)
    finding.faults.push_back({.kind = FaultKind::runtime,
                              .effect = Effect::prompts,
                              .where = where,
                              .says = std::move(says),
                              .value = check.kld.estimate,
                              .unit = "nat/token"});
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
