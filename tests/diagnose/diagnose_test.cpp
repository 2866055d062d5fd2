// What the checks decide together, from measurements that a fake experiment makes up.
#include "diagnose/diagnose.h"

#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <tuple>

#include "diagnose/thresholds.h"
#include "support/known.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using evaluate::MetricId;
using test::FakeExperiment;
using test::finding;
using test::ids_of;
using test::World;

TEST(Checks, the_checks_of_a_verdict_share_its_error) {
  EXPECT_DOUBLE_EQ(kCheckConfidence, 1 - 0.05 / 6);
  EXPECT_DOUBLE_EQ(confidence_for(1), 1 - 0.05 / 6);
  EXPECT_DOUBLE_EQ(confidence_for(4), 1 - 0.05 / 24);
}

TEST(Diagnose, the_checks_come_in_the_order_of_the_guide) {
  std::vector<std::string> ids;
  for (const Finding& one : World().examine().findings) ids.emplace_back(row_of(one.check).name);
  EXPECT_EQ(ids, (std::vector<std::string>{"not_quant", "tier", "kv_cache", "architecture",
                                           "calibration", "provenance"}));
}

TEST(Diagnose, a_healthy_candidate_has_no_cause_and_no_remedy) {
  World world;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
  EXPECT_EQ(found.conclusion.principal, std::nullopt);
  EXPECT_EQ(found.evidence_level, "L3");
  EXPECT_TRUE(found.remedies.empty());
  EXPECT_EQ(finding(found, CheckId::not_quant).status, Status::cleared);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cleared);
  EXPECT_EQ(finding(found, CheckId::kv_cache).status, Status::cleared);
  EXPECT_EQ(finding(found, CheckId::kv_cache).headline, "the cache is not quantized (f16/f16)");
}

TEST(Diagnose, weights_that_a_larger_type_makes_better_are_the_cause) {
  World world;
  world.lossy_weights();
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cause);
  EXPECT_FALSE(finding(found, CheckId::tier).share) << "there was nothing to share the loss with";
  ASSERT_EQ(found.remedies.size(), 1U);
  const Remedy& remedy = found.remedies[0];
  EXPECT_EQ(remedy.cause, CheckId::tier);
  EXPECT_EQ(remedy.command, "llama-quantize models/tiny-F16.gguf tiny-Q4_K_M.gguf Q4_K_M");
  EXPECT_EQ(remedy.effect, "weights from 3.4 MB to 4.8 MB");
  EXPECT_EQ(remedy.bytes, 4'800'000);
  EXPECT_NEAR((*remedy.before)[MetricId::kld_mean].estimate->value, 0.06, 0.002);
  EXPECT_NEAR((*remedy.after)[MetricId::kld_mean].estimate->value, 0.005, 0.0002);
}

TEST(Diagnose, a_baseline_that_is_a_folder_is_converted_before_it_is_quantized) {
  World world;
  world.lossy_weights();
  world.baseline.format = "safetensors";
  world.given.baseline_path = "models/my tiny/";
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].command,
            "convert_hf_to_gguf.py 'models/my tiny/' --outtype auto --outfile 'my tiny.gguf' && "
            "llama-quantize 'my tiny.gguf' tiny-Q4_K_M.gguf Q4_K_M");
}

TEST(Diagnose, a_remedy_is_proved_on_windows_that_did_not_choose_it) {
  World world;
  world.lossy_weights();
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_TRUE(found.remedies[0].holdout);
  EXPECT_EQ(found.remedies[0].windows, 8);
  const FakeExperiment::Asked& last = world.experiment.asked.back();
  EXPECT_EQ(last.windows.begin, 20);
  EXPECT_EQ(last.windows.end, 28);
  EXPECT_EQ(ids_of(last.variants), ids_of({Facts::weights_only(), Facts::as_type("Q4_K_M")}));
  // Only the first question may stop early; all that is compared with it reads the same windows.
  for (std::size_t i = 0; i < world.experiment.asked.size(); ++i)
    EXPECT_EQ(world.experiment.asked[i].may_stop(), i == 0);
  for (std::size_t i = 1; i + 1 < world.experiment.asked.size(); ++i) {
    EXPECT_EQ(world.experiment.asked[i].windows.begin, 0);
    EXPECT_LE(world.experiment.asked[i].windows.end, 20);
  }
}

