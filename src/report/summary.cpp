#include "report/summary.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/units.h"
#include "diagnose/checks.h"
#include "diagnose/loss.h"
#include "numeric/format.h"
#include "numeric/level.h"

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

std::string percent(const numeric::Estimate& share) {
  return numeric::format_estimate(share, {.percent = true, .interval = false});
}

/// ": it causes 93 % of the loss", or nothing.
std::string share_of(const diagnose::Finding& finding) {
  return finding.share ? fmt::format(": it causes {} of the loss", percent(*finding.share)) : "";
}

/// "too few bits" -> "Too few bits."
std::string sentence(std::string text) {
  if (!text.empty() && text.front() >= 'a' && text.front() <= 'z')
    text.front() = static_cast<char>(text.front() - 'a' + 'A');
  return text + (text.ends_with('.') ? "" : ".");
}

/// The first fault; some are in the file itself or in how it is run, whatever the original has.
std::string files_in_words(const diagnose::Finding& finding, const DiagnoseReport& report) {
  using enum diagnose::FaultKind;
  constexpr std::array kCompared{mismatched_tensor, vocabulary,   tokenizer, key,
                                 tensors,           chat_template};
  const bool compared =
      report.baseline && !finding.faults.empty() &&
      std::ranges::find(kCompared, finding.faults.front().kind) != kCompared.end();
  return fmt::format(
      "{} {}",
      compared ? "The files differ from the original." : "The number of bits is not the cause:",
      finding.headline);
}

std::string cause_in_words(const diagnose::Finding& finding, const DiagnoseReport& report) {
  const engine::Settings& settings = report.settings;
  switch (finding.check) {
    case CheckId::not_quant:
      return files_in_words(finding, report);
    case CheckId::tier:
      return fmt::format("{} is too aggressive for this model{}", report.model.type,
                         share_of(finding));
    case CheckId::kv_cache:
      return fmt::format("A {}/{} cache has too few bits for this model{}", settings.type_k,
                         settings.type_v, share_of(finding));
    case CheckId::architecture:
      return sentence(finding.headline) +
             (finding.share ? " This causes " + percent(*finding.share) + " of the loss" : "");
    case CheckId::calibration:
      return fmt::format("The calibration does not fit this text: {}", finding.headline);
    case CheckId::provenance:
      return fmt::format(
          "This is {}{}",
          finding.headline.starts_with("a quant of ") ? "" : "not a quant of the original: ",
          finding.headline);
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

/// Nothing in the file, and the estimate is certainly below the line.
std::string none_found_in_words(const diagnose::Loss& loss) {
  std::string text = "No problem found, but this was not compared with the original";
  if (loss.kld) text += fmt::format(". Estimated KLD: at most {}", format_value(loss.kld->high));
  if (loss.grades) text += fmt::format(" ({})", diagnose::in_words(*loss.grades));
  return text +
         ". If it still answers badly, look at prompts, template and sampler, or give the "
         "original (--baseline).";
}

/// What was shown, with its bound: "KLD at most 0.012 (very small), ..."
std::string fine_in_words(const diagnose::Loss& loss, const std::string& accept) {
  std::string text = "On this text the loss is small enough";
  if (loss.kld) text += fmt::format(": KLD at most {}", format_value(loss.kld->high));
  if (loss.grades) text += fmt::format(" ({})", diagnose::in_words(*loss.grades));
  text += accept.empty() ? ", below what is acceptable for this model"
                         : fmt::format(", within what you accept ({})", accept);
  if (loss.ppl_change) {
    const NumberStyle style{.percent = true, .change = true};
    text +=
        fmt::format(". Perplexity changes by {} to {}", format_value(loss.ppl_change->low, style),
                    format_value(loss.ppl_change->high, style));
  }
  return text + ".";
}

std::string unexplained_in_words(const std::optional<diagnose::Loss>& loss) {
  if (loss && loss->line != diagnose::Side::above && loss->excess)
    return fmt::format(
        "It loses {} times what its types should cost this model: it was not made "
        "well from this original. Make it again from the original.",
        numeric::format_estimate(*loss->excess, {.interval = false}));
  return "It lost more than it should, and no check that was examined explains it.";
}

/// The estimate is on both sides of the line, or other doubts remain.
std::string estimate_in_words(const std::optional<diagnose::Loss>& loss) {
  std::string text = "An estimate cannot decide it";
  if (loss && loss->kld && loss->line == diagnose::Side::not_separated)
    text += fmt::format(": KLD {} to {}, which may be acceptable or not",
                        format_value(loss->kld->low), format_value(loss->kld->high));
  return text + ". The original (--baseline), or a reference pack of it, would decide.";
}

bool compared(const DiagnoseReport& report) { return report.baseline || report.reference; }

std::string out_of_time(const DiagnoseReport& report) {
  std::string text = "The time of --budget was up before the answer was certain";
  if (report.windows.read < numeric::kFewestClusters)
    text +=
        fmt::format(": windows read {}, needed {}", report.windows.read, numeric::kFewestClusters);
  return text + ". What was left out is listed below.";
}

std::string conclusion_in_words(const DiagnoseReport& report) {
  const diagnose::Diagnosis& diagnosis = report.diagnosis;
  const diagnose::Conclusion& conclusion = diagnosis.conclusion;
  switch (conclusion.verdict) {
    case diagnose::Verdict::healthy:
      return conclusion.loss ? fine_in_words(*conclusion.loss, report.accept) : "";
    case diagnose::Verdict::none_found:
      return conclusion.loss ? none_found_in_words(*conclusion.loss) : "";
    case diagnose::Verdict::cannot_tell:
      if (!report.left_out.empty()) return out_of_time(report);
      if (compared(report) && report.windows.read > 0 &&
          report.windows.read < numeric::kFewestClusters)
        return fmt::format("The text is too short: windows read {}, needed {} (-f, --chunks).",
                           report.windows.read, numeric::kFewestClusters);
      if (conclusion.estimated) return estimate_in_words(conclusion.loss);
      return compared(report) ? "What was measured does not decide it: see what each check needs."
                              : "Without the original model (--baseline) most causes cannot be "
                                "examined.";
    case diagnose::Verdict::problem:
      break;
  }
  if (!conclusion.principal) return unexplained_in_words(conclusion.loss);
  const diagnose::Finding& finding =
      diagnosis.findings[static_cast<std::size_t>(*conclusion.principal)];
  std::string text = (finding.estimated ? "Likely: " : "") + cause_in_words(finding, report);
  if (!text.ends_with('.')) text += '.';
  text += fix_in_words(diagnosis, finding.check);
  if (!conclusion.separated)
    text += " The shares of the two largest causes are not significantly different.";
  return text;
}

/// What the user asked for is the original's as well, or "".
std::string symptom_in_words(const diagnose::Diagnosis& diagnosis) {
  if (!diagnosis.shared_symptom) return "";
  const probe::Symptom& symptom = *diagnosis.shared_symptom;
  return fmt::format(
      "The quantization does not cause the symptom ({}): it is as frequent in the original. {}.",
      probe::row_of(symptom.symptom).name, symptom.says);
}

}  // namespace

std::string summary(const DiagnoseReport& report) {
  const std::string symptom = symptom_in_words(report.diagnosis);
  const std::string rest = conclusion_in_words(report);
  return symptom.empty() ? rest : symptom + " " + rest;
}

}  // namespace qualm::report
