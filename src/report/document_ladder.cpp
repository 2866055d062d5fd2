// The ladder of measure and of diagnose.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/units.h"
#include "diagnose/ladder.h"
#include "diagnose/loss.h"
#include "diagnose/published.h"
#include "numeric/format.h"
#include "report/document_parts.h"

namespace qualm::report {
namespace {

using diagnose::Ladder;
using diagnose::Rung;
using diagnose::Side;

std::string_view keeps_limit(const Rung& rung) {
  if (rung.lost) return "lost";
  if (rung.limit == Side::not_separated) return "cannot_tell";
  return rung.limit == Side::below ? "yes" : "no";
}

/// "b.gguf, 4.3 GB, KLD 0.037 [0.034, 0.040], is the smallest of these that certainly keeps
/// kld_mean<0.06."
std::string picked_in_words(const Ladder& ladder) {
  const Rung& rung = ladder.rungs[*ladder.picked];
  return fmt::format(
      "{}, {}, KLD {}, is the smallest of these that {} keeps {}{}.{}", rung.name,
      format_bytes(rung.file_bytes),
      rung.kld.estimate ? numeric::format_estimate(*rung.kld.estimate) : "not measured",
      ladder.estimated ? "likely" : "certainly", ladder.limit,
      ladder.smallest != ladder.picked ? " and fits" : "",
      rung.fits ? "" : " The file does not tell the size of its cache.");
}

/// Why none is picked, and what to do.
std::string none_in_words(const Ladder& ladder) {
  const auto any = [&](auto&& of) { return std::ranges::any_of(ladder.rungs, of); };
  const auto may_fit = [](const Rung& rung) { return rung.fits.value_or(true); };
  const std::string memory = format_bytes(ladder.memory);
  if (!any(may_fit))
    return fmt::format(
        "None of these fits in {} of memory. Use more memory, a smaller model, or a shorter "
        "context.",
        memory);
  if (ladder.smallest)
    return fmt::format(
        "None of these that certainly keeps {} fits in {} of memory. Use more memory or a smaller "
        "model.",
        ladder.limit, memory);
  const auto undecided = [&](const Rung& rung) {
    return may_fit(rung) && !rung.lost && rung.limit == Side::not_separated;
  };
  if (any(undecided) && ladder.estimated)
    return fmt::format("An estimate cannot tell whether one of these keeps {}.", ladder.limit);
  if (any(undecided))
    return fmt::format(
        "Cannot tell whether one of these keeps {}: more windows must be "
        "read (a longer text, -f, or more time, --budget).",
        ladder.limit);
  return fmt::format("None of these that fits keeps {}. Use a type with more bits.", ladder.limit);
}

constexpr std::string_view kNoCacheSize = "the file does not tell the size of the cache";

Json marks(const Ladder& ladder, std::size_t at) {
  Json all = Json::array();
  if (ladder.rungs[at].yours) all.push_back("yours");
  if (ladder.smallest == at) all.push_back("smallest");
  if (ladder.picked == at) all.push_back("pick");
  return all;
}

Json rung_json(const Ladder& ladder, std::size_t at) {
  const Rung& rung = ladder.rungs[at];
  const auto known = [](const auto& value) { return value ? Json(*value) : absent(kNoCacheSize); };
  const auto grades = diagnose::grades_of(rung.kld);
  const auto published = diagnose::published_kld(rung.name);
  const auto memory = rung.cache_bytes ? std::optional(rung.file_bytes + *rung.cache_bytes)
                                       : std::optional<std::int64_t>();
  return {{"candidate", rung.name},
          {"marks", marks(ladder, at)},
          {"file_bytes", rung.file_bytes},
          {"cache_bytes", known(rung.cache_bytes)},
          {"memory_bytes", known(memory)},
          {"windows", rung.windows},
          {"kld_mean", metric(evaluate::MetricId::kld_mean, rung.kld)},
          {"ppl_change", metric(evaluate::MetricId::ppl_change, rung.ppl_change)},
          {"published_kld",
           published ? number(*published) : absent("no published ladder has this type")},
          {"grade", grades ? Json(diagnose::in_words(*grades)) : absent("the KLD has no interval")},
          {"keeps_limit", keeps_limit(rung)},
          {"fits", known(rung.fits)}};
}

}  // namespace

Json to_json(const Ladder& ladder) {
  Json rungs = Json::array();
  for (std::size_t i = 0; i < ladder.rungs.size(); ++i) rungs.push_back(rung_json(ladder, i));
  return {{"limit", ladder.limit},
          {"memory", ladder.memory},
          {"rungs", std::move(rungs)},
          {"pick", ladder.picked ? Json(ladder.rungs[*ladder.picked].name)
                                 : absent("no candidate certainly keeps the limit and fits")},
          {"says", ladder.picked ? picked_in_words(ladder) : none_in_words(ladder)}};
}

}  // namespace qualm::report
