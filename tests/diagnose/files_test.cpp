// Check 0: what the files say, whatever the bits.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/checks.h"
#include "support/checkpoints.h"
#include "support/file_facts.h"
#include "support/plain_checkpoint.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::plain_checkpoint;
using ::testing::HasSubstr;

struct Files {
  model::Checkpoint candidate = plain_checkpoint();
  model::Checkpoint baseline = plain_checkpoint();
  FileFacts found;

  void differ(const std::string& key, const model::Value& ours, const model::Value& theirs) {
    candidate.metadata.set(key, ours);
    baseline.metadata.set(key, theirs);
  }

  Finding examine() {
    Facts facts;
    facts.given = {.candidate = &candidate, .baseline = &baseline};
    facts.files = found;
    test::read_files(facts);
    return check_files(facts).value();
  }
};

/// No loss on a text comes with it.
bool of_prompts(const Finding& finding) {
  return !finding.faults.empty() && std::ranges::all_of(finding.faults, [](const Fault& fault) {
    return fault.effect == Effect::prompts;
  });
}

const Evidence* named(const Finding& result, const std::string& name) {
  const auto it = std::ranges::find(result.evidence, name, &Evidence::name);
  return it == result.evidence.end() ? nullptr : &*it;
}

TEST(Files, equal_files_are_cleared) { EXPECT_EQ(Files().examine().status, Status::cleared); }

TEST(Files, keys_that_differ_and_split_alike_are_a_note) {
  Files files;
  files.candidate.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -2, -1});
  EXPECT_EQ(files.examine().status, Status::cause);
  files.found.split = probe::Split{};
  files.found.split->tokens = 800;
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_TRUE(named(result, "tokenizer.ggml.scores"));
  EXPECT_THAT(named(result, "split")->says, HasSubstr("800 tokens of text are split alike"));
}

TEST(Files, an_equal_split_does_not_excuse_another_end_token) {
  Files files;
  files.differ("tokenizer.ggml.eos_token_id", std::int64_t{2}, std::int64_t{1});
  files.found.split = probe::Split{};
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_THAT(result.headline, HasSubstr("answers end elsewhere"));
}

TEST(Files, where_answers_end_is_a_cause_that_yields_to_a_loss_on_a_text) {
  for (const char* key :
       {"tokenizer.ggml.eos_token_id", "tokenizer.ggml.eot_token_id", "llama.context_length"}) {
    Files files;
    files.differ(key, std::int64_t{2}, std::int64_t{1});
    const auto result = files.examine();
    EXPECT_EQ(result.status, Status::cause) << key;
    EXPECT_TRUE(of_prompts(result)) << key;
    files.candidate.metadata.set("llama.rope.freq_base", 1e6);
    EXPECT_FALSE(of_prompts(files.examine())) << key;
  }
}

TEST(Files, a_label_that_the_zero_points_contradict_is_a_cause_that_yields) {
  Files files;
  const std::string says = "labelled GPTQ v2, but the zero points are those of v1";
  files.candidate.notes = {{"tensor a", says, model::Note::Kind::mislabelled},
                           {"tensor b", says, model::Note::Kind::mislabelled},
                           {"tensor c", "something else"}};
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_TRUE(of_prompts(result));
  EXPECT_THAT(result.headline, HasSubstr("run other weights (2 matrices)"));
}

TEST(Files, experts_that_were_exchanged_in_all_their_matrices_are_told_once) {
  const auto with_experts = [](int first) {
    model::Checkpoint made = plain_checkpoint();
    made.metadata.set("llama.block_count", std::int64_t{2});
    for (const char* part : {"ffn_gate_exps", "ffn_up_exps"}) {
      std::vector<float> values;
      for (int at = 0; at < 4; ++at) {
        const int from = at < 2 ? (at + first) % 2 : at;
        const auto one = test::noise(64 * 32, 0.05, static_cast<std::uint32_t>(30 + from));
        values.insert(values.end(), one.begin(), one.end());
      }
      made.tensors.push_back(test::float_tensor(std::string("blk.1.") + part + ".weight",
                                                {64, 32, 4}, std::move(values)));
    }
    return made;
  };
  Files files;
  files.candidate = with_experts(1);
  files.baseline = with_experts(0);
  const auto result = files.examine();
  EXPECT_EQ(result.headline, "experts 0 and 1 exchanged in layer 1");
  ASSERT_EQ(result.faults.size(), 1U);
  EXPECT_EQ(result.faults[0].tensors.size(), 2U);
}

