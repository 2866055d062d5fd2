#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/check.h"
#include "diagnose/diagnose.h"
#include "support/plain_checkpoint.h"

namespace qualm::diagnose {
namespace {

using test::plain_checkpoint;
using ::testing::HasSubstr;

struct World {
  model::Checkpoint candidate = plain_checkpoint();
  model::Checkpoint baseline = plain_checkpoint();
  Patient patient;

  void differ(const std::string& key, const model::Value& ours, const model::Value& theirs) {
    candidate.metadata.set(key, ours);
    baseline.metadata.set(key, theirs);
  }

  CheckResult examine() {
    patient.candidate = &candidate;
    patient.baseline = &baseline;
    Case given(patient, nullptr);
    return *examine_not_quant(given);
  }
};

const Evidence* named(const CheckResult& result, const std::string& name) {
  const auto it = std::ranges::find(result.evidence, name, &Evidence::name);
  return it == result.evidence.end() ? nullptr : &*it;
}

TEST(NotQuant, equal_files_are_cleared) { EXPECT_EQ(World().examine().status, Status::cleared); }

TEST(NotQuant, keys_that_differ_and_split_alike_are_a_note) {
  World world;
  world.candidate.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -2, -1});
  EXPECT_EQ(world.examine().status, Status::cause);
  world.patient.split = probe::Split{};
  world.patient.split->tokens = 800;
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_TRUE(named(result, "tokenizer.ggml.scores"));
  EXPECT_THAT(named(result, "split")->says, HasSubstr("800 tokens of text are split alike"));
}

TEST(NotQuant, an_equal_split_does_not_excuse_another_end_token) {
  World world;
  world.differ("tokenizer.ggml.eos_token_id", std::int64_t{2}, std::int64_t{1});
  world.patient.split = probe::Split{};
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_THAT(result.headline, HasSubstr("answers end elsewhere"));
}

TEST(NotQuant, where_answers_end_is_a_cause_that_yields_to_a_loss_on_a_text) {
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "llama.context_length"}) {
    World world;
    world.differ(key, std::int64_t{2}, std::int64_t{1});
    const auto result = world.examine();
    EXPECT_EQ(result.status, Status::cause) << key;
    EXPECT_TRUE(result.yields) << key;
    world.candidate.metadata.set("llama.rope.freq_base", 1e6);
    EXPECT_FALSE(world.examine().yields) << key;
  }
}

TEST(NotQuant, a_label_that_the_zero_points_contradict_is_a_cause_that_yields) {
  World world;
  world.candidate.notes = {{"tensor a", "labelled GPTQ v2, but the zero points are those of v1"},
                           {"tensor b", "labelled GPTQ v2, but the zero points are those of v1"}};
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_TRUE(result.yields);
  EXPECT_THAT(result.headline, HasSubstr("a step off (2 matrices)"));
}

TEST(NotQuant, what_breaks_a_text_comes_before_where_answers_end) {
  World world;
  for (const char* key : {"llama.context_length", "llama.rope.freq_base"}) {
    world.differ(key, std::int64_t{2}, std::int64_t{1});
  }
  EXPECT_THAT(world.examine().headline, ::testing::StartsWith("llama.rope.freq_base"));
}

TEST(NotQuant, another_padding_token_is_a_note) {
  World world;
  world.differ("tokenizer.ggml.padding_token_id", std::int64_t{2}, std::int64_t{1});
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_TRUE(named(result, "tokenizer.ggml.padding_token_id"));
}

TEST(NotQuant, a_different_split_is_the_headline) {
  World world;
  world.candidate.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -2, -1});
  world.patient.split = probe::Split{false, 10, 8, 3, "abc", "d|e", "de"};
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_FALSE(result.yields);
  EXPECT_THAT(result.headline, HasSubstr("from token 3 on, after \"abc\": \"d|e\""));
}

TEST(NotQuant, templates_that_render_otherwise_are_a_cause_that_yields) {
  World world;
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
  world.patient.chat = {probe::ChatComparison::Outcome::renders_otherwise, "rendered otherwise"};
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_TRUE(result.yields);
}

TEST(NotQuant, templates_that_differ_in_layout_are_a_note) {
  World world;
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{messages}}"));
  world.patient.chat = {probe::ChatComparison::Outcome::layout, "layout"};
  EXPECT_EQ(world.examine().status, Status::cleared);
}

TEST(NotQuant, templates_that_libllama_renders_alike_are_not_cleared) {
  World world;
  world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
  world.patient.chat = {probe::ChatComparison::Outcome::renders_alike, "alike"};
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cannot_tell);
  EXPECT_FALSE(result.needs.empty());
}

