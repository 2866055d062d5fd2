// Without an original: a surrogate of it, and what may be said by that.
#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::evidence;
using test::finding;
using test::World;

/// The candidate alone; the truth is 0.7 to 1.3 times what is estimated.
struct Alone : World {
  Alone() {
    given.baseline = nullptr;
    given.baseline_path.clear();
    given.surrogate = &baseline;
    experiment.truth_over_estimate = numeric::Estimate{1, 0.7, 1.3};
  }
};

TEST(Estimated, a_loss_that_is_over_the_line_however_far_the_estimate_is_off_is_a_likely_cause) {
  Alone world;
  world.lossy_weights();
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_TRUE(found.conclusion.estimated);
  EXPECT_EQ(found.evidence_level, "L1");
  const Finding& type = finding(found, CheckId::tier);
  EXPECT_TRUE(type.headline.starts_with("estimated KLD 0.06")) << type.headline;
  EXPECT_EQ(evidence(type, "ppl_change"), nullptr) << "it cannot be estimated";
}

TEST(Estimated, a_loss_that_may_be_on_either_side_of_the_line_is_not_decided) {
  Alone world;
  world.experiment.set_candidate({0.018, 0.02});  // the line is at 0.02
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
  EXPECT_FALSE(found.conclusion.principal);
  for (const CheckId id : {CheckId::tier, CheckId::architecture})
    for (const std::string& needs : finding(found, id).needs)
      EXPECT_TRUE(needs.starts_with("the original model (--baseline)")) << needs;
  world.experiment.truth_over_estimate = numeric::Estimate{1, 0.9, 1.05};
  EXPECT_EQ(world.examine().conclusion.verdict, Verdict::none_found);
}

TEST(Estimated, nothing_is_called_healthy_that_was_not_compared_with_the_original) {
  Alone world;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::none_found);
  for (const CheckId id : {CheckId::not_quant, CheckId::calibration, CheckId::provenance})
    EXPECT_EQ(finding(found, id).status, Status::not_examined) << row_of(id).name;
}

TEST(Estimated, the_ladder_holds_all_types_that_can_be_taken_instead) {
  Alone world;
  const Diagnosis found = world.examine();
  ASSERT_TRUE(found.ladder);
  std::vector<std::string> names;
  for (const Rung& rung : found.ladder->rungs) names.push_back(rung.name);
  for (const char* type : {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"})
    EXPECT_NE(std::ranges::find(names, type), names.end()) << type;
}

/// A candidate that calls itself Q4_K_M, and loses twice what one made of the surrogate does.
struct CallsItselfQ4KM : Alone {
  CallsItselfQ4KM() {
    candidate.metadata.set("general.file_type", std::int64_t{15});
    experiment.set_candidate({0.05, 0.05});
    experiment.set_type("Q4_K_M", {0.025, 0.025});
  }
  [[nodiscard]] bool made_one() const {
    return std::ranges::any_of(experiment.asked, [](const auto& asked) {
      return std::ranges::any_of(asked.variants, [](const experiment::Variant& variant) {
        return variant.weights.mix == "Q4_K_M";
      });
    });
  }
};

TEST(Estimated, a_file_of_the_type_that_sets_the_limit_sets_it_itself) {
  CallsItselfQ4KM world;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::none_found);
  EXPECT_TRUE(finding(found, CheckId::tier)
                  .headline.ends_with("; this file is a Q4_K_M, the type that sets the limit"))
      << finding(found, CheckId::tier).headline;
  EXPECT_FALSE(world.made_one());
  ASSERT_TRUE(found.ladder);
  EXPECT_EQ(std::ranges::count(found.ladder->rungs, "Q4_K_M", &Rung::name), 1);
  const auto yours = std::ranges::find(found.ladder->rungs, "Q4_K_M", &Rung::name);
  EXPECT_TRUE(yours->yours);
  EXPECT_EQ(yours->limit, Side::below);
}

TEST(Estimated, a_file_that_only_calls_itself_so_is_held_against_one_that_is) {
  CallsItselfQ4KM world;
  world.experiment.is_its_type = false;
  const Diagnosis found = world.examine();
  EXPECT_NE(found.conclusion.verdict, Verdict::none_found);
  EXPECT_TRUE(world.made_one());
  EXPECT_EQ(std::ranges::count(found.ladder->rungs, "Q4_K_M", &Rung::name), 2);
}

TEST(Estimated, a_file_of_that_type_that_loses_more_than_any_may_is_a_problem) {
  CallsItselfQ4KM world;
  world.experiment.set_candidate({0.2, 0.2});
  EXPECT_EQ(world.examine().conclusion.principal, CheckId::tier);
}

TEST(Estimated, the_fix_is_a_file_to_fetch_and_no_command) {
  Alone world;
  world.lossy_weights();
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].name, "Q4_K_M");
  EXPECT_TRUE(found.remedies[0].command.empty()) << found.remedies[0].command;
  EXPECT_NE(found.remedies[0].effect.find("download"), std::string::npos)
      << found.remedies[0].effect;
}

TEST(Estimated, a_fault_of_the_file_is_there_whatever_is_estimated) {
  Alone world;
  world.lossy_weights();
  world.files.faults.push_back({.kind = FaultKind::sampling,
                                .effect = Effect::prompts,
                                .where = "temperature",
                                .says = "a temperature of 9"});
  const Diagnosis found = world.examine();
  EXPECT_EQ(finding(found, CheckId::not_quant).status, Status::contributes);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
}

TEST(Estimated, what_the_prompts_of_the_file_risk_is_told_and_no_fault) {
  Alone world;
  world.candidate.metadata.set("tokenizer.ggml.tokens",
                               std::vector<std::string>{"</s>", "<|im_start|>", "<|im_end|>"});
  world.candidate.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{0});
  world.candidate.metadata.set("tokenizer.chat_template",
                               std::string("<|im_start|>user <|im_end|> <|im_start|>assistant"));
  const Finding files = finding(world.examine(), CheckId::not_quant);
  EXPECT_EQ(files.status, Status::not_examined);
  EXPECT_NE(files.headline.find("ends a turn with <|im_end|>"), std::string::npos)
      << files.headline;
}

TEST(Estimated, eight_windows_are_read_and_no_noise_floor) {
  Alone world;
  const Diagnosis found = world.examine();
  for (const auto& asked : world.experiment.asked) EXPECT_LE(asked.windows.end, 8);
}

TEST(Estimated, a_cache_is_measured_and_held_against_an_estimated_line) {
  Alone world;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::kv_cache);
  EXPECT_EQ(finding(found, CheckId::kv_cache).status, Status::cause);
}

}  // namespace
}  // namespace qualm::diagnose