TEST(Files, activations_that_the_runtime_rounds_leave_a_doubt) {
  Files files;
  files.candidate.metadata.set("quantization.activations",
                               std::string("8-bit float, scales stored in the file"));
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cannot_tell);
  EXPECT_THAT(result.headline, HasSubstr("8-bit float, scales stored in the file"));
  EXPECT_EQ(result.needs.size(), 1U);
}

TEST(Files, activations_that_only_some_devices_round_are_a_note) {
  Files files;
  files.candidate.metadata.set("general.tensor_extra.prec_a4", std::string("all"));
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_TRUE(named(result, "quantized_activations"));
}

TEST(Files, sampler_settings_that_spoil_any_model_are_a_cause) {
  const auto with = [](std::optional<double> heat, std::optional<double> penalty,
                       std::optional<probe::SymptomId> symptom = {}) {
    const model::Checkpoint both = plain_checkpoint();
    Facts facts;
    facts.given = {.candidate = &both,
                   .baseline = &both,
                   .temperature = heat,
                   .repeat_penalty = penalty,
                   .asked_symptom = symptom};
    return check_files(facts).value();
  };
  EXPECT_EQ(with(0.8, 1.1).status, Status::cleared);
  EXPECT_EQ(with(1.8, {}).status, Status::cause);
  EXPECT_EQ(with({}, 1.5).status, Status::cause);
  EXPECT_EQ(with(0.0, {}).status, Status::cleared);
  EXPECT_EQ(with(0.0, {}, probe::SymptomId::repetition).status, Status::cause);
  EXPECT_TRUE(of_prompts(with(1.8, 1.5)));
}

TEST(Files, an_adapter_that_does_not_fit_is_a_cause_and_one_that_fits_leaves_a_doubt) {
  const auto with = [](std::int64_t more_inputs) {
    const model::Checkpoint both = plain_checkpoint();
    const auto matrix = std::ranges::find_if(
        both.tensors, [](const model::Tensor& tensor) { return tensor.dims.size() == 2; });
    const std::int64_t inputs = matrix->dims[0] + more_inputs;
    model::Checkpoint lora;
    lora.metadata.set("general.architecture", both.architecture());
    lora.tensors.push_back(
        test::float_tensor(matrix->name + ".lora_a", {inputs, 1},
                           std::vector<float>(static_cast<std::size_t>(inputs), 0.0F)));
    Facts facts;
    facts.given = {.candidate = &both, .baseline = &both, .lora = &lora};
    return check_files(facts).value();
  };
  EXPECT_EQ(with(0).status, Status::cannot_tell);
  EXPECT_EQ(with(32).status, Status::cause);
  EXPECT_THAT(with(32).headline, HasSubstr("does not fit this model"));
}

TEST(Files, an_original_whose_own_run_is_broken_is_told_apart_by_running_it_in_f32) {
  for (const double f32 : {-0.12, 0.0}) {
    test::World world;
    world.given.free_memory = std::int64_t{1} << 40;
    world.experiment.set_candidate({0.05, -0.1});
    world.experiment.set(Facts::original_in_f32().weights, {f32 < 0 ? 0.06 : 1e-6, f32});
    const Diagnosis found = world.examine();
    const Finding& files = test::finding(found, CheckId::not_quant);
    ASSERT_TRUE(test::evidence(files, "original_in_f32"));
    EXPECT_EQ(files.status, f32 < 0 ? Status::cause : Status::cleared);
    if (f32 < 0) {
      EXPECT_THAT(files.headline, HasSubstr("the original's own run is broken"));
    }
  }
}

TEST(Files, without_the_memory_for_it_the_original_is_not_run_in_f32) {
  test::World world;
  world.experiment.set_candidate({0.05, -0.1});
  const Diagnosis found = world.examine();
  EXPECT_FALSE(test::evidence(test::finding(found, CheckId::not_quant), "original_in_f32"));
}

TEST(Files, what_breaks_a_text_comes_before_where_answers_end) {
  Files files;
  for (const char* key : {"llama.context_length", "llama.rope.freq_base"}) {
    files.differ(key, std::int64_t{2}, std::int64_t{1});
  }
  EXPECT_THAT(files.examine().headline, ::testing::StartsWith("llama.rope.freq_base"));
}