// Windows that differ by a tenth, and a limit one standard deviation away: 20 windows choose Q4_K_M
// with certainty, 8 do not prove it, 16 do.
TEST(Diagnose, a_remedy_that_8_windows_do_not_decide_is_proved_on_all_of_the_holdout) {
  World world;
  world.lossy_weights();
  world.experiment.set_type("Q4_K_M", {.kld = 0.005, .spread = 0.1});
  world.given.accept = Accept{evaluate::MetricId::kld_mean, 0.0055};
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].windows, 16);
  EXPECT_EQ(found.remedies[0].line, Side::below);
}

TEST(Diagnose, a_text_without_holdout_windows_says_so_at_the_remedy) {
  World world;
  world.lossy_weights();
  world.experiment.domains[0].windows = 20;
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_FALSE(found.remedies[0].holdout);
  EXPECT_EQ(found.remedies[0].windows, 20);
}

TEST(Diagnose, the_smallest_type_within_limits_is_prescribed) {
  World world;
  world.experiment.set_candidate({0.3, 0.3});
  world.experiment.set_type("Q4_K_M", {0.12, 0.12});  // ruined itself: no licence
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_NE(found.remedies[0].command.find("-Q5_K_M.gguf"), std::string::npos)
      << found.remedies[0].command;
}

TEST(Diagnose, what_more_bits_do_not_make_better_is_not_the_type) {
  World world;
  world.experiment.set_candidate({0.2, 0.2});
  for (const char* type : {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"})
    world.experiment.set_type(type, {0.2, 0.2});
  const Diagnosis found = world.examine();
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cannot_tell);
  EXPECT_NE(finding(found, CheckId::tier).headline.find("no larger standard type loses less"),
            std::string::npos);
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
  EXPECT_EQ(found.conclusion.principal, std::nullopt);
}

TEST(Diagnose, a_loss_that_the_text_cannot_separate_from_the_line_is_not_called_healthy) {
  World world;
  world.experiment.set_candidate({0.02, 0.01, 3});
  const Diagnosis found = world.examine();
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::cannot_tell);
  EXPECT_EQ(finding(found, CheckId::tier).needs,
            std::vector<std::string>{
                "a longer text (-f): the loss is not certainly above or below the threshold"});
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
}

TEST(Diagnose, without_anything_but_the_file_nothing_is_cleared_that_was_not_examined) {
  World world;
  world.given.baseline = nullptr;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine(false);
  EXPECT_EQ(found.evidence_level, "L0");
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
  for (const Finding& one : found.findings) {
    EXPECT_EQ(one.status, Status::not_examined) << row_of(one.check).name;
    EXPECT_FALSE(one.needs.empty()) << row_of(one.check).name;
  }
  EXPECT_EQ(finding(found, CheckId::tier).headline,
            "3.68 bits per weight, below the usual minimum: a loss is likely");
  EXPECT_TRUE(found.remedies.empty());
}

TEST(Diagnose, without_an_original_and_a_quantized_cache_nothing_is_run) {
  World world;
  world.given.baseline = nullptr;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.evidence_level, "L1");
  EXPECT_TRUE(world.experiment.asked.empty());
  EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
}

TEST(Diagnose, files_that_cannot_be_compared_are_not_measured_against_each_other) {
  World world;
  world.lossy_weights();
  world.files.not_comparable = "the candidate has 7 tokens, the original 8";
  const Diagnosis found = world.examine();
  EXPECT_TRUE(world.experiment.asked.empty());
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::not_examined);
  EXPECT_EQ(finding(found, CheckId::tier).needs,
            std::vector<std::string>{"the candidate has 7 tokens, the original 8"});
}

