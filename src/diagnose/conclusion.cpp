#include "diagnose/conclusion.h"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <utility>

#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

Finding& of(std::vector<Finding>& findings, CheckId id) {
  return findings[static_cast<std::size_t>(id)];
}

void add_share_of_ppl(const numeric::Estimate& share, Finding& finding) {
  finding.evidence.push_back({"share_ln_ppl", share, "fraction",
                              fmt::format("Its share of the change of ln perplexity: {}",
                                          numeric::format_estimate(share, {.percent = true}))});
}

/// The shares of those factors that were switched.
void set_shares(const Attribution& shares, std::vector<Finding>& findings) {
  const auto set = [&](CheckId id, const auto& of_kld, const auto& of_ln_ppl) {
    Finding& finding = of(findings, id);
    finding.share = of_kld;
    if (of_ln_ppl) add_share_of_ppl(*of_ln_ppl, finding);
  };
  using Share = std::optional<numeric::Estimate>;
  const auto& ppl = shares.ln_ppl;
  set(CheckId::tier, shares.kld.tier, ppl ? Share(ppl->tier) : std::nullopt);
  if (shares.kld.architecture)
    set(CheckId::architecture, shares.kld.architecture, ppl ? ppl->architecture : std::nullopt);
  if (shares.kld.kv_cache)
    set(CheckId::kv_cache, shares.kld.kv_cache, ppl ? ppl->kv_cache : std::nullopt);
}

/// Those of type, cache and classes that are to blame and have a share, the largest first.
std::vector<Finding*> by_share(std::vector<Finding>& findings) {
  std::vector<Finding*> all;
  for (const CheckId id : {CheckId::tier, CheckId::kv_cache, CheckId::architecture})
    if (Finding& finding = of(findings, id); to_blame(finding) && finding.share)
      all.push_back(&finding);
  std::ranges::stable_sort(all, std::greater<>(),
                           [](const Finding* finding) { return finding->share->value; });
  return all;
}

/// Without shares: weights and cache, where both are to blame, by what each loses alone. False
/// where that is not separated.
bool order_by_loss(std::vector<Finding>& findings) {
  Finding& cache = of(findings, CheckId::kv_cache);
  const auto& own = of(findings, CheckId::tier).loss;
  std::vector<Finding*> of_weights;
  for (const CheckId id : {CheckId::tier, CheckId::architecture})
    if (to_blame(of(findings, id))) of_weights.push_back(&of(findings, id));
  if (!to_blame(cache) || of_weights.empty() || !own || !own->kld || !cache.loss ||
      !cache.loss->kld)
    return true;
  const numeric::Estimate& by_weights = *own->kld;
  const numeric::Estimate& by_cache = *cache.loss->kld;
  if (by_cache.value > by_weights.value) {
    for (Finding* finding : of_weights) finding->status = Status::contributes;
  } else {
    cache.status = Status::contributes;
  }
  return by_cache.low > by_weights.high || by_weights.low > by_cache.high;
}

/// It changes prompts, and no text's loss.
bool yields(const Finding& finding) {
  return !finding.faults.empty() && std::ranges::all_of(finding.faults, [](const Fault& fault) {
    return fault.effect == Effect::prompts;
  });
}

Finding* principal_of(std::vector<Finding>& findings) {
  const auto is_cause = [](const Finding& finding) { return finding.status == Status::cause; };
  const auto first = std::ranges::find_if(findings, is_cause);
  if (first == findings.end()) return nullptr;
  const bool of_files = first->check == CheckId::not_quant;
  if (of_files && !yields(*first)) return &*first;
  if (Finding& provenance = of(findings, CheckId::provenance); is_cause(provenance))
    return &provenance;
  const auto next = of_files ? std::find_if(first + 1, findings.end(), is_cause) : first;
  return next == findings.end() ? &*first : &*next;
}

Verdict verdict_of(const std::vector<Finding>& findings, const Overall& overall) {
  if (std::ranges::any_of(findings, to_blame) || overall.loss.line == Side::above ||
      overall.loss.excessive == Side::above)
    return Verdict::problem;
  // What was lost with all factors together is known: only a doubt about the files or about whose
  // weights they are goes beyond it, and what was left out of the checks.
  const bool doubt = std::ranges::any_of(findings, [](const Finding& finding) {
    return finding.left_out ||
           (finding.status == Status::cannot_tell &&
            (finding.check == CheckId::not_quant || finding.check == CheckId::provenance));
  });
  if (!overall.paired || overall.loss.line != Side::below || doubt) return Verdict::cannot_tell;
  return overall.estimated ? Verdict::none_found : Verdict::healthy;
}

}  // namespace

Conclusion conclude(std::vector<Finding>& findings, const Overall& overall) {
  Conclusion conclusion;
  if (overall.paired) conclusion.loss = overall.loss;
  conclusion.estimated = overall.estimated;
  if (overall.attribution) {
    set_shares(*overall.attribution, findings);
    const auto guilty = by_share(findings);
    for (std::size_t i = 1; i < guilty.size(); ++i) guilty[i]->status = Status::contributes;
    conclusion.separated = guilty.size() < 2 || overall.attribution->kld.separated;
  } else if (overall.paired) {
    conclusion.separated = order_by_loss(findings);
  }
  // The share of the weights is the other model's, where it is one; the type has none of its own.
  Finding& type = of(findings, CheckId::tier);
  if (Finding& origin = of(findings, CheckId::provenance);
      origin.status == Status::cause && type.share)
    origin.share = std::exchange(type.share, std::nullopt);
  if (Finding* principal = principal_of(findings)) {
    conclusion.principal = principal->check;
    for (Finding& finding : findings)
      if (&finding != principal && finding.status == Status::cause)
        finding.status = Status::contributes;
  }
  conclusion.verdict = verdict_of(findings, overall);
  return conclusion;
}

}  // namespace qualm::diagnose
