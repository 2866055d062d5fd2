#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "diagnose/checks.h"
#include "diagnose/loss.h"
#include "numeric/format.h"

namespace qualm::report {
namespace {

using diagnose::CheckId;
using evaluate::MetricId;

std::string without_interval(const numeric::Metric& metric) {
  return metric.estimate
             ? numeric::format_estimate(*metric.estimate,
                                        {.percent = metric.unit == "fraction", .interval = false})
             : "not known";
}

/// ": it causes 93 % of the loss", or nothing.
std::string share_of(const diagnose::Finding& finding) {
  return finding.share ? fmt::format(": it causes {} of the loss",
                                     numeric::format_estimate(*finding.share,
                                                              {.percent = true, .interval = false}))
                       : "";
}

std::string cause_in_words(const diagnose::Finding& finding, const DiagnoseReport& report) {
  const engine::Settings& settings = report.settings;
  switch (finding.check) {
    case CheckId::not_quant:
      return fmt::format("The files differ from the original: {}", finding.headline);
    case CheckId::tier:
      return fmt::format("{} is too aggressive for this model{}", report.model.type,
                         share_of(finding));
    case CheckId::kv_cache:
      return fmt::format("A {}/{} cache is quantized too hard for this model{}", settings.type_k,
                         settings.type_v, share_of(finding));
    case CheckId::architecture:
      return fmt::format("Too few bits for {}{}", finding.headline, share_of(finding));
    case CheckId::calibration:
      return fmt::format("The calibration does not fit this text: {}", finding.headline);
    case CheckId::provenance:
      return fmt::format("This is not a quant of the original: {}", finding.headline);
    default:  // a new check says it with its title
      return fmt::format("{}: {}", diagnose::row_of(finding.check).title, finding.headline);
  }
}

/// "KLD 0.061 -> 0.009, same top token 77 % -> 91 %"
std::string effect_in_words(const diagnose::Remedy& remedy) {
  std::string text;
  if (!remedy.before || !remedy.after) return text;
  for (const MetricId id : {MetricId::kld_mean, MetricId::same_top})
    text +=
        fmt::format("{}{} {} -> {}", text.empty() ? "" : ", ", evaluate::row_of(id).label,
                    without_interval((*remedy.before)[id]), without_interval((*remedy.after)[id]));
  return text;
}

std::string fix_in_words(const diagnose::Diagnosis& diagnosis, CheckId cause) {
  const auto remedy = std::ranges::find(diagnosis.remedies, cause, &diagnose::Remedy::cause);
  if (remedy == diagnosis.remedies.end()) return "";
  const std::string effect = effect_in_words(*remedy);
  return fmt::format(" Use {} ({}){}{}.", remedy->name, remedy->effect, effect.empty() ? "" : ": ",
                     effect);
}

/// What was shown, with its bound: "KLD at most 0.012 (very small), ..."
std::string fine_in_words(const diagnose::Loss& loss, const std::string& accept) {
  std::string text = "No loss that matters on this text";
  if (loss.kld) text += fmt::format(": KLD at most {}", format_value(loss.kld->high));
  if (loss.grades) text += fmt::format(" ({})", diagnose::in_words(*loss.grades));
  text += accept.empty() ? ", no worse than Q4_K_M of this model may be"
                         : fmt::format(", within your line {}", accept);
  if (loss.ppl_change) {
    const NumberStyle style{.percent = true, .change = true};
    text += fmt::format("; perplexity changes by {} to {}", format_value(loss.ppl_change->low, style),
                        format_value(loss.ppl_change->high, style));
  }
  return text + ".";
}

std::string unexplained_in_words(const std::optional<diagnose::Loss>& loss) {
  if (loss && loss->line != diagnose::Side::above && loss->excess)
    return fmt::format("It loses {} times what its types should cost this model: it was not made "
                       "well from this original. Make it again from the original.",
                       numeric::format_estimate(*loss->excess, {.interval = false}));
  return "It lost more than it should, and no check that was examined explains it.";
}

}  // namespace

std::string summary(const DiagnoseReport& report) {
  const diagnose::Diagnosis& diagnosis = report.diagnosis;
  const diagnose::Conclusion& conclusion = diagnosis.conclusion;
  switch (conclusion.verdict) {
    case diagnose::Verdict::healthy:
      return conclusion.loss ? fine_in_words(*conclusion.loss, report.accept) : "";
    case diagnose::Verdict::cannot_tell:
      return report.baseline ? "The text or the files do not decide it: see what each check needs."
                             : "Without the original model (--baseline) most causes cannot be "
                               "examined.";
    case diagnose::Verdict::problem:
      break;
  }
  if (!conclusion.principal) return unexplained_in_words(conclusion.loss);
  const diagnose::Finding& finding =
      diagnosis.findings[static_cast<std::size_t>(*conclusion.principal)];
  std::string text = cause_in_words(finding, report);
  if (!text.ends_with('.')) text += '.';
  text += fix_in_words(diagnosis, finding.check);
  if (!conclusion.separated)
    text += " The shares of the two largest causes are not significantly different.";
  return text;
}

}  // namespace qualm::report