TEST(Diagnose, a_fault_of_the_files_comes_before_what_was_measured) {
  World world;
  world.lossy_weights();
  world.candidate.metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{2});
  world.baseline.metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{1});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
  EXPECT_EQ(finding(found, CheckId::not_quant).headline,
            "tokenizer.ggml.bos_token_id: 2, in the original 1 (texts begin with another token)");
  EXPECT_EQ(finding(found, CheckId::tier).status, Status::contributes);
}

TEST(Diagnose, a_damaged_tensor_gets_no_remedy_of_the_type) {
  World world;
  world.lossy_weights();
  world.files.integrity.found.push_back({.kind = weights::IntegrityFault::Kind::zeros,
                                         .tensor = "blk.0.ffn_up.weight",
                                         .weights = 4096});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
  for (const CheckId id : {CheckId::tier, CheckId::architecture, CheckId::calibration})
    EXPECT_EQ(finding(found, id).status, Status::cannot_tell) << row_of(id).name;
  for (const Remedy& remedy : found.remedies) EXPECT_EQ(remedy.cause, CheckId::not_quant);
}

TEST(Diagnose, logits_that_are_no_numbers_are_a_fault_whatever_the_other_positions_lose) {
  for (const bool lossy : {false, true}) {
    World world;
    if (lossy) world.lossy_weights();
    world.experiment.lost = 1;
    const Diagnosis found = world.examine();
    EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
    EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
    const Finding& files = finding(found, CheckId::not_quant);
    ASSERT_EQ(files.faults.size(), 1U);
    EXPECT_EQ(files.faults[0].kind, FaultKind::lost_logits);
    EXPECT_EQ(files.headline,
              "NaN or infinite logits at 20 of 160 positions where the original has none");
    for (const CheckId id : {CheckId::tier, CheckId::kv_cache})
      EXPECT_FALSE(finding(found, id).share) << row_of(id).name;
  }
}

TEST(Diagnose, logits_that_only_the_kernels_of_this_device_lose_are_no_fault_of_the_file) {
  World world;
  world.experiment.lost = 1;
  world.experiment.lost_as_floats = false;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
  const Finding& files = finding(found, CheckId::not_quant);
  ASSERT_EQ(files.faults.size(), 1U);
  EXPECT_EQ(files.faults[0].kind, FaultKind::runtime);
  EXPECT_TRUE(files.headline.ends_with("on this device are at fault, not the file"))
      << files.headline;
  EXPECT_TRUE(found.remedies.empty()) << "another file would be run by the same kernels";
}

TEST(Diagnose, shares_do_not_count_a_lost_position_as_no_loss) {
  World world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  world.experiment.lost = 1;
  const Diagnosis found = world.examine();
  for (const Finding& one : found.findings) EXPECT_FALSE(one.share) << row_of(one.check).name;
}

TEST(Diagnose, the_cost_of_an_undecided_text_is_bounded) {
  World world;
  world.experiment.domains[0].windows = 400;
  world.experiment.stops_after = 400;  // 1 % stays undecided
  const Diagnosis found = world.examine();
  for (const auto& asked : world.experiment.asked) EXPECT_LE(asked.windows.end, 48);
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
}

TEST(Diagnose, the_full_text_is_all_but_what_proves_a_remedy) {
  World world;
  world.lossy_weights();
  world.given.read_all = true;
  const Diagnosis found = world.examine();
  EXPECT_FALSE(world.experiment.asked.front().may_stop());
  EXPECT_EQ(world.experiment.asked.front().windows.end, 84);
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].windows, 16);
  EXPECT_TRUE(found.remedies[0].holdout);
}

/// The diagnosis where what `refuse` picks is left out.
Diagnosis without(World& world, const std::function<bool(const Wanted&)>& refuse) {
  Facts facts = world.facts_and_texts();
  auto answer = diagnose(facts);
  for (int i = 0; !answer && i < 100; ++i, answer = diagnose(facts)) {
    if (refuse(answer.error()))
      facts.leave_out(answer.error());
    else
      std::visit(test::FindOut(facts, world.experiment), answer.error().what);
  }
  EXPECT_TRUE(answer);
  return answer ? *answer : Diagnosis{};
}

