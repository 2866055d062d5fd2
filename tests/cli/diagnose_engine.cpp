// diagnose through the real program, on models of a few kilobytes.
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/quantized.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using test::Scratch;

struct Home : Scratch {
  Home() {
    test::write(path("base.gguf"), RunnableGguf{}.build());
    test::write(path("text.txt"), test::lines_of_text(200));
  }
  [[nodiscard]] Ended diagnose(const std::string& model, std::vector<std::string> more = {}) const {
    std::vector<std::string> words{"diagnose", model, "-f", "text.txt", "-c",  "32",
                                   "-t",       "1",   "-q", "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    return run_qualm(*this, words);
  }
};

nlohmann::json check(const Ended& ended, const std::string& id) {
  const auto document = test::document(ended);
  for (const auto& one : document["checks"])
    if (one["id"] == id) return one;
  ADD_FAILURE() << "no check " << id << ": " << ended.err;
  return {};
}

TEST(Diagnose, a_model_against_itself_is_healthy) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--baseline", "base.gguf"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto document = test::document(ended);
  EXPECT_EQ(document["verdict"], "healthy") << document["summary"];
  EXPECT_EQ(document["evidence_level"], "L3");
  EXPECT_TRUE(document["principal_cause"].contains("absent"));
}

TEST(Diagnose, without_a_baseline_it_cannot_tell) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf");
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_EQ(test::document(ended)["evidence_level"], "L1");
  EXPECT_EQ(check(ended, "tier")["status"], "not_examined");
}

TEST(Diagnose, a_plan_tells_the_time_of_windows_that_are_saved_too) {
  const Home home;
  for (int run = 0; run < 2; ++run) {
    const Ended ended = home.diagnose("base.gguf", {"--baseline", "base.gguf", "--plan"});
    ASSERT_EQ(ended.exit_code, 0) << ended.err;
    for (const auto& step : test::document(ended)["steps"])
      for (const auto& reading : step["readings"])
        EXPECT_GT(reading["seconds"].get<double>(), 0) << run << ' ' << reading;
  }
}

TEST(Diagnose, a_path_that_is_no_utf_8_is_opened) {
  const Home home;
  test::write(home.path("m\xff.gguf"), RunnableGguf{}.build());
  const Ended ended = home.diagnose("m\xff.gguf");
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
}

TEST(Diagnose, what_was_written_for_the_symptoms_is_the_same_when_it_comes_from_the_store) {
  const Home home;
  test::write(home.path("m.gguf"), RunnableGguf{}.build());
  const auto symptoms = [&](std::vector<std::string> more) {
    more.insert(more.end(), {"--baseline", "base.gguf", "--symptom", "all"});
    return test::document(home.diagnose("m.gguf", more))["symptoms"];
  };
  const auto first = symptoms({});
  EXPECT_GT(first.size(), 3U);
  EXPECT_EQ(first, symptoms({}));
  EXPECT_EQ(first, symptoms({"--no-cache"}));
}

TEST(Diagnose, of_a_healthy_model_texts_are_written_only_where_the_user_asks) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--baseline", "base.gguf"});
  for (const auto& symptom : test::document(ended)["symptoms"])
    EXPECT_EQ(symptom["symptom"], "long-context") << "that one takes no text";
}

TEST(Diagnose, texts_are_not_written_without_something_to_compare_them_with) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--symptom", "repetition"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  const auto symptoms = test::document(ended)["symptoms"];
  ASSERT_EQ(symptoms.size(), 1U) << symptoms;
  EXPECT_EQ(symptoms[0]["symptom"], "repetition");
  EXPECT_EQ(symptoms[0]["finding"], "not_examined");
}

TEST(Diagnose, a_domain_without_a_name_is_refused_without_a_baseline_too) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--text", "main.c"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("REQUEST-004"), std::string::npos) << ended.err;
}

TEST(Diagnose, a_container_that_the_runtime_does_not_load_is_the_cause) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--runtime", "exllamav3"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_EQ(check(ended, "not_quant")["evidence"][0]["name"], "container");
  EXPECT_EQ(test::document(ended)["principal_cause"], "not_quant");
}

