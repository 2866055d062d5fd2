// The clinic's judge, on diagnoses and truths made by hand.
#include "clinic/judge.h"

#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "diagnose/checks.h"

namespace qualm::clinic {
namespace {

using diagnose::CheckId;
using diagnose::Status;
using diagnose::Verdict;
using Names = std::vector<std::string>;

numeric::Estimate share(double low, double high) { return {(low + high) / 2, low, high}; }

/// A diagnosis that names these; the first `cause` is the principal one.
diagnose::Diagnosis named(const std::map<CheckId, Status>& statuses,
                          Verdict verdict = Verdict::problem) {
  diagnose::Diagnosis found;
  for (const diagnose::CheckRow& row : diagnose::kChecks) {
    const auto it = statuses.find(row.id);
    const Status status = it == statuses.end() ? Status::cleared : it->second;
    found.findings.push_back({.check = row.id, .status = status});
    if (status == Status::cause && !found.conclusion.principal) found.conclusion.principal = row.id;
  }
  found.conclusion.verdict = verdict;
  return found;
}

diagnose::Diagnosis nothing(Verdict verdict) { return named({}, verdict); }

/// A case made with these causes.
clinic::ClinicCase made(const std::string& cause, const std::string& also = "",
                        const Names& or_as = {}) {
  clinic::ClinicCase one;
  one.cause = cause;
  one.also = also;
  one.or_as = or_as;
  return one;
}

Truth truth(Matters loss) { return {.loss = loss, .cache = {}, .shares = {}, .windows = 24}; }

/// Of a loss that is small, held against that of its types.
Truth small_truth(Matters over_rounding) {
  Truth small = truth(Matters::no);
  small.over_rounding = over_rounding;
  return small;
}

Truth truth_of_cache(Matters loss, Matters cache) {
  return {.loss = loss, .cache = cache, .shares = {}, .windows = 24};
}

TEST(Judge, a_pack_agrees_where_it_says_the_same_of_loss_and_cache) {
  const auto of = [](diagnose::Side line, Status cache) {
    diagnose::Diagnosis found = named({{CheckId::kv_cache, cache}});
    found.conclusion.loss =
        diagnose::Loss{.kld = numeric::Estimate{0.02, 0.01, 0.03}, .line = line};
    return found;
  };
  const auto live = of(diagnose::Side::above, Status::cause);
  EXPECT_TRUE(compare(live, of(diagnose::Side::above, Status::cause)).agrees);
  EXPECT_FALSE(compare(live, of(diagnose::Side::not_separated, Status::cause)).agrees);
  EXPECT_FALSE(compare(live, of(diagnose::Side::above, Status::cleared)).agrees);
  const auto unmeasured = compare(live, named({}));
  EXPECT_TRUE(unmeasured.agrees);
  EXPECT_EQ(unmeasured.loss, "");
}

TEST(Judge, a_pack_that_is_refused_agrees_with_a_fault_of_the_files) {
  const Error why{Kind::input, "PACK-006", "", "token 1", "3 \"L\"", "4 \"Le\"", ""};
  const auto of_files = refused(named({{CheckId::not_quant, Status::cause}}), why);
  EXPECT_TRUE(of_files.agrees);
  EXPECT_EQ(of_files.refused, "PACK-006: found 4 \"Le\"");
  EXPECT_EQ(of_files.cache, "not_examined");
  EXPECT_FALSE(refused(named({{CheckId::tier, Status::cause}}), why).agrees);
  EXPECT_FALSE(refused(nothing(Verdict::healthy), why).agrees);
}

TEST(Judge, without_the_original_a_wrong_name_is_wrong_and_no_name_is_no_answer) {
  const auto case_of = [](const std::string& cause, const Names& right) {
    report::ClinicCase one;
    one.made_cause = cause;
    one.right_answers = right;
    return one;
  };
  const auto tier = named({{CheckId::tier, Status::cause}});
  EXPECT_EQ(judge_alone(case_of("tier", {"tier"}), tier).answer, "right");
  EXPECT_EQ(judge_alone(case_of("provenance", {"provenance"}), tier).answer, "wrong");
  EXPECT_EQ(judge_alone(case_of("", {"healthy"}), tier).answer, "wrong");
  const auto none = judge_alone(case_of("tier", {"tier"}), nothing(Verdict::cannot_tell));
  EXPECT_EQ(none.answer, "none");
  EXPECT_EQ(none.found, "cannot_tell");
  EXPECT_EQ(judge_alone(case_of("", {"healthy"}), nothing(Verdict::problem)).answer, "wrong");
}

TEST(Judge, the_right_answers_follow_from_what_was_put_in_and_from_what_it_costs) {
  struct Row {
    const char* what;
    clinic::ClinicCase made_so;
    Truth truth;
    Names right;
  };
  const Row kRows[] = {
      {"a control", made(""), truth(Matters::no), {"healthy"}},
      {"a control that loses too much all the same", made(""), truth(Matters::yes), {"healthy"}},
      {"a control at the line", made(""), truth(Matters::unclear), {"healthy", "cannot_tell"}},
      {"a type that matters", made("tier"), truth(Matters::yes), {"tier"}},
      {"a type that does not", made("tier"), truth(Matters::no), {"healthy"}},
      {"a type at the line",
       made("tier"),
       truth(Matters::unclear),
       {"tier", "healthy", "cannot_tell"}},
      {"another right answer",
       made("architecture", "", {"tier"}),
       truth(Matters::yes),
       {"architecture", "tier"}},
      {"another right answer where nothing matters",
       made("architecture", "", {"tier"}),
       truth(Matters::no),
       {"healthy"}},
      {"a calibration that loses little, but far more than its types",
       made("calibration"),
       small_truth(Matters::yes),
       {"calibration"}},
      {"a calibration that loses little, perhaps more than its types",
       made("calibration"),
       small_truth(Matters::unclear),
       {"calibration", "healthy", "cannot_tell"}},
      {"a calibration that loses little, and no more than its types",
       made("calibration"),
       small_truth(Matters::no),
       {"healthy"}},
      {"a fault of the files, whatever it costs",
       made("not_quant"),
       truth(Matters::no),
       {"not_quant"}},
      {"another model, whatever it costs",
       made("provenance"),
       truth(Matters::unclear),
       {"provenance"}},
      {"a cache by what the cache alone costs",
       made("kv_cache"),
       truth_of_cache(Matters::yes, Matters::no),
       {"healthy"}},
      {"a cache that matters in weights that do not",
       made("kv_cache"),
       truth_of_cache(Matters::no, Matters::yes),
       {"kv_cache"}}};
  for (const Row& row : kRows)
    EXPECT_EQ(judge(row.made_so, row.truth, nothing(Verdict::healthy)).right_answers, row.right)
        << row.what;
}

TEST(Judge, a_diagnosis_is_right_where_it_found_one_of_the_right_answers) {
  const clinic::ClinicCase type = made("tier");
  EXPECT_TRUE(judge(type, truth(Matters::yes), named({{CheckId::tier, Status::cause}})).right);
  EXPECT_FALSE(judge(type, truth(Matters::yes), nothing(Verdict::healthy)).right);
  EXPECT_FALSE(judge(type, truth(Matters::yes), nothing(Verdict::cannot_tell)).right);
  EXPECT_TRUE(judge(type, truth(Matters::unclear), nothing(Verdict::cannot_tell)).right);
  EXPECT_TRUE(judge(type, truth(Matters::no), nothing(Verdict::healthy)).right);
  EXPECT_FALSE(judge(type, truth(Matters::no), nothing(Verdict::cannot_tell)).right);
  EXPECT_FALSE(judge(made(""), truth(Matters::no), nothing(Verdict::problem)).right)
      << "a loss that nothing explains is no health";
}

TEST(Judge, what_was_found_is_the_principal_cause_or_the_verdict) {
  EXPECT_EQ(judge(made(""), truth(Matters::yes), named({{CheckId::kv_cache, Status::cause}})).found,
            "kv_cache");
  EXPECT_EQ(judge(made(""), truth(Matters::yes), nothing(Verdict::problem)).found, "problem");
  EXPECT_EQ(judge(made(""), truth(Matters::yes), nothing(Verdict::cannot_tell)).found,
            "cannot_tell");
}

TEST(Judge, a_second_cause_that_is_not_named_is_missed) {
  const clinic::ClinicCase two = made("tier", "kv_cache");
  const Truth matters = truth_of_cache(Matters::yes, Matters::yes);
  const auto alone = judge(two, matters, named({{CheckId::tier, Status::cause}}));
  EXPECT_EQ(alone.missed, Names{"kv_cache"});
  EXPECT_FALSE(alone.right);
  const auto both =
      judge(two, matters,
            named({{CheckId::tier, Status::cause}, {CheckId::kv_cache, Status::contributes}}));
  EXPECT_EQ(both.missed, Names{});
  EXPECT_TRUE(both.right);
}

TEST(Judge, a_second_cache_is_missed_only_where_it_certainly_matters) {
  const clinic::ClinicCase two = made("tier", "kv_cache");
  const auto found = named({{CheckId::tier, Status::cause}});
  for (const Matters cache : {Matters::no, Matters::unclear})
    EXPECT_TRUE(judge(two, truth_of_cache(Matters::yes, cache), found).right);
  const clinic::ClinicCase with_class = made("tier", "architecture");
  EXPECT_EQ(judge(with_class, truth(Matters::yes), found).missed, Names{"architecture"});
}

TEST(Judge, a_cause_that_was_not_put_in_is_a_false_alarm) {
  const auto both =
      named({{CheckId::tier, Status::cause}, {CheckId::calibration, Status::contributes}});
  const auto of_type = judge(made("tier"), truth(Matters::yes), both);
  EXPECT_EQ(of_type.false_alarms, Names{"calibration"});
  EXPECT_FALSE(of_type.right);
  const auto control = judge(made(""), truth(Matters::no), both);
  EXPECT_EQ(control.false_alarms, (Names{"tier", "calibration"}));
  EXPECT_EQ(judge(made("tier", "calibration"), truth(Matters::yes), both).false_alarms, Names{});
  EXPECT_EQ(judge(made("tier", "", {"calibration"}), truth(Matters::yes), both).false_alarms,
            Names{});
}

TEST(Judge, a_doubt_is_no_alarm) {
  const auto found = named(
      {{CheckId::calibration, Status::cannot_tell}, {CheckId::provenance, Status::not_examined}},
      Verdict::healthy);
  const auto result = judge(made(""), truth(Matters::no), found);
  EXPECT_EQ(result.false_alarms, Names{});
  EXPECT_TRUE(result.right);
}

/// The shares of type and cache as found, against the truth.
report::ClinicCase shared(const numeric::Estimate& type, const numeric::Estimate& true_type) {
  auto found = named({{CheckId::tier, Status::cause}, {CheckId::kv_cache, Status::contributes}});
  found.findings[static_cast<std::size_t>(CheckId::tier)].share = type;
  found.findings[static_cast<std::size_t>(CheckId::kv_cache)].share = share(0.1, 0.2);
  Truth of_both = truth_of_cache(Matters::yes, Matters::yes);
  of_both.shares = TrueShares{.weights = true_type, .cache = share(0.15, 0.25), .tensors = {}};
  return judge(made("tier", "kv_cache"), of_both, found);
}

TEST(Judge, shares_hold_where_the_intervals_meet) {
  struct Row {
    numeric::Estimate found;
    numeric::Estimate truth;
    bool holds;
  };
  const Row kRows[] = {
      {share(0.7, 0.8), share(0.75, 0.9), true},  {share(0.7, 0.8), share(0.8, 0.9), true},
      {share(0.7, 0.8), share(0.6, 0.7), true},   {share(0.7, 0.8), share(0.81, 0.9), false},
      {share(0.7, 0.8), share(0.6, 0.69), false}, {share(0.7, 0.8), share(0.71, 0.72), true}};
  for (const Row& row : kRows) {
    const auto result = shared(row.found, row.truth);
    ASSERT_EQ(result.shares.size(), 2U);
    EXPECT_EQ(result.shares[0].check, "tier");
    EXPECT_EQ(result.shares[0].holds, row.holds) << row.truth.low << " " << row.truth.high;
    EXPECT_EQ(result.shares[1].check, "kv_cache");
    EXPECT_TRUE(result.shares[1].holds);
    EXPECT_TRUE(result.right) << "a share decides nothing about the answer";
  }
}

TEST(Judge, the_share_of_another_models_weights_is_compared_with_that_of_the_weights) {
  auto found = named({{CheckId::provenance, Status::cause}});
  found.findings[static_cast<std::size_t>(CheckId::provenance)].share = share(0.7, 0.8);
  Truth of_weights = truth(Matters::yes);
  of_weights.shares = TrueShares{.weights = share(0.75, 0.85), .cache = {}, .tensors = {}};
  const auto result = judge(made("provenance"), of_weights, found);
  ASSERT_EQ(result.shares.size(), 1U);
  EXPECT_EQ(result.shares[0].check, "provenance");
  EXPECT_TRUE(result.shares[0].holds);
}

TEST(Judge, shares_that_one_side_does_not_know_are_not_compared) {
  auto found = named({{CheckId::tier, Status::cause}});
  Truth of_both = truth(Matters::yes);
  of_both.shares = TrueShares{.weights = share(0.7, 0.8), .cache = {}, .tensors = share(0.1, 0.2)};
  EXPECT_TRUE(judge(made("tier"), of_both, found).shares.empty());
  found.findings[static_cast<std::size_t>(CheckId::kv_cache)].share = share(0.1, 0.2);
  EXPECT_TRUE(judge(made("tier"), of_both, found).shares.empty());
}

TEST(Judge, the_harm_is_that_of_what_was_put_in) {
  const auto harm = [](const char* cause, const Truth& of) {
    return judge(made(cause), of, nothing(Verdict::healthy)).harm;
  };
  EXPECT_EQ(harm("tier", truth(Matters::yes)), "above");
  EXPECT_EQ(harm("tier", truth(Matters::no)), "below");
  EXPECT_EQ(harm("tier", truth(Matters::unclear)), "not_separated");
  EXPECT_EQ(harm("", truth(Matters::no)), "below");
  EXPECT_EQ(harm("kv_cache", truth_of_cache(Matters::yes, Matters::no)), "below");
  EXPECT_EQ(harm("not_quant", truth(Matters::no)), "below");
  EXPECT_EQ(harm("tier", {}), "") << "nothing was measured";
}

TEST(Judge, a_case_is_told_as_it_was_made) {
  const clinic::ClinicCase one{.name = "tier/Q2_K",
                               .mix = "Q2_K",
                               .type_k = "q4_0",
                               .cause = "tier",
                               .also = "kv_cache",
                               .why = "because"};
  auto found = named({{CheckId::tier, Status::cause}});
  const auto result = judge(one, truth(Matters::yes), found);
  EXPECT_EQ(result.name, "tier/Q2_K");
  EXPECT_EQ(result.made, "Q2_K, q4_0/f16 cache");
  EXPECT_EQ(result.made_cause, "tier");
  EXPECT_EQ(result.made_also, "kv_cache");
  EXPECT_EQ(result.why, "because");
  EXPECT_EQ(result.truth_windows, 24);
}

}  // namespace
}  // namespace qualm::clinic
