#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

Json or_healthy(const std::string& cause) { return cause.empty() ? Json("healthy") : Json(cause); }

Json to_json(const ClinicCase::Share& share) {
  return {{"check", share.check},
          {"found", metric(share.found, "fraction")},
          {"truth", metric(share.truth, "fraction")},
          {"holds", share.holds}};
}

Json to_json(const ClinicCase::WithPack& found) {
  const std::string none = found.refused.empty() ? "it was not measured" : found.refused;
  return {{"loss", found.loss.empty() ? absent(none) : Json(found.loss)},
          {"cache", found.cache},
          {"found", found.cause.found},
          {"answer", found.cause.answer},
          {"agrees", found.agrees}};
}

Json to_json(const ClinicCase& one) {
  Json shares = Json::array();
  for (const ClinicCase::Share& share : one.shares) shares.push_back(to_json(share));
  return {{"name", one.name},
          {"made", one.made},
          {"cause", or_healthy(one.made_cause)},
          {"also",
           one.made_also.empty() ? absent("one cause at most was put in") : Json(one.made_also)},
          {"truth",
           {{"harm", one.harm.empty() ? absent("nothing was measured") : Json(one.harm)},
            {"windows", one.truth_windows},
            {"answers", one.right_answers},
            {"why", one.why}}},
          {"found", one.found},
          {"right", one.right},
          {"missed", one.missed},
          {"false_alarms", one.false_alarms},
          {"shares", std::move(shares)},
          {"with_pack", one.with_pack ? to_json(*one.with_pack) : absent("--packs was not given")},
          {"alone", one.alone ? Json{{"found", one.alone->found}, {"answer", one.alone->answer}}
                              : absent("--alone was not given")},
          {"windows", windows(one.windows.read, one.windows.total)},
          {"spent",
           {{"seconds", number(one.spent.seconds)},
            {"passes", one.spent.passes},
            {"variants", one.spent.variants}}},
          {"summary", one.summary}};
}

/// How often a case without its original was answered rightly, not at all, wrongly.
Json answers_alone(const std::vector<ClinicCase>& cases) {
  Json counts{{"right", 0}, {"none", 0}, {"wrong", 0}};
  for (const ClinicCase& one : cases)
    if (one.alone) counts[one.alone->answer] = counts[one.alone->answer].get<int>() + 1;
  return counts;
}

/// How often what was put in was found as what.
Json confusion(const std::vector<ClinicCase>& cases) {
  std::map<std::pair<std::string, std::string>, std::int64_t> counts;
  for (const ClinicCase& one : cases)
    ++counts[{one.made_cause.empty() ? "healthy" : one.made_cause, one.found}];
  Json table = Json::array();
  for (const auto& [pair, count] : counts)
    table.push_back({{"cause", pair.first}, {"found", pair.second}, {"patients", count}});
  return table;
}

}  // namespace

Json to_json(const ClinicReport& report) {
  Json cases = Json::array();
  std::int64_t right = 0;
  std::int64_t shares = 0;
  std::int64_t hold = 0;
  for (const ClinicCase& one : report.cases) {
    right += one.right ? 1 : 0;
    for (const ClinicCase::Share& share : one.shares) {
      ++shares;
      hold += share.holds ? 1 : 0;
    }
    cases.push_back(to_json(one));
  }
  Json document = heading("clinic", report.tool);
  document.update({{"baseline", report.baseline},
                   {"text", report.text},
                   {"accept", report.accept},
                   {"right", right},
                   {"wrong", static_cast<std::int64_t>(report.cases.size()) - right},
                   {"shares", {{"compared", shares}, {"hold", hold}}},
                   {"alone", answers_alone(report.cases)},
                   {"confusion", confusion(report.cases)},
                   {"patients", std::move(cases)},
                   {"left_out", report.left_out},
                   {"seconds", number(report.seconds)}});
  return document;
}

}  // namespace qualm::report