TEST(Diagnose, a_tokenizer_that_throws_is_a_finding_of_check_0) {
  const Home home;
  test::write(home.path("m.gguf"), RunnableGguf{.byte_tokens = false}.build());
  const Ended ended = home.diagnose("m.gguf");
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  const auto found = check(ended, "not_quant");
  EXPECT_EQ(found["status"], "cause");
  const std::string says = found["headline"];
  EXPECT_TRUE(says.starts_with("libllama's tokenizer threw '")) << says;
  EXPECT_NE(says.find(" characters ("), std::string::npos) << says;
  EXPECT_EQ(test::document(ended)["principal_cause"], "not_quant");
}

TEST(Diagnose, a_tokenizer_that_throws_on_both_sides_is_still_found) {
  const Home home;
  test::write(home.path("m.gguf"), RunnableGguf{.byte_tokens = false}.build());
  const Ended ended = home.diagnose("m.gguf", {"--baseline", "m.gguf"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_EQ(check(ended, "not_quant")["status"], "cause");
  EXPECT_EQ(check(ended, "tier")["status"], "not_examined");
}

TEST(Diagnose, published_files_whose_tokenizer_throws_are_diagnosed) {
  const std::string folder = test::shared_file("models/tinystories-656k");
  if (folder.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  const Home home;
  const Ended ended = home.diagnose(folder + "/tinystories-656k-q8_0.gguf",
                                    {"--baseline", folder + "/TinyStories-656K.f16.gguf"});
  // Both lack the same odd characters: a property of the model, told but not blamed.
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(check(ended, "not_quant")["status"], "cleared");
}

TEST(Diagnose, text_split_otherwise_is_blamed_and_not_the_weights) {
  const std::string folder = test::shared_file("models/tinystories-656k");
  if (folder.empty()) GTEST_SKIP() << "SKIPPED: no collection of models beside the checkout";
  const Home home;
  const Ended ended =
      home.diagnose(folder + "/tinystories-656k-q8_0.gguf", {"--baseline", folder + "/hf-bf16"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  const std::string says = check(ended, "not_quant")["headline"];
  EXPECT_TRUE(says.starts_with("tokenizer.ggml.scores: ")) << says;
  EXPECT_NE(says.find("; text is split otherwise from token "), std::string::npos) << says;
  // The first differing piece, of both.
  EXPECT_NE(says.find("\", in the baseline \""), std::string::npos) << says;
  for (const char* id : {"architecture", "calibration", "provenance"})
    EXPECT_NE(check(ended, id)["status"], "cause") << id;
  EXPECT_EQ(check(ended, "tier")["status"], "cleared");
}

TEST(Diagnose, another_vocabulary_is_a_finding_with_the_first_differences) {
  const Home home;
  test::write(home.path("other.gguf"), RunnableGguf{.last_token = "zz"}.build());
  const Ended ended = home.diagnose("other.gguf", {"--baseline", "base.gguf"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_EQ(check(ended, "not_quant")["headline"],
            "another vocabulary: token 285 is \"zz\", in the original \"z\" (1 of 286 differ)");
  EXPECT_EQ(check(ended, "tier")["needs"][0], "an original with the candidate's vocabulary");
}

TEST(Diagnose, without_an_original_to_measure_against_the_steps_in_the_file_give_an_estimate) {
  const Home home;
  test::make_quantized("Q8_0", home.path("base.gguf"), home.path("q8.gguf"));
  test::write(home.path("other.gguf"), RunnableGguf{.last_token = "zz"}.build());
  const auto evidence =
      check(home.diagnose("q8.gguf", {"--baseline", "other.gguf"}), "tier")["evidence"];
  EXPECT_EQ(evidence[1]["name"], "estimated_error");
  EXPECT_TRUE(evidence[1].contains("value")) << evidence[1];
}

TEST(Diagnose, without_an_original_the_loss_is_estimated_and_the_truth_is_in_the_interval) {
  const test::Scratch scratch;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  struct Case {
    const char* type;
    int exit_code;
    const char* verdict;
  };
  for (const Case& one : {Case{"Q2_K", 1, "problem"}, {"Q6_K", 3, "none_found"}}) {
    test::make_quantized(one.type, base, scratch.path("q.gguf"));
    const auto run = [&](const std::string& command, std::vector<std::string> more) {
      std::vector<std::string> words{command, "q.gguf", "--chunks", "8",        "-c",  "128",
                                     "-q",    "-t",     "1",        "--format", "json"};
      words.insert(words.end(), more.begin(), more.end());
      return test::run_qualm(scratch, words);
    };
    const auto alone = run("diagnose", {"--symptom", "none"});
    EXPECT_EQ(alone.exit_code, one.exit_code) << alone.err;
    const auto found = test::document(alone);
    EXPECT_EQ(found["verdict"], one.verdict) << found["summary"];
    EXPECT_TRUE(found["estimated"]);
    const auto measured = test::document(run("measure", {"--baseline", base, "--full"}));
    const double truth = measured["results"][0]["metrics"]["kld_mean"]["value"];
    for (const auto& evidence : check(alone, "tier")["evidence"]) {
      if (evidence["name"] != "kld_mean") continue;
      EXPECT_GT(truth, evidence["low"].get<double>()) << one.type;
      EXPECT_LT(truth, evidence["high"].get<double>()) << one.type;
    }
    EXPECT_GE(found["ladder"]["rungs"].size(), 4U);
  }
}

TEST(Diagnose, without_an_original_windows_are_short_unless_something_asks_for_longer_ones) {
  const Home home;
  test::write(home.path("base.gguf"), RunnableGguf{.context = 1024}.build());
  test::write(home.path("text.txt"), test::lines_of_text(2000));
  test::make_quantized("Q8_0", home.path("base.gguf"), home.path("q8.gguf"));
  const auto tokens = [&](std::vector<std::string> more) {
    std::vector<std::string> words{"diagnose", "q8.gguf", "-f", "text.txt", "-t",  "1",
                                   "--budget", "1s",      "-q", "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    return test::document(run_qualm(home, words))["ctx_size"];
  };
  EXPECT_EQ(tokens({"--symptom", "none"}), 256);
  EXPECT_EQ(tokens({}), 256);
  EXPECT_EQ(tokens({"-c", "512"}), 512);
  EXPECT_EQ(tokens({"-c", "64"}), 64);
  EXPECT_EQ(tokens({"--full"}), 512);
  EXPECT_EQ(tokens({"-ctk", "q8_0"}), 512) << "its cache loses more where the text is longer";
  EXPECT_EQ(tokens({"--symptom", "long-context"}), 512);
  EXPECT_EQ(tokens({"--symptom", "all"}), 512);
  EXPECT_EQ(tokens({"--baseline", "base.gguf"}), 512);
}

TEST(Diagnose, without_an_original_a_file_stands_for_its_type_if_it_has_the_types_of_that) {
  const test::Scratch scratch;
  const std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
  test::make_quantized("Q4_K_M", base, scratch.path("usual.gguf"));
  test::make_quantized("Q4_K_M", base, scratch.path("other.gguf"), {{"ffn_down", "q2_K"}});
  const auto diagnose = [&](const std::string& file) {
    return test::document(
        test::run_qualm(scratch, {"diagnose", file, "--chunks", "8", "-c", "128", "-q", "-t", "1",
                                  "--format", "json", "--symptom", "none"}));
  };
  const auto rungs = [](const nlohmann::json& found) {
    return std::ranges::count_if(found["ladder"]["rungs"], [](const nlohmann::json& rung) {
      return rung["candidate"] == "Q4_K_M";
    });
  };
  const auto usual = diagnose("usual.gguf");
  EXPECT_EQ(rungs(usual), 1);
  EXPECT_EQ(usual["verdict"], "none_found");
  EXPECT_EQ(rungs(diagnose("other.gguf")), 2) << "the label is one of llama-quantize's";
  const auto again = diagnose("usual.gguf");
  EXPECT_EQ(again["ladder"], usual["ladder"]);
  EXPECT_EQ(again["spent"]["variants"], 0) << "nothing is made to know its types again";
}

TEST(Diagnose, a_file_that_libllama_refuses_is_a_finding_where_it_loads_the_baseline) {
  const Home home;
  test::write(home.path("refused.gguf"), RunnableGguf{.rope_dimensions = 16}.build());
  const Ended ended = home.diagnose("refused.gguf", {"--baseline", "base.gguf"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  const std::string says = check(ended, "not_quant")["headline"];
  EXPECT_TRUE(says.starts_with("libllama loads the original and not this file: ")) << says;
  EXPECT_EQ(check(ended, "tier")["needs"][0], "a candidate that libllama loads");
  EXPECT_EQ(home.diagnose("refused.gguf", {"--baseline", "refused.gguf"}).exit_code, 4);
}

TEST(Diagnose, the_cache_of_a_model_with_another_vocabulary_is_examined_on_its_own_tokens) {
  const Home home;
  // The baseline knows more tokens than the candidate: its tokens would be none of the candidate's.
  test::write(home.path("larger.gguf"), RunnableGguf{.extra_tokens = 2}.build());
  test::write(home.path("text.txt"), [] {
    std::string text;
    for (int i = 0; i < 400; ++i) text += "extra0extra1 and so on ";
    return text;
  }());
  const Ended ended =
      home.diagnose("base.gguf", {"--baseline", "larger.gguf", "-ctk", "q4_0", "-ctv", "q4_0"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_NE(check(ended, "kv_cache")["status"], "not_examined");
}

TEST(Diagnose, weights_that_are_no_numbers_are_a_finding_of_check_0) {
  const Home home;
  test::write(home.path("nan.gguf"), RunnableGguf{.nan_weight = true}.build());
  const Ended ended = home.diagnose("nan.gguf", {"--baseline", "base.gguf"});
  EXPECT_EQ(ended.exit_code, 1) << ended.err;
  EXPECT_EQ(check(ended, "not_quant")["status"], "cause");
  EXPECT_EQ(check(ended, "not_quant")["headline"],
            "tensor output.weight: 1 weights are NaN or infinite, the first in row 1");
}

TEST(Diagnose, a_text_too_short_for_a_window) {
  const Home home;
  test::write(home.path("text.txt"), "short");
  const Ended ended = home.diagnose("base.gguf", {"--baseline", "base.gguf"});
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_EQ(ended.err,
            "error[EVAL-001] text: expected at least 32 tokens, one window, found 7 tokens. Give a "
            "longer text with -f, or a smaller -c.\n");
}

TEST(Diagnose, a_text_too_short_for_a_verdict) {
  const Home home;
  const Ended ended = home.diagnose("base.gguf", {"--baseline", "base.gguf", "--chunks", "1"});
  EXPECT_EQ(ended.exit_code, 3) << ended.err;
  EXPECT_EQ(test::document(ended)["verdict"], "cannot_tell");
}

TEST(Diagnose, an_interrupt_keeps_the_windows_that_were_finished) {
  const Scratch home;
  const auto command = [&](const Scratch& where) {
    const std::string model = test::source_file("models/qualm-tiny-base-F16.gguf");
    return test::qualm(where, {"diagnose", model, "--baseline", model, "-c", "32", "-b", "64",
                               "--chunks", "20", "-t", "1", "--format", "json"});
  };
  auto stopped = command(home);
  const std::string log = home.path("cache/qualm/measurements.sqlite-wal");
  stopped.interrupt = [&] {
    std::error_code ignored;
    const auto size = std::filesystem::file_size(log, ignored);
    return !ignored && size > 40'000;
  };
  const Ended first = test::run(stopped);
  EXPECT_EQ(first.exit_code, 130) << first.err;
  EXPECT_NE(first.err.find("What was measured is kept: run the same command again to continue."),
            std::string::npos)
      << first.err;
  const Ended second = test::run(command(home));
  const Scratch elsewhere;
  const Ended fresh = test::run(command(elsewhere));
  const auto passes = [](const Ended& ended) {
    return test::document(ended)["spent"]["passes"].get<int>();
  };
  EXPECT_LT(passes(second), passes(fresh));
  EXPECT_EQ(second.exit_code, fresh.exit_code);
  EXPECT_EQ(test::document(second)["checks"], test::document(fresh)["checks"]);
  // And a third time nothing is run at all.
  EXPECT_EQ(passes(test::run(command(home))), 0);
}

}  // namespace
}  // namespace qualm::cli
