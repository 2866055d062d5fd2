// What the checks decide, from measurements that a fake Lab makes up.
#include <gtest/gtest.h>

#include <set>

#include "diagnose/patient_world.h"

namespace qualm::diagnose {
namespace {

using test::FakeLab;

TEST(Decisions, the_checks_come_in_the_order_of_the_guide) {
  std::vector<std::string> ids;
  for (const CheckResult& one : World().examine().checks) ids.push_back(one.id);
  EXPECT_EQ(ids, (std::vector<std::string>{"not_quant", "tier", "kv_cache", "architecture",
                                           "calibration", "provenance"}));
}

TEST(Decisions, a_healthy_patient_has_no_cause_and_no_remedy) {
  World world;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.verdict, "healthy");
  EXPECT_EQ(found.principal_cause, "");
  EXPECT_EQ(found.evidence_level, "L3");
  EXPECT_EQ(found.summary, "No loss that matters was found on this text.");
  EXPECT_TRUE(found.remedies.empty());
  EXPECT_EQ(check(found, "not_quant").status, Status::cleared);
  EXPECT_EQ(check(found, "tier").status, Status::cleared);
  EXPECT_EQ(check(found, "kv_cache").status, Status::cleared);
  EXPECT_EQ(check(found, "kv_cache").headline, "the cache is not quantized (f16/f16)");
}

TEST(Decisions, weights_that_a_higher_rung_heals_are_the_cause) {
  World world;
  world.ill_weights();
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.verdict, "problem");
  EXPECT_EQ(found.principal_cause, "tier");
  EXPECT_EQ(check(found, "tier").status, Status::cause);
  EXPECT_FALSE(check(found, "tier").share) << "there was nothing to share the loss with";
  ASSERT_EQ(found.remedies.size(), 1U);
  const Remedy& remedy = found.remedies[0];
  EXPECT_EQ(remedy.cause, "tier");
  EXPECT_EQ(remedy.command, "llama-quantize models/tiny-F16.gguf tiny-Q2_K-Q4_K_M.gguf Q4_K_M");
  EXPECT_EQ(remedy.effect, "weights from 3.4 MB to 4.8 MB");
  EXPECT_EQ(remedy.bytes, 4'800'000);
  EXPECT_NEAR(remedy.before.at("kld_mean").estimate->value, 0.06, 0.002);
  EXPECT_NEAR(remedy.after.at("kld_mean").estimate->value, 0.005, 0.0002);
}

TEST(Decisions, a_baseline_that_is_a_folder_is_converted_before_it_is_quantized) {
  World world;
  world.ill_weights();
  world.baseline.format = "safetensors";
  world.patient.baseline_path = "models/my tiny/";
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].command,
            "convert_hf_to_gguf.py 'models/my tiny/' --outtype auto --outfile 'my tiny.gguf' && "
            "llama-quantize 'my tiny.gguf' tiny-Q2_K-Q4_K_M.gguf Q4_K_M");
}

TEST(Decisions, a_remedy_is_proved_on_windows_that_did_not_choose_it) {
  World world;
  world.ill_weights();
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_TRUE(found.remedies[0].fresh);
  EXPECT_EQ(found.remedies[0].windows, 16);
  const FakeLab::Asked& last = world.lab.asked.back();
  EXPECT_EQ(last.windows.begin, 20);
  EXPECT_EQ(last.windows.end, 36);
  EXPECT_EQ(last.variants, (std::vector<std::string>{"candidate, f16/f16 cache",
                                                     "baseline as Q4_K_M, f16/f16 cache"}));
  // Only the first question may stop early; all that is compared with it reads the same windows.
  for (std::size_t i = 0; i < world.lab.asked.size(); ++i)
    EXPECT_EQ(world.lab.asked[i].may_stop, i == 0);
  for (std::size_t i = 1; i + 1 < world.lab.asked.size(); ++i) {
    EXPECT_EQ(world.lab.asked[i].windows.begin, 0);
    EXPECT_EQ(world.lab.asked[i].windows.end, 20);
  }
}

