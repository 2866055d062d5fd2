// measure through the real program, on models of a few kilobytes.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using test::Scratch;

/// A scratch folder with a model, its copy under another name, and a text.
struct Home : Scratch {
  Home() {
    test::write(path("base.gguf"), RunnableGguf{}.build());
    test::write(path("text.txt"), test::lines_of_text(200));
  }
  [[nodiscard]] Ended measure(std::vector<std::string> more,
                              const std::string& model = "base.gguf") const {
    std::vector<std::string> words{"measure", model,      "--baseline", "base.gguf",
                                   "-f",      "text.txt", "-c",         "32",
                                   "-t",      "1",        "--format",   "json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_qualm(*this, words);
  }
};

TEST(Measure, a_model_against_itself_shows_no_difference) {
  const Home home;
  const Ended ended = home.measure({"--full"});
  ASSERT_EQ(ended.exit_code, 0) << ended.err;
  const auto result = test::document(ended)["results"][0];
  for (const char* metric : {"kld_mean", "kld_max", "kld_median", "kld_p99", "ppl_change",
                             "delta_p_mean", "delta_p_rms"}) {
    EXPECT_EQ(result["metrics"][metric]["value"], 0) << metric;
    EXPECT_EQ(result["metrics"][metric]["low"], 0) << metric;
    EXPECT_EQ(result["metrics"][metric]["high"], 0) << metric;
  }
  EXPECT_EQ(result["metrics"]["same_top"]["value"], 1);
  EXPECT_EQ(result["notes"][0]["id"], "below_resolution");
}

TEST(Measure, reads_conversations_as_the_chat_template_renders_them) {
  const Home home;
  test::write(home.path("base.gguf"),
              RunnableGguf{.chat_template = "{{ '<|im_start|>' }}"}.build());  // libllama: ChatML
  std::string chats, text;
  for (int i = 0; i < 40; ++i) {
    const std::string line = "the quick brown fox number " + std::to_string(i * i);
    chats += R"({"messages":[{"role":"user","content":")" + line +
             R"("},{"role":"assistant","content":"yes"}]})" + "\n";
    text += "<|im_start|>user\n" + line + "<|im_end|>\n<|im_start|>assistant\nyes<|im_end|>\n";
  }
  test::write(home.path("chats.jsonl"), chats);
  test::write(home.path("rendered.txt"), text);
  const Ended as_chats = home.measure({"-f", "chats.jsonl", "--full"});
  const Ended as_text = home.measure({"-f", "rendered.txt", "--full"});
  ASSERT_EQ(as_chats.exit_code, 0) << as_chats.err;
  const auto windows = [](const Ended& ended) {
    return test::document(ended)["results"][0]["windows_raw"];
  };
  EXPECT_GT(windows(as_chats).size(), 40U);
  EXPECT_EQ(windows(as_chats), windows(as_text));
}

TEST(Measure, every_option_of_llama_cpp_is_understood) {
  const Home home;
  const std::vector<std::vector<std::string>> all{{"--chunks", "8"},
                                                  {"--protocol", "llama.cpp"},
                                                  {"--protocol", "default"},
                                                  {"--full"},
                                                  {"--no-cache"},
                                                  {"-ngl", "0"},
                                                  {"-ctk", "q8_0"},
                                                  {"-ctv", "q8_0"},
                                                  {"-ctk=q4_0", "-ctv=q4_0"},
                                                  {"--cache-type-k", "q8_0"},
                                                  {"-fa", "on"},
                                                  {"-fa", "off"},
                                                  {"-ub", "16"},
                                                  {"-b", "64"},
                                                  {"-b", "16"},
                                                  {"-b", "7"},
                                                  {"-q"},
                                                  {"-v"}};
  for (const auto& options : all) {
    const Ended ended = home.measure(options);
    EXPECT_EQ(ended.exit_code, 0) << options[0] << ": " << ended.err;
  }
}

