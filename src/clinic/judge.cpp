#include "clinic/judge.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/checks.h"

namespace qualm::clinic {
namespace {

using diagnose::Finding;

std::string name_of(const Finding& finding) {
  return std::string(diagnose::row_of(finding.check).name);
}

const Finding* find(const diagnose::Diagnosis& found, const std::string& name) {
  const auto it = std::ranges::find(found.findings, name, name_of);
  return it == found.findings.end() ? nullptr : &*it;
}

bool named(const Finding& finding) {
  return finding.status == diagnose::Status::cause ||
         finding.status == diagnose::Status::contributes;
}

/// In a report: on which side of the line the loss lies.
std::string side_of(Matters matters) {
  return matters == Matters::yes ? "above" : matters == Matters::no ? "below" : "not_separated";
}

/// The same of a diagnosis; empty: it measured none.
std::string side_of(const diagnose::Diagnosis& found) {
  const auto& loss = found.conclusion.loss;
  if (!loss || !loss->kld) return "";
  return side_of(loss->line == diagnose::Side::above   ? Matters::yes
                 : loss->line == diagnose::Side::below ? Matters::no
                                                       : Matters::unclear);
}

/// Whether what was put in makes a difference that matters, on the windows of the truth.
Matters cause_matters(const ClinicCase& made, const Truth& truth) {
  if (made.cause == "not_quant" || made.cause == "provenance") return Matters::yes;
  if (made.cause == "kv_cache" && truth.cache) return *truth.cache;
  const Matters over = truth.over_rounding.value_or(Matters::no);
  return over == Matters::no ? truth.loss : over;
}

std::vector<std::string> right_answers(const ClinicCase& made, const Truth& truth) {
  std::vector<std::string> answers = made.or_as;
  if (made.cause.empty()) {
    answers.insert(answers.begin(), "healthy");
    if (truth.loss == Matters::unclear) answers.emplace_back("cannot_tell");
    return answers;
  }
  const Matters matters = cause_matters(made, truth);
  if (matters == Matters::no) return {"healthy"};
  answers.insert(answers.begin(), made.cause);
  if (matters == Matters::unclear)
    for (const char* answer : {"healthy", "cannot_tell"}) answers.emplace_back(answer);
  return answers;
}

/// A second cause is missed where it matters by itself.
bool missed(const ClinicCase& made, const Truth& truth, const diagnose::Diagnosis& found) {
  if (made.also.empty()) return false;
  if (made.also == "kv_cache" && truth.cache != Matters::yes) return false;
  const Finding* finding = find(found, made.also);
  return !finding || !named(*finding);
}

void add_share(const char* name, const std::optional<numeric::Estimate>& truth,
               const diagnose::Diagnosis& found, report::ClinicCase& result) {
  const Finding* finding = find(found, name);
  if (!truth || !finding || !finding->share) return;
  const bool meet = finding->share->low <= truth->high && truth->low <= finding->share->high;
  result.shares.push_back({name, *finding->share, *truth, meet});
}

bool contains(const std::vector<std::string>& all, const std::string& one) {
  return std::ranges::find(all, one) != all.end();
}

}  // namespace

report::ClinicCase judge(const ClinicCase& made, const Truth& truth,
                         const diagnose::Diagnosis& found) {
  report::ClinicCase result;
  result.name = made.name;
  result.made = made_so(made);
  result.made_cause = made.cause;
  result.made_also = made.also;
  result.why = made.why;
  result.right_answers = right_answers(made, truth);
  const Matters harm = made.cause == "kv_cache" ? cause_matters(made, truth) : truth.loss;
  result.harm = truth.windows > 0 ? side_of(harm) : "";
  result.truth_windows = truth.windows;
  const diagnose::Conclusion& conclusion = found.conclusion;
  result.found = conclusion.principal ? std::string(diagnose::row_of(*conclusion.principal).name)
                                      : std::string(diagnose::to_string(conclusion.verdict));
  if (missed(made, truth, found)) result.missed.push_back(made.also);
  for (const Finding& finding : found.findings)
    if (const std::string name = name_of(finding);
        named(finding) && name != made.cause && name != made.also && !contains(made.or_as, name))
      result.false_alarms.push_back(name);
  result.right = contains(result.right_answers, result.found) && result.missed.empty() &&
                 result.false_alarms.empty();
  if (truth.shares) {
    const bool origin = result.found == "provenance";
    add_share(origin ? "provenance" : "tier", truth.shares->weights, found, result);
    add_share("kv_cache", truth.shares->cache, found, result);
    add_share("architecture", truth.shares->tensors, found, result);
  }
  return result;
}

report::ClinicCase::Answer judge_alone(const report::ClinicCase& by_original,
                                       const diagnose::Diagnosis& alone) {
  const diagnose::Conclusion& conclusion = alone.conclusion;
  if (!conclusion.principal)
    return {std::string(diagnose::to_string(conclusion.verdict)),
            conclusion.verdict == diagnose::Verdict::problem && by_original.made_cause.empty()
                ? "wrong"
                : "none"};
  std::string named(diagnose::row_of(*conclusion.principal).name);
  const bool right = contains(by_original.right_answers, named) || named == by_original.made_also;
  return {std::move(named), right ? "right" : "wrong"};
}

report::ClinicCase::WithPack compare(const diagnose::Diagnosis& by_original,
                                     const diagnose::Diagnosis& by_pack) {
  const auto cache_of = [](const diagnose::Diagnosis& found) {
    const Finding* cache = find(found, "kv_cache");
    return std::string(diagnose::to_string(cache ? cache->status : diagnose::Status::not_examined));
  };
  report::ClinicCase::WithPack result{
      .cause = {}, .loss = side_of(by_pack), .cache = cache_of(by_pack)};
  const std::string loss = side_of(by_original);
  result.agrees = loss.empty() || result.loss.empty() ||
                  (loss == result.loss && cache_of(by_original) == result.cache);
  return result;
}

report::ClinicCase::WithPack refused(const diagnose::Diagnosis& by_original, const Error& why) {
  return {.cause = {"refused", "none"},
          .loss = {},
          .cache = std::string(diagnose::to_string(diagnose::Status::not_examined)),
          .agrees = by_original.conclusion.principal == diagnose::CheckId::not_quant,
          .refused = fmt::format("{}: found {}", why.code, why.found)};
}

}  // namespace qualm::clinic