TEST(Decisions, a_text_without_fresh_windows_says_so_at_the_remedy) {
  World world;
  world.ill_weights();
  world.lab.total = 20;
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_FALSE(found.remedies[0].fresh);
  EXPECT_EQ(found.remedies[0].windows, 20);
}

TEST(Decisions, the_smallest_rung_that_passes_the_line_is_prescribed) {
  World world;
  world.ill_weights();
  world.lab.weights["baseline as Q4_K_M"] = {0.02, 0.03};  // 3 % is over the line
  const Diagnosis found = world.examine();
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_NE(found.remedies[0].command.find("-Q5_K_M.gguf"), std::string::npos)
      << found.remedies[0].command;
}

TEST(Decisions, what_more_bits_do_not_heal_is_not_the_tier) {
  World world;
  for (const char* who : {"candidate", "baseline as Q4_K_M", "baseline as Q5_K_M",
                          "baseline as Q6_K", "baseline as Q8_0"})
    world.lab.weights[who] = {0.06, 0.06};
  const Diagnosis found = world.examine();
  EXPECT_EQ(check(found, "tier").status, Status::cannot_tell);
  EXPECT_NE(check(found, "tier").headline.find("no standard tier does better"), std::string::npos);
  EXPECT_EQ(found.verdict, "problem");
  EXPECT_EQ(found.principal_cause, "");
  EXPECT_EQ(found.summary,
            "It lost more than it should, and no check that was examined explains it.");
}

TEST(Decisions, a_loss_that_the_text_cannot_separate_from_the_line_is_not_called_healthy) {
  World world;
  world.lab.weights["candidate"] = {0.0075, 0.01, 3};
  const Diagnosis found = world.examine();
  EXPECT_EQ(check(found, "tier").status, Status::cannot_tell);
  EXPECT_EQ(
      check(found, "tier").needs,
      std::vector<std::string>{"more text (-f): neither line is separated from what was measured"});
  EXPECT_EQ(found.verdict, "cannot_tell");
  EXPECT_EQ(found.summary, "The text does not suffice to tell.");
}

TEST(Decisions, without_anything_but_the_file_nothing_is_cleared_that_was_not_examined) {
  World world;
  world.patient.baseline = nullptr;
  world.cache("q4_0", "q4_0");
  const Diagnosis found = world.examine(false);
  EXPECT_EQ(found.evidence_level, "L0");
  EXPECT_EQ(found.verdict, "cannot_tell");
  EXPECT_EQ(found.summary, "Without the model it was made from, most causes cannot be examined.");
  for (const CheckResult& one : found.checks) {
    EXPECT_EQ(one.status, Status::not_examined) << one.id;
    EXPECT_FALSE(one.needs.empty()) << one.id;
  }
  EXPECT_EQ(check(found, "tier").headline, "3.40 bits per weight, below the floor");
  EXPECT_TRUE(found.remedies.empty());
}

TEST(Decisions, without_a_baseline_and_a_quantized_cache_nothing_is_run) {
  World world;
  world.patient.baseline = nullptr;
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.evidence_level, "L1");
  EXPECT_TRUE(world.lab.asked.empty());
  EXPECT_EQ(found.verdict, "cannot_tell");
}

TEST(Decisions, files_that_cannot_be_compared_are_not_measured_against_each_other) {
  World world;
  world.ill_weights();
  world.patient.not_comparable = "the candidate has 7 tokens, the baseline 8";
  const Diagnosis found = world.examine();
  EXPECT_TRUE(world.lab.asked.empty());
  EXPECT_EQ(check(found, "tier").status, Status::not_examined);
  EXPECT_EQ(check(found, "tier").needs,
            std::vector<std::string>{"the candidate has 7 tokens, the baseline 8"});
}

