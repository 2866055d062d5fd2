// What findings mean together, from findings and shares made by hand.
#include "diagnose/conclusion.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace qualm::diagnose {
namespace {

using enum CheckId;

constexpr Side kBelow = Side::below;
constexpr Side kAbove = Side::above;

numeric::Estimate share(double value) { return {value, value - 0.01, value + 0.01}; }

Fault fault(Effect effect) {
  return {.kind = FaultKind::key, .effect = effect, .where = "key", .says = "a key differs"};
}

struct Scene {
  std::map<CheckId, Status> statuses = {};  ///< the others are cleared
  Side line = kAbove;
  Side excessive = Side::not_separated;
  std::vector<Fault> faults = {};  ///< of the files
  std::optional<Shares> shares = std::nullopt;
  bool paired = true;
};

struct Concluded {
  Conclusion conclusion;
  std::vector<Finding> findings;
  [[nodiscard]] const Finding& operator[](CheckId id) const {
    return findings[static_cast<std::size_t>(id)];
  }
  [[nodiscard]] Status status(CheckId id) const { return (*this)[id].status; }
};

Concluded concluded(const Scene& scene) {
  Concluded all;
  for (const CheckRow& row : kChecks) {
    const auto it = scene.statuses.find(row.id);
    all.findings.push_back(
        {.check = row.id, .status = it == scene.statuses.end() ? Status::cleared : it->second});
  }
  all.findings.front().faults = scene.faults;
  Overall overall{.loss = {.excessive = scene.excessive, .line = scene.line},
                  .paired = scene.paired};
  if (scene.shares) overall.attribution = Attribution{*scene.shares, std::nullopt};
  all.conclusion = conclude(all.findings, overall);
  return all;
}

TEST(Conclude, the_verdict_follows_from_what_was_found_and_lost) {
  struct Row {
    const char* what;
    Scene scene;
    Verdict verdict;
  };
  const Row kRows[] = {
      {"nothing lost", {.line = kBelow}, Verdict::healthy},
      {"lost, and nothing explains it", {}, Verdict::problem},
      {"the text is too short", {.line = Side::not_separated}, Verdict::cannot_tell},
      {"nothing to compare with",
       {.line = Side::not_separated, .paired = false},
       Verdict::cannot_tell},
      {"a cause", {.statuses = {{tier, Status::cause}}}, Verdict::problem},
      {"a cause, though all together lose little",
       {.statuses = {{kv_cache, Status::cause}}, .line = kBelow},
       Verdict::problem},
      {"a cause without an original",
       {.statuses = {{kv_cache, Status::cause}}, .line = Side::not_separated, .paired = false},
       Verdict::problem},
      {"a contribution alone",
       {.statuses = {{calibration, Status::contributes}}, .line = kBelow},
       Verdict::problem},
      {"a doubt about the files",
       {.statuses = {{not_quant, Status::cannot_tell}}, .line = kBelow},
       Verdict::cannot_tell},
      {"a doubt about the files and a loss",
       {.statuses = {{not_quant, Status::cannot_tell}}},
       Verdict::problem},
      {"a doubt about anything else",
       {.statuses = {{calibration, Status::cannot_tell}}, .line = kBelow},
       Verdict::healthy},
      {"a doubt about whose weights they are",
       {.statuses = {{provenance, Status::cannot_tell}}, .line = kBelow},
       Verdict::cannot_tell},
      {"more than its type should cost",
       {.line = kBelow, .excessive = Side::above},
       Verdict::problem}};
  for (const Row& row : kRows)
    EXPECT_EQ(concluded(row.scene).conclusion.verdict, row.verdict) << row.what;
}

TEST(Conclude, the_principal_cause_is_one_and_the_others_contribute) {
  struct Row {
    const char* what;
    Scene scene;
    std::optional<CheckId> principal;
    std::vector<CheckId> contribute = {};
  };
  const auto cause = [](std::initializer_list<CheckId> ids) {
    std::map<CheckId, Status> statuses;
    for (const CheckId id : ids) statuses[id] = Status::cause;
    return statuses;
  };
  const std::vector<Fault> of_prompts{fault(Effect::prompts)};
  const std::vector<Fault> of_both{fault(Effect::prompts), fault(Effect::weights)};
  const Shares cache_larger{.tier = share(0.3), .kv_cache = share(0.7), .architecture = {}};
  const Shares type_larger{.tier = share(0.7), .kv_cache = share(0.3), .architecture = {}};
  const Shares class_larger{.tier = share(0.2), .kv_cache = share(0.1), .architecture = share(0.7)};
  const Row kRows[] = {
      {"none", {.statuses = {}}, std::nullopt},
      {"a contribution is no cause",
       {.statuses = {{calibration, Status::contributes}}},
       std::nullopt,
       {calibration}},
      {"one", {.statuses = cause({kv_cache})}, kv_cache},
      {"without shares the order of the guide",
       {.statuses = cause({tier, kv_cache})},
       tier,
       {kv_cache}},
      {"the larger share",
       {.statuses = cause({tier, kv_cache}), .shares = cache_larger},
       kv_cache,
       {tier}},
      {"the larger share, the other way",
       {.statuses = cause({tier, kv_cache}), .shares = type_larger},
       tier,
       {kv_cache}},
      {"three",
       {.statuses = cause({tier, kv_cache, architecture}), .shares = class_larger},
       architecture,
       {tier, kv_cache}},
      {"a share blames nobody who is cleared",
       {.statuses = cause({tier}), .shares = cache_larger},
       tier},
      {"a fault of the files before all",
       {.statuses = cause({not_quant, tier}), .faults = {fault(Effect::tokens)}},
       not_quant,
       {tier}},
      {"a fault of prompts alone",
       {.statuses = cause({not_quant}), .faults = of_prompts},
       not_quant},
      {"a fault of prompts yields to a loss",
       {.statuses = cause({not_quant, tier}), .faults = of_prompts},
       tier,
       {not_quant}},
      {"a fault of prompts beside one of weights does not",
       {.statuses = cause({not_quant, tier}), .faults = of_both},
       not_quant,
       {tier}},
      {"another model before what its bits lose",
       {.statuses = cause({tier, provenance})},
       provenance,
       {tier}},
      {"another model before a larger share of the cache",
       {.statuses = cause({kv_cache, provenance}), .shares = cache_larger},
       provenance,
       {kv_cache}},
      {"another model after a fault of the files",
       {.statuses = cause({not_quant, provenance}), .faults = {fault(Effect::weights)}},
       not_quant,
       {provenance}},
      {"another model where a fault of prompts yields",
       {.statuses = cause({not_quant, kv_cache, provenance}), .faults = of_prompts},
       provenance,
       {not_quant, kv_cache}}};
  for (const Row& row : kRows) {
    const Concluded all = concluded(row.scene);
    EXPECT_EQ(all.conclusion.principal, row.principal) << row.what;
    for (const CheckRow& check : kChecks) {
      const Status status = all.status(check.id);
      const bool contributes = std::ranges::find(row.contribute, check.id) != row.contribute.end();
      EXPECT_EQ(status == Status::cause, row.principal == check.id) << row.what << check.name;
      EXPECT_EQ(status == Status::contributes, contributes) << row.what << ": " << check.name;
    }
  }
}

TEST(Conclude, every_factor_that_was_switched_has_its_share) {
  const Concluded all = concluded(
      {.statuses = {{tier, Status::cause}},
       .shares = Shares{.tier = share(0.5), .kv_cache = share(0.1), .architecture = share(0.4)}});
  EXPECT_EQ(all[tier].share->value, 0.5);
  EXPECT_EQ(all[kv_cache].share->value, 0.1);
  EXPECT_EQ(all[architecture].share->value, 0.4);
  EXPECT_FALSE(all[not_quant].share || all[calibration].share || all[provenance].share);
  const Concluded two =
      concluded({.statuses = {{tier, Status::cause}},
                 .shares = Shares{.tier = share(0.9), .kv_cache = share(0.1), .architecture = {}}});
  EXPECT_FALSE(two[architecture].share);
  EXPECT_FALSE(concluded({.statuses = {{tier, Status::cause}}})[tier].share);
}

TEST(Conclude, the_share_of_the_weights_is_the_other_models_where_it_is_one) {
  const Shares shares{.tier = share(0.8), .kv_cache = share(0.2), .architecture = {}};
  const Concluded other = concluded(
      {.statuses = {{tier, Status::contributes}, {provenance, Status::cause}}, .shares = shares});
  EXPECT_EQ(other[provenance].share->value, 0.8);
  EXPECT_FALSE(other[tier].share);
  const Concluded own = concluded(
      {.statuses = {{tier, Status::cause}, {provenance, Status::cannot_tell}}, .shares = shares});
  EXPECT_EQ(own[tier].share->value, 0.8);
  EXPECT_FALSE(own[provenance].share);
}

TEST(Conclude, shares_that_overlap_are_told_where_two_are_to_blame) {
  const auto separated = [](bool of_shares, Status of_cache) {
    return concluded({.statuses = {{tier, Status::cause}, {kv_cache, of_cache}},
                      .shares = Shares{.tier = share(0.5),
                                       .kv_cache = share(0.5),
                                       .architecture = {},
                                       .separated = of_shares}})
        .conclusion.separated;
  };
  EXPECT_FALSE(separated(false, Status::cause));
  EXPECT_TRUE(separated(true, Status::cause));
  EXPECT_TRUE(separated(false, Status::cleared)) << "one cause alone is not compared with another";
}

TEST(Conclude, shares_of_the_likelihood_are_evidence) {
  std::vector<Finding> findings;
  for (const CheckRow& row : kChecks)
    findings.push_back({.check = row.id, .status = Status::cause});
  const Shares kld{.tier = share(0.6), .kv_cache = share(0.4), .architecture = {}};
  const Shares ln_ppl{.tier = share(0.7), .kv_cache = share(0.3), .architecture = {}};
  static_cast<void>(conclude(findings, {.attribution = Attribution{kld, ln_ppl}, .paired = true}));
  const auto of_ppl = [&](CheckId id) {
    const auto& evidence = findings[static_cast<std::size_t>(id)].evidence;
    const auto it = std::ranges::find(evidence, "share_ln_ppl", &Evidence::name);
    return it == evidence.end() ? std::nullopt : it->value;
  };
  EXPECT_EQ(of_ppl(tier)->value, 0.7);
  EXPECT_EQ(of_ppl(kv_cache)->value, 0.3);
  EXPECT_FALSE(of_ppl(architecture));
}

}  // namespace
}  // namespace qualm::diagnose