TEST(Files, another_padding_token_is_a_note) {
  Files files;
  files.differ("tokenizer.ggml.padding_token_id", std::int64_t{2}, std::int64_t{1});
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_TRUE(named(result, "tokenizer.ggml.padding_token_id"));
}

TEST(Files, a_different_split_is_the_headline) {
  Files files;
  files.candidate.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -2, -1});
  files.found.split = probe::Split{false, 10, 8, 3, "abc", "d|e", "de"};
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_FALSE(of_prompts(result));
  EXPECT_THAT(result.headline, HasSubstr("from token 3 on, after \"abc\": \"d|e\""));
}

TEST(Files, templates_that_render_otherwise_are_a_cause_that_yields) {
  Files files;
  files.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
  files.found.chat = {chat::Comparison::Outcome::renders_otherwise, "rendered otherwise"};
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_TRUE(of_prompts(result));
}

TEST(Files, templates_that_differ_in_layout_are_a_note) {
  Files files;
  files.candidate.metadata.set("tokenizer.chat_template", std::string("{{messages}}"));
  files.found.chat = {chat::Comparison::Outcome::layout, "layout"};
  EXPECT_EQ(files.examine().status, Status::cleared);
}

TEST(Files, templates_that_render_alike_are_a_note) {
  Files files;
  files.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
  files.found.chat = {chat::Comparison::Outcome::renders_alike, "alike"};
  EXPECT_EQ(files.examine().status, Status::cleared);
}

TEST(Files, a_template_that_fails_where_the_original_s_does_not_is_a_cause_that_yields) {
  Files files;
  files.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other"));
  files.found.chat = {chat::Comparison::Outcome::fails, "fails"};
  EXPECT_TRUE(of_prompts(files.examine()));
}

TEST(Files, keys_that_differ_are_mended_by_a_repair_of_the_file) {
  Files files;
  files.differ("tokenizer.ggml.eos_token_id", std::int64_t{2}, std::int64_t{1});
  files.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
  Facts facts;
  facts.given = {.candidate = &files.candidate,
                 .baseline = &files.baseline,
                 .candidate_path = "a b.gguf",
                 .baseline_path = "base.gguf"};
  test::read_files(facts);
  const auto fix = *fix_files(facts);
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command,
            "qualm repair 'a b.gguf' --set tokenizer.ggml.eos_token_id=1 --set "
            "'tokenizer.chat_template={{ messages }}' -o 'a b-repaired.gguf'");
  EXPECT_FALSE(fix->weights);
  files.candidate.format = "GPTQ";
  EXPECT_FALSE(*fix_files(facts)) << "only a GGUF can be repaired";
}

TEST(Files, another_split_is_told_with_the_key_that_makes_it) {
  Files files;
  files.candidate.metadata.set("tokenizer.ggml.add_bos_token", false);  // the original: no such key
  files.found.split = probe::Split{false, 9, 10, 0, "", "a", "<s>|a"};
  EXPECT_THAT(
      files.examine().headline,
      ::testing::StartsWith("tokenizer.ggml.add_bos_token: false, missing in the original"));
  EXPECT_THAT(files.examine().headline, HasSubstr("text is split otherwise from token 0 on"));
}

TEST(Files, damage_is_a_cause_and_named) {
  Files files;
  files.found.integrity.found.push_back({.kind = weights::IntegrityFault::Kind::zeros,
                                         .tensor = "blk.0.attn_q.weight",
                                         .row = 2,
                                         .weights = 300});
  const auto result = files.examine();
  EXPECT_EQ(result.status, Status::cause);
  EXPECT_FALSE(of_prompts(result));
  EXPECT_EQ(result.headline, "tensor blk.0.attn_q.weight: 300 weights are zero, from row 2 on");
}

TEST(Files, zeros_that_nobody_judged_are_no_cause) {
  Files files;
  files.found.integrity.unjudged.push_back(
      {.kind = weights::IntegrityFault::Kind::zeros, .tensor = "t", .row = 2, .weights = 300});
  EXPECT_EQ(files.examine().status, Status::cleared);
}

TEST(Files, a_missing_rope_base_matters_where_the_default_is_another) {
  Files files;
  files.baseline.metadata.set("llama.rope.freq_base", 500000.0);
  EXPECT_EQ(files.examine().status, Status::cause);
  EXPECT_THAT(files.examine().headline, HasSubstr("where llama.cpp takes 10000 (token positions"));
  files.baseline.metadata.set("llama.rope.freq_base", 10000.0);
  EXPECT_EQ(files.examine().status, Status::cleared);
}