TEST(Decisions, a_fault_of_the_files_comes_before_what_was_measured) {
  World world;
  world.ill_weights();
  world.candidate.metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{2});
  world.baseline.metadata.set("tokenizer.ggml.bos_token_id", std::uint64_t{1});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "not_quant");
  EXPECT_EQ(check(found, "not_quant").headline,
            "tokenizer.ggml.bos_token_id: 2, in the baseline 1 (texts begin with another token)");
  EXPECT_EQ(check(found, "tier").status, Status::contributes);
}

TEST(Decisions, a_damaged_tensor_gets_no_remedy_of_the_tier) {
  World world;
  world.ill_weights();
  world.patient.damage.found.push_back(
      {weights::IntegrityFault::Kind::zeros, "blk.0.ffn_up.weight", 0, 4096, "zero: 4096 of its weights"});
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "not_quant");
  for (const char* id : {"tier", "architecture", "calibration"})
    EXPECT_EQ(check(found, id).status, Status::cannot_tell) << id;
  for (const Remedy& remedy : found.remedies) EXPECT_EQ(remedy.cause, "not_quant");
}

TEST(Decisions, the_cost_of_an_undecided_text_is_bounded) {
  World world;
  world.lab.total = 400;
  world.lab.stops_after = 400;  // 1 % stays undecided
  const Diagnosis found = world.examine();
  for (const auto& asked : world.lab.asked) EXPECT_LE(asked.windows.end, 48);
  EXPECT_EQ(found.verdict, "healthy");
}

TEST(Decisions, the_full_text_is_all_but_what_proves_a_remedy) {
  World world;
  world.ill_weights();
  world.patient.read_all = true;
  const Diagnosis found = world.examine();
  EXPECT_FALSE(world.lab.asked.front().may_stop);
  EXPECT_EQ(world.lab.asked.front().windows.end, 84);
  ASSERT_EQ(found.remedies.size(), 1U);
  EXPECT_EQ(found.remedies[0].windows, 16);
  EXPECT_TRUE(found.remedies[0].fresh);
}

TEST(Decisions, a_chat_template_alone_yields_to_a_loss_that_was_measured) {
  World world;
  world.ill_weights();
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "tier");
  EXPECT_EQ(check(found, "not_quant").status, Status::contributes);
}

TEST(Decisions, what_is_left_to_a_default_does_not_make_a_template_the_principal_cause) {
  World world;
  world.ill_weights();
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  world.baseline.metadata.set("tokenizer.ggml.add_bos_token", true);
  EXPECT_EQ(world.examine().principal_cause, "tier");
}

TEST(Decisions, a_chat_template_alone_is_the_cause_where_nothing_was_lost) {
  World world;
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ a }}"));
  world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ b }}"));
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.principal_cause, "not_quant");
  EXPECT_EQ(found.verdict, "problem");
}

TEST(Decisions, a_fault_found_outside_is_a_cause_also_without_a_baseline) {
  World world;
  world.patient.baseline = nullptr;
  world.patient.faults = {{"tokenizer", std::nullopt, "", "the tokenizer threw"}};
  const Diagnosis found = world.examine(false);
  EXPECT_EQ(found.principal_cause, "not_quant");
  EXPECT_EQ(check(found, "not_quant").headline, "the tokenizer threw");
  EXPECT_EQ(found.verdict, "problem");
}

TEST(Decisions, an_engine_that_fails_ends_the_diagnosis_with_its_error) {
  World world;
  world.lab.broken = Error{Kind::engine, "ENGINE-003", "", "", "", "broken", ""};
  Case examined(world.patient, &world.lab);
  const auto found = diagnose(examined);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "ENGINE-003");
}

TEST(Decisions, no_variant_is_measured_twice_on_the_same_windows) {
  World world;
  world.ill_weights();
  world.cache("q4_0", "q4_0");
  static_cast<void>(world.examine());
  std::set<std::string> seen;
  for (const FakeLab::Asked& asked : world.lab.asked)
    for (const std::string& variant : asked.variants)
      EXPECT_TRUE(seen.insert(asked.reference + " | " + variant + " | " +
                              std::to_string(asked.windows.begin))
                      .second)
          << variant;
}

}  // namespace
}  // namespace qualm::diagnose