TEST(Diagnose, what_was_left_out_clears_no_check_and_makes_nothing_healthy) {
  for (const Stage stage : {Stage::factors, Stage::causes}) {
    World world;
    world.cache("q8_0", "q8_0");
    const Diagnosis found = without(world, [&](const Wanted& wanted) {
      return wanted.stage == stage && !std::holds_alternative<WantedNoiseFloor>(wanted.what);
    });
    EXPECT_EQ(found.conclusion.verdict, Verdict::cannot_tell);
    EXPECT_EQ(finding(found, CheckId::kv_cache).status, Status::not_examined);
    EXPECT_EQ(finding(found, CheckId::kv_cache).headline, kLeftOut);
    EXPECT_EQ(finding(found, CheckId::kv_cache).needs,
              std::vector<std::string>{"more time (--budget)"});
  }
}

TEST(Diagnose, a_noise_floor_or_texts_that_were_left_out_change_no_verdict) {
  World world;
  world.given.texts_asked = true;
  const Diagnosis found = without(world, [](const Wanted& wanted) {
    return std::holds_alternative<WantedNoiseFloor>(wanted.what) ||
           std::holds_alternative<WantedTexts>(wanted.what);
  });
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
}

TEST(Diagnose, a_fix_that_was_not_proved_in_time_is_shown_without_a_proof) {
  World world;
  world.lossy_weights();
  const Diagnosis found = without(world, [](const Wanted& wanted) {
    const auto* measured = std::get_if<WantedMeasurements>(&wanted.what);
    return wanted.stage == Stage::fixes && measured && measured->windows.begin > 0;
  });
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].windows, 0);
  EXPECT_EQ(found.remedies[0].line, Side::not_separated);
}

TEST(Diagnose, a_loss_over_the_limit_is_a_problem_whatever_was_left_out_after_it) {
  World world;
  world.lossy_weights();
  const Diagnosis found = without(world, [](const Wanted& wanted) {
    return std::holds_alternative<WantedEquality>(wanted.what);
  });
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
}

TEST(Diagnose, a_chat_template_alone_yields_to_a_loss_that_was_measured) {
  World world;
  world.lossy_weights();
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::tier);
  EXPECT_EQ(finding(found, CheckId::not_quant).status, Status::contributes);
}

TEST(Diagnose, what_is_left_to_a_default_does_not_make_a_template_the_principal_cause) {
  World world;
  world.lossy_weights();
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  world.baseline.metadata.set("tokenizer.ggml.add_bos_token", true);
  EXPECT_EQ(world.examine().conclusion.principal, CheckId::tier);
}

TEST(Diagnose, a_chat_template_alone_is_the_cause_where_nothing_was_lost) {
  World world;
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
}

TEST(Diagnose, a_fault_found_at_loading_is_a_cause_also_without_an_original) {
  World world;
  world.given.baseline = nullptr;
  world.files.faults = {
      {.kind = FaultKind::tokenizer, .where = "tokenizer", .says = "the tokenizer threw"}};
  const Diagnosis found = world.examine(false);
  EXPECT_EQ(found.conclusion.principal, CheckId::not_quant);
  EXPECT_EQ(finding(found, CheckId::not_quant).headline, "the tokenizer threw");
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
}

TEST(Diagnose, an_engine_that_fails_ends_the_diagnosis_with_its_error) {
  World world;
  world.experiment.broken = Error{Kind::engine, "ENGINE-003", "", "", "", "broken", ""};
  Facts facts = world.facts();
  const auto found = test::examined(facts, &world.experiment);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "ENGINE-003");
}

TEST(Diagnose, no_variant_is_measured_twice_on_the_same_windows) {
  World world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  static_cast<void>(world.examine());
  std::map<std::tuple<experiment::VariantId, experiment::VariantId, std::int32_t>, std::int32_t> to;
  for (const FakeExperiment::Asked& asked : world.experiment.asked)
    for (const experiment::Variant& variant : asked.variants) {
      auto& end = to[{id_of(asked.reference), id_of(variant), asked.windows.begin}];
      EXPECT_LT(end, asked.windows.end) << describe(variant);
      end = asked.windows.end;
    }
}

}  // namespace
}  // namespace qualm::diagnose