TEST(Files, heads_that_the_file_leaves_out_follow_from_the_others) {
  Files files;
  files.baseline.metadata.set("llama.attention.head_count_kv", std::int64_t{8});
  files.baseline.metadata.set("llama.rope.dimension_count", std::int64_t{64});
  EXPECT_EQ(files.examine().status, Status::cleared);
  files.baseline.metadata.set("llama.attention.head_count_kv", std::int64_t{2});
  EXPECT_EQ(files.examine().status, Status::cause);
}

struct Changed {
  const char* key;
  model::Value candidate;
  model::Value baseline;
  const char* says;
};

TEST(Files, every_key_that_changes_answers_is_named_with_what_it_does) {
  const Changed kChanged[] = {
      {"llama.rope.freq_base", 10000.0, 500000.0, "positions are encoded differently"},
      {"llama.rope.scaling.factor", 2.0, 8.0, "positions are stretched"},
      {"llama.context_length", std::int64_t{4096}, std::int64_t{2048}, "another length of text"},
      {"llama.attention.layer_norm_rms_epsilon", 1e-6, 1e-5, "normalized differently"},
      {"llama.attention.head_count", std::int64_t{4}, std::int64_t{8}, "other heads"},
      {"llama.expert_count", std::int64_t{4}, std::int64_t{8}, "number of experts"},
      {"llama.expert_used_count", std::int64_t{1}, std::int64_t{2}, "experts per token"},
      {"tokenizer.ggml.bos_token_id", std::int64_t{0}, std::int64_t{1}, "begin with another token"},
      {"tokenizer.ggml.add_bos_token", false, true, "begin without the start token"}};
  for (const Changed& changed : kChanged) {
    Files files;
    files.differ(changed.key, changed.candidate, changed.baseline);
    const auto result = files.examine();
    EXPECT_EQ(result.status, Status::cause) << changed.key;
    EXPECT_THAT(result.headline, HasSubstr(changed.says)) << changed.key;
  }
}

probe::Symptom loops(probe::Symptom::Finding finding) {
  probe::Symptom s;
  s.figure = probe::FigureId::loops_greedy;
  s.finding = finding;
  s.says = "Greedy: 14 of 24";
  return s;
}

/// Check 0 of a pair that lost nothing, after texts were written.
Finding of_texts(std::vector<probe::Symptom> written, std::optional<probe::SymptomId> asked,
                 const std::string& not_comparable = "") {
  test::World world;
  world.written = std::move(written);
  world.given.asked_symptom = asked;
  world.given.texts_asked = true;
  world.files.not_comparable = not_comparable;
  return test::finding(world.examine(), CheckId::not_quant);
}

TEST(Files, a_symptom_that_the_original_shows_too_is_not_the_quants) {
  const auto shared = loops(probe::Symptom::Finding::shared);
  const auto not_asked = of_texts({shared}, std::nullopt);
  EXPECT_EQ(not_asked.status, Status::cleared);
  EXPECT_EQ(named(not_asked, "symptom_loops_greedy"), nullptr);
  const auto result = of_texts({shared}, probe::SymptomId::repetition);
  EXPECT_EQ(result.status, Status::cleared) << "the files match: a text is no fault of a file";
  EXPECT_TRUE(result.faults.empty());
  ASSERT_TRUE(named(result, "symptom_loops_greedy"));
  EXPECT_THAT(named(result, "symptom_loops_greedy")->says,
              HasSubstr("The original shows it as often"));
}

TEST(Files, a_symptom_that_an_f16_cache_shows_too_says_nothing_of_the_file) {
  const auto result =
      of_texts({loops(probe::Symptom::Finding::shared)}, probe::SymptomId::repetition,
               "an original with the candidate's vocabulary");
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_EQ(named(result, "symptom_loops_greedy"), nullptr);
}

TEST(Files, a_symptom_that_is_worse_somewhere_may_be_the_quants) {
  const auto result =
      of_texts({loops(probe::Symptom::Finding::shared), loops(probe::Symptom::Finding::worse)},
               probe::SymptomId::repetition);
  EXPECT_EQ(result.status, Status::cleared);
  EXPECT_EQ(named(result, "symptom_loops_greedy"), nullptr);
}

}  // namespace
}  // namespace qualm::diagnose
