#include "job/request.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace qualm::job {
namespace {

Request unusual() {
  Request r;
  r.command = "measure";
  r.models = {"a.gguf", "b \"quoted\".gguf"};
  r.baseline = "base.gguf";
  r.reference = "model.qref";
  r.base_model = "other.gguf";
  r.clinic.finetune = "tuned.gguf";
  r.clinic.moe = "mixture.gguf";
  r.clinic.only = "tier/";
  r.clinic.alone = true;
  r.clinic.with_packs = true;
  r.text = "text.txt";
  r.protocol = evaluate::Protocol::llama_cpp;
  r.chunks = 60;
  r.windows = {8, 64};
  r.positions = "scores.safetensors";
  r.seed = 7;
  r.full = true;
  r.kv_grid = true;
  r.use_cache = false;
  r.reference_memory = 64;
  r.pick = "kld_mean<0.05";
  r.memory = 1 << 30;
  r.cache_size = 1000;
  r.low_memory = true;
  r.verify = true;
  r.clinic.finetune = "tuned.gguf";
  r.clinic.moe = "moe.gguf";
  r.clinic.only = "cache";
  r.symptom = "repetition";
  r.runtime = "vllm";
  r.run_with = {"lora.gguf", 0.5, 1.1};
  r.server = {"served.gguf", "key.txt", true};
  r.prompts = "prompts.txt";
  r.texts = {"code=code.txt"};
  r.imatrix = "imatrix.gguf";
  r.fail_if = {"ppl_change>1%"};
  r.accept = "kld_mean<0.01";
  r.budget = 90;
  r.shown_windows = 7;
  r.plan_only = true;
  r.words = {"diagnose", "a b.gguf"};
  r.cache_told = false;
  r.windows_told = true;
  r.repair = {{"a=1"}, {"b"}, {"c"}, "from.gguf", "out.gguf"};
  r.pack = {"out.qref", 9, false};
  r.settings = {1024, 3, 4096, 128, 99, "q8_0", "q4_0", "on"};
  r.settings.gpu_layers = 99;
  r.settings.devices = {.names = {"Vulkan0"},
                        .tensor_split = {3, 1},
                        .split_mode = "none",
                        .main_gpu = 1,
                        .mmap = false,
                        .rpc = {"127.0.0.1:50052"},
                        .rpc_unsafe = true};
  r.cross_check = true;
  return r;
}

TEST(Request, every_field_crosses_to_the_job_process) {
  const auto text = to_json(unusual()).dump();
  const auto back = request_from_json(nlohmann::json::parse(text));
  ASSERT_TRUE(back) << describe(back.error());
  // Every field of the unusual request differs from the default, so equal documents mean that none
  // was dropped on the way.
  EXPECT_EQ(to_json(*back), to_json(unusual()));
  const auto usual = to_json(Request{});
  const auto sent = to_json(unusual());
  for (const auto& [key, value] : sent.items()) EXPECT_NE(usual.at(key), value) << key;
  EXPECT_EQ(back->models, unusual().models);
  EXPECT_EQ(back->protocol, evaluate::Protocol::llama_cpp);
  EXPECT_EQ(back->settings.ubatch, 128);
  for (const auto& [key, value] : sent.at("devices").items())
    EXPECT_NE(usual.at("devices").at(key), value) << key;
}

TEST(Request, what_is_no_request_is_refused) {
  for (const char* text : {"null", "[]", "3", "{\"command\":\"measure\"}", "{\"command\":7}"}) {
    const auto back = request_from_json(nlohmann::json::parse(text));
    ASSERT_FALSE(back) << text;
    EXPECT_EQ(back.error().code, "REQUEST-001");
    EXPECT_EQ(back.error().kind, Kind::input);
  }
  EXPECT_FALSE(request_from_json(nlohmann::json::parse("{", nullptr, false)));
}

TEST(FailIf, a_metric_and_a_number) {
  const auto condition = parse_condition(" kld_mean > 0.02 ");
  ASSERT_TRUE(condition);
  EXPECT_EQ(condition->metric, evaluate::MetricId::kld_mean);
  EXPECT_TRUE(condition->greater);
  EXPECT_DOUBLE_EQ(condition->threshold, 0.02);
  EXPECT_EQ(condition->text, " kld_mean > 0.02 ");
}

TEST(FailIf, per_cent_are_hundredths) {
  EXPECT_DOUBLE_EQ(parse_condition("ppl_change>1%")->threshold, 0.01);
  const auto same = parse_condition("same_top<95 %");
  EXPECT_DOUBLE_EQ(same->threshold, 0.95);
  EXPECT_FALSE(same->greater);
  EXPECT_DOUBLE_EQ(parse_condition("ppl_change>-1e-2")->threshold, -0.01);
}

TEST(FailIf, anything_else_names_the_metrics_there_are) {
  for (const char* text :
       {"", "ppl_change", ">1", "ppl_change>", "ppl_change>x", "speed>1", "ppl_change>1%%",
        "ppl_change>=1", "ppl_change>1x", "ppl_change>nan", "ppl_change>inf"}) {
    const auto condition = parse_condition(text);
    ASSERT_FALSE(condition) << text;
    EXPECT_EQ(condition.error().code, "REQUEST-002") << text;
  }
  EXPECT_EQ(describe(parse_condition("speed>1").error()),
            "error[REQUEST-002] --fail-if: expected METRIC>NUMBER or METRIC<NUMBER, with METRIC "
            "one of ppl, ppl_baseline, ppl_change, kld_mean, kld_median, kld_p90, kld_p95, "
            "kld_p99, kld_p999, kld_max, same_top, delta_p_mean, delta_p_rms, found speed>1. For "
            "example --fail-if 'ppl_change>1%'.");
}

TEST(Accept, is_a_most_of_kld_or_of_perplexity) {
  const auto kld = parse_limit("--accept", "kld_mean<0.01");
  ASSERT_TRUE(kld);
  EXPECT_EQ(kld->metric, evaluate::MetricId::kld_mean);
  EXPECT_EQ(kld->threshold, 0.01);
  const auto ppl = parse_limit("--accept", "ppl_change < 1%");
  ASSERT_TRUE(ppl);
  EXPECT_EQ(ppl->metric, evaluate::MetricId::ppl_change);
  EXPECT_EQ(ppl->threshold, 0.01);
}

TEST(Accept, nothing_else_is_a_line_for_a_loss) {
  for (const char* text : {"", "kld_mean", "kld_mean>0.01", "kld_mean<0", "kld_mean<-1",
                           "same_top<95%", "kld_p99<1", "kld_mean<nan", "0.01"}) {
    const auto line = parse_limit("--accept", text);
    ASSERT_FALSE(line) << text;
    EXPECT_EQ(line.error().code, "REQUEST-008") << text;
  }
}

}  // namespace
}  // namespace qualm::job