TEST(NotQuant, damage_is_a_cause_and_named) {
  World world;
  world.patient.damage.found.push_back(
      {weights::IntegrityFault::Kind::zeros, "blk.0.attn_q.weight", 2, 300, "300 zeros"});
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_FALSE(result.yields);
  EXPECT_EQ(result.headline, "tensor blk.0.attn_q.weight: 300 zeros");
}

TEST(NotQuant, zeros_that_nobody_judged_are_no_cause) {
  World world;
  world.patient.damage.unjudged.push_back({weights::IntegrityFault::Kind::zeros, "t", 2, 300, "300 zeros"});
  EXPECT_EQ(world.examine().status, Status::cleared);
}

TEST(NotQuant, a_missing_rope_base_matters_where_the_default_is_another) {
  World world;
  world.baseline.metadata.set("llama.rope.freq_base", 500000.0);
  EXPECT_EQ(world.examine().status, Status::cause);
  EXPECT_THAT(world.examine().headline, HasSubstr("where llama.cpp takes 10000 (positions"));
  world.baseline.metadata.set("llama.rope.freq_base", 10000.0);
  EXPECT_EQ(world.examine().status, Status::cleared);
}

TEST(NotQuant, heads_that_the_file_leaves_out_follow_from_the_others) {
  World world;
  world.baseline.metadata.set("llama.attention.head_count_kv", std::int64_t{8});
  world.baseline.metadata.set("llama.rope.dimension_count", std::int64_t{64});
  EXPECT_EQ(world.examine().status, Status::cleared);
  world.baseline.metadata.set("llama.attention.head_count_kv", std::int64_t{2});
  EXPECT_EQ(world.examine().status, Status::cause);
}

struct Changed {
  const char* key;
  model::Value candidate;
  model::Value baseline;
  const char* says;
};

TEST(NotQuant, every_key_that_changes_answers_is_named_with_what_it_does) {
  const Changed kChanged[] = {
      {"llama.rope.freq_base", 10000.0, 500000.0, "positions are encoded otherwise"},
      {"llama.rope.scaling.factor", 2.0, 8.0, "positions are stretched"},
      {"llama.context_length", std::int64_t{4096}, std::int64_t{2048}, "another length of text"},
      {"llama.attention.layer_norm_rms_epsilon", 1e-6, 1e-5, "normalized otherwise"},
      {"llama.attention.head_count", std::int64_t{4}, std::int64_t{8}, "other heads"},
      {"llama.expert_count", std::int64_t{4}, std::int64_t{8}, "number of experts"},
      {"llama.expert_used_count", std::int64_t{1}, std::int64_t{2}, "experts per token"},
      {"tokenizer.ggml.bos_token_id", std::int64_t{0}, std::int64_t{1}, "begin with another token"},
      {"tokenizer.ggml.add_bos_token", false, true, "begin with another token"}};
  for (const Changed& changed : kChanged) {
    World world;
    world.differ(changed.key, changed.candidate, changed.baseline);
    const auto result = world.examine();
    EXPECT_EQ(result.status, Status::cause) << changed.key;
    EXPECT_THAT(result.headline, HasSubstr(changed.says)) << changed.key;
  }
}

probe::Symptom loops(probe::Symptom::Finding finding) {
  probe::Symptom s;
  s.symptom = probe::SymptomId::repetition;
  s.figure = probe::FigureId::loops_greedy;
  s.finding = finding;
  s.says = "Greedy: 14 of 24";
  return s;
}

TEST(NotQuant, a_symptom_that_the_baseline_shows_too_is_not_the_quants) {
  World world;
  world.patient.symptoms = {loops(probe::Symptom::Finding::shared)};
  EXPECT_EQ(world.examine().status, Status::cleared);  // nobody complained of it
  world.patient.asked_symptom = probe::SymptomId::repetition;
  const auto result = world.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_TRUE(result.yields);
  EXPECT_THAT(result.headline, HasSubstr("The baseline shows it too"));
}

TEST(NotQuant, a_symptom_that_is_worse_somewhere_may_be_the_quants) {
  World world;
  world.patient.asked_symptom = probe::SymptomId::repetition;
  world.patient.symptoms = {loops(probe::Symptom::Finding::shared),
                            loops(probe::Symptom::Finding::worse)};
  EXPECT_EQ(world.examine().status, Status::cleared);
}

}  // namespace
}  // namespace qualm::diagnose