TEST(Measure, of_an_option_that_is_given_twice_the_last_counts) {
  const Home home;
  const Ended ended = home.measure({"-c", "64", "--chunks", "3", "--chunks", "8"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(test::document(ended)["results"][0]["ctx_size"], 64);
  EXPECT_EQ(test::document(ended)["results"][0]["windows"]["total"], 8);
}

TEST(Measure, several_candidates_and_conditions_are_all_kept) {
  const Home home;
  const Ended ended = home.measure(
      {"base.gguf", "--fail-if", "kld_mean>0.02", "--fail-if", "ppl_change>1%", "--chunks", "8"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(test::document(ended)["results"].size(), 2U);
  EXPECT_EQ(test::document(ended)["gates"].size(), 4U);
}

TEST(Measure, a_batch_smaller_than_a_window_measures_the_same) {
  const Home home;
  const auto kld = [&](const char* batch) {
    const auto document = test::document(home.measure({"-b", batch, "-ctk", "q4_0", "--full"}));
    return document["results"][0]["metrics"]["kld_mean"]["value"].get<double>();
  };
  const double whole = kld("32");
  EXPECT_GT(whole, 0);
  EXPECT_NEAR(kld("7"), whole, whole * 0.05);
}

TEST(Measure, chunks_are_the_first_windows_and_more_than_the_text_has_are_all) {
  const Home home;
  const auto windows = [&](const char* chunks) {
    return test::document(home.measure({"--full", "--chunks", chunks}))["results"][0]["windows"];
  };
  EXPECT_EQ(windows("4")["total"], 4);
  EXPECT_EQ(windows("4")["read"], 4);
  const auto all = windows("-1");
  EXPECT_GT(all["total"], 50);
  EXPECT_EQ(windows("1000000"), all);
}

TEST(Measure, under_8_windows_have_no_interval_and_are_no_pass) {
  const Home home;
  for (const char* windows : {"1", "7"}) {
    const Ended ended = home.measure({"--chunks", windows});
    EXPECT_EQ(ended.exit_code, 3) << ended.err;
    const auto metric = test::document(ended)["results"][0]["metrics"]["kld_mean"];
    const std::string reason = metric["reason"];
    EXPECT_TRUE(reason.ends_with(" read, and an interval needs 8")) << reason;
    EXPECT_EQ(metric["value"], 0);
  }
}

TEST(Measure, windows_longer_than_the_model_was_trained_for_are_noted) {
  const Home home;
  const Ended ended = home.measure({"-c", "512", "--chunks", "2"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_NE(ended.err.find("note: base.gguf was trained for 256 tokens: windows of 512 measure "
                           "more than the quantization"),
            std::string::npos)
      << ended.err;
}

std::string refusal(const Home& home, std::vector<std::string> more, int exit_code,
                    const std::string& model = "base.gguf") {
  const Ended ended = home.measure(std::move(more), model);
  EXPECT_EQ(ended.exit_code, exit_code) << ended.err;
  const auto at = ended.err.find("error[");
  return at == std::string::npos ? ended.err : ended.err.substr(at);
}

TEST(Measure, options_that_make_no_sense) {
  const Home home;
  EXPECT_EQ(refusal(home, {"-c", "8"}, 2),
            "error[REQUEST-003] --ctx-size: expected at least 16 tokens, found 8.\n");
  for (const char* none : {"-3", "0"})
    EXPECT_EQ(refusal(home, {"--chunks", none}, 2),
              fmt::format("error[REQUEST-003] --chunks: expected at least 1 window, or -1 for all, "
                          "found {}.\n",
                          none));
  EXPECT_EQ(refusal(home, {"-ctk", "q9"}, 2),
            "error[ENGINE-004] --cache-type-k: expected f32, f16, bf16, q8_0, q5_1, q5_0, q4_1, "
            "q4_0 or iq4_nl, found q9.\n");
  EXPECT_EQ(refusal(home, {"-fa", "perhaps"}, 2),
            "error[ENGINE-004] --flash-attn: expected on, off or auto, found perhaps.\n");
  EXPECT_TRUE(refusal(home, {"--fail-if", "speed>1"}, 2)
                  .starts_with("error[REQUEST-002] --fail-if: expected METRIC>NUMBER"));
}

TEST(Measure, another_vocabulary_is_not_comparable) {
  const Home home;
  test::write(home.path("other.gguf"), RunnableGguf{.last_token = "zz"}.build());
  test::write(home.path("larger.gguf"), RunnableGguf{.extra_tokens = 2}.build());
  EXPECT_EQ(refusal(home, {}, 2, "other.gguf"),
            "error[MEASURE-001] other.gguf, vocabulary: expected the baseline's vocabulary, found "
            "token 285 is \"zz\", in the original \"z\" (1 of 286 differ). Their logits cannot be "
            "compared: give the model this one was made from.\n");
  EXPECT_EQ(refusal(home, {}, 2, "larger.gguf"),
            "error[MEASURE-001] larger.gguf, vocabulary: expected the baseline's vocabulary, found "
            "the candidate has 288 tokens, the original 286. Their logits cannot be compared: give "
            "the model this one was made from.\n");
}

TEST(Measure, a_text_too_short_for_a_window) {
  const Home home;
  test::write(home.path("text.txt"), "short");
  EXPECT_EQ(refusal(home, {}, 3),
            "error[EVAL-001] text: expected at least 32 tokens, one window, found 7 tokens. Give a "
            "longer text with -f, or a smaller -c.\n");
}

TEST(Measure, a_text_that_is_none) {
  const Home home;
  EXPECT_EQ(refusal(home, {"-f", "nothing.txt"}, 2),
            "error[FILE-001] nothing.txt: expected a file, found nothing at this path. Check the "
            "path.\n");
  EXPECT_EQ(refusal(home, {"-f", "base.gguf"}, 2),
            "error[DATA-002] base.gguf, byte 5: expected text, found a NUL byte. Give a plain text "
            "file with -f.\n");
  EXPECT_EQ(refusal(home, {"-f", "."}, 2),
            "error[FILE-002] .: expected a file, found a directory. Name the model file inside it, "
            "or the first shard of a split model.\n");
}

TEST(Measure, a_tokenizer_that_throws) {
  const Home home;
  test::write(home.path("base.gguf"), RunnableGguf{.byte_tokens = false}.build());
  const std::string said = refusal(home, {}, 2);
  EXPECT_TRUE(
      said.starts_with("error[TOKENIZER-001] base.gguf, tokenizer: expected to split the "
                       "text into tokens, found libllama's tokenizer threw '"))
      << said;
}

TEST(Measure, a_truncated_candidate_is_refused_before_libllama_sees_it) {
  const Home home;
  const std::string bytes = RunnableGguf{}.build();
  test::write(home.path("cut.gguf"), bytes.substr(0, bytes.size() - 100));
  EXPECT_TRUE(refusal(home, {}, 2, "cut.gguf").starts_with("error[GGUF-024] cut.gguf, "));
}

TEST(Measure, weights_that_are_no_numbers_are_told_and_no_figure_is_made_up) {
  const Home home;
  test::write(home.path("nan.gguf"), RunnableGguf{.nan_weight = true}.build());
  const Ended ended = home.measure({"--full", "--chunks", "8"}, "nan.gguf");
  const auto result = test::document(ended)["results"][0];
  EXPECT_EQ(result["tokens_scored"], 0) << ended.err;
  EXPECT_TRUE(result["metrics"]["kld_mean"].contains("absent"));
  EXPECT_EQ(result["notes"][0]["id"], "positions_lost");
  EXPECT_EQ(result["positions_lost"], result["not_finite"]);
  EXPECT_EQ(ended.exit_code, 1) << "it is broken";
  const Ended gated = home.measure(
      {"--chunks", "8", "--fail-if", "kld_mean>1000", "--fail-if", "ppl<0"}, "nan.gguf");
  EXPECT_EQ(gated.exit_code, 1) << "no condition passes";
  for (const auto& gate : test::document(gated)["gates"]) EXPECT_EQ(gate["outcome"], "lost");
}

TEST(Measure, conditions_hold_or_do_not) {
  const Home home;
  EXPECT_EQ(home.measure({"--fail-if", "kld_mean>0.02"}).exit_code, 0);
  EXPECT_EQ(home.measure({"--fail-if", "same_top>50%"}).exit_code, 1);
}

TEST(Measure, a_perplexity_below_the_originals_passes_no_gate) {
  const Scratch home;
  const std::string models = QUALM_SOURCE_DIR "/models/qualm-tiny-";
  const Ended ended = run_qualm(
      home, {"measure", models + "finetune-F16.gguf", "--baseline", models + "base-F16.gguf",
             "--chunks", "10", "--format", "json", "--fail-if", "ppl_change>1%"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_EQ(test::document(ended)["gates"][0]["outcome"], "below_original");
}

TEST(Measure, a_key_that_splits_or_starts_texts_otherwise_is_noted) {
  const Home home;
  for (const char* change :
       {"tokenizer.ggml.add_bos_token=false", "tokenizer.ggml.add_space_prefix=false"}) {
    ASSERT_EQ(
        run_qualm(home, {"repair", "base.gguf", "--set", change, "-o", "changed.gguf"}).exit_code,
        0);
    const Ended ended = home.measure({"--chunks", "8"}, "changed.gguf");
    const auto notes = test::document(ended)["results"][0]["notes"];
    EXPECT_TRUE(std::ranges::any_of(
        notes, [](const auto& note) { return note["id"] == "tokenizer_differs"; }))
        << change << notes;
    std::filesystem::remove(home.path("changed.gguf"));
  }
}

TEST(Measure, a_corrupt_cache_is_set_aside_and_the_work_goes_on) {
  const Home home;
  std::filesystem::create_directories(home.path("cache/qualm"));
  test::write(home.path("cache/qualm/measurements.sqlite"), std::string(9000, 'x'));
  const Ended ended = home.measure({"--chunks", "8"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.err.find("note: the cache of finished measurements was corrupt: moved to "),
            std::string::npos)
      << ended.err;
  EXPECT_FALSE(test::document(ended).is_null());
}

TEST(Measure, no_place_for_a_cache_is_no_reason_to_stop) {
  const Home home;
  test::write(home.path("cache"), "a file where the folder would be");
  const Ended ended = home.measure({"--chunks", "8"});
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.err.find("note: no cache of finished measurements: "), std::string::npos);
}

TEST(Measure, no_cache_leaves_none) {
  const Home home;
  EXPECT_EQ(home.measure({"--chunks", "8", "--no-cache"}).exit_code, 0);
  EXPECT_FALSE(std::filesystem::exists(home.path("cache")));
}

}  // namespace
}  // namespace qualm::cli
