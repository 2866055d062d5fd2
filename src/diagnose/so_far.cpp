#include "diagnose/so_far.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "numeric/format.h"
#include "numeric/sequence.h"
#include "weights/surrogate.h"

namespace qualm::diagnose {
namespace {

using evaluate::MetricId;
using numeric::Estimate;

/// Of the mean KLD, at each look.
std::optional<Estimate> sequence_of(std::span<const evaluate::WindowScores> read) {
  // No verdict: it need not wait until windows that vary have shown how much.
  numeric::ConfidenceSequence sequence({.first_decision = numeric::kFewestClusters,
                                        .first_decision_varied = numeric::kFewestClusters});
  for (const evaluate::WindowScores& window : read) {
    if (std::ranges::any_of(window.scores, &evaluate::Score::lost)) return std::nullopt;
    if (const auto mean = window_mean(window, evaluate::StopRule::Quantity::kld_mean))
      sequence.add(*mean);
  }
  return sequence.interval();
}

/// Of the true KLD: where the original is estimated, the KLD from it may be off.
std::optional<Estimate> true_kld(const Facts& facts, std::optional<Estimate> kld) {
  if (!kld || !facts.estimated()) return kld;
  kld->low = std::max(kld->low, 0.0);
  return numeric::product(*kld, weights::truth_over_estimate(*facts.given.candidate));
}

/// Before the type that sets the limit is measured: the limit is somewhere between these two.
Side side_of_limits(const Given& given, const Estimate& kld) {
  if (given.accept && given.accept->metric != MetricId::kld_mean) return Side::not_separated;
  if (kld.low > (given.accept ? given.accept->most : kMostLine)) return Side::above;
  if (kld.high < (given.accept ? given.accept->most : kLeastLine)) return Side::below;
  return Side::not_separated;
}

std::string in_words(const Facts& facts, const Estimate& kld, const Grades& grades, Side side) {
  std::string text = fmt::format("{}KLD {}, grade: {}", facts.estimated() ? "estimated " : "",
                                 numeric::format_estimate(kld), diagnose::in_words(grades));
  if (side == Side::above) text += ", over the limit";
  if (side == Side::below) text += ", within the limit";
  return text;
}

}  // namespace

std::optional<Finding> answer_so_far(const Facts& facts, const CheckRow& check) {
  if (check.about_bits && facts.paired() && !facts.selected()) return std::nullopt;
  auto found = ask(check, facts);
  return found ? std::optional(*std::move(found)) : std::nullopt;
}

std::optional<std::string> so_far(const Facts& facts,
                                  std::span<const evaluate::WindowScores> read) {
  if (!facts.paired()) return std::nullopt;
  const auto kld = true_kld(facts, sequence_of(read));
  const auto grades = grades_of({kld, "nat/token", ""});
  if (!grades) return std::nullopt;
  const Side side = side_of_limits(facts.given, *kld);
  if (side == Side::not_separated && grades->least != grades->most) return std::nullopt;
  return fmt::format("{} (after {} windows)", in_words(facts, *kld, *grades, side), read.size());
}

std::optional<std::string> so_far(const Facts& facts) {
  if (!facts.paired() || !facts.selected()) return std::nullopt;
  const auto as_run = facts.measured(facts.as_run());
  const auto first = facts.selection(kFirstLook);
  const Variant type = Facts::as_type(kFloorType);
  const auto floor = facts.measured(*first, std::span(&type, 1));
  if (!as_run || !floor) return std::nullopt;
  const auto kld = evaluate::deciding(**as_run, MetricId::kld_mean, kCheckConfidence);
  const auto& of_floor = floor->front()->metrics[MetricId::kld_mean].estimate;
  const auto grades = grades_of({kld, "nat/token", ""});
  const Side side = harm(facts.given, **as_run, *floor->front(), kFirstLookConfidence);
  if (!grades || !of_floor || side == Side::not_separated) return std::nullopt;
  return fmt::format("{} (after {} windows; {} has {})", in_words(facts, *kld, *grades, side),
                     (*as_run)->windows.size(), kFloorType,
                     numeric::format_estimate(*of_floor, {.interval = false}));
}

}  // namespace qualm::diagnose
