// Runs of ranges of windows, merged, through the real program on models of a few kilobytes.
#include <gtest/gtest.h>

#include <algorithm>

#include "support/program.h"
#include "support/runnable_gguf.h"
#include "support/vectors.h"

namespace qualm::cli {
namespace {

using test::Ended;
using test::run_qualm;
using test::RunnableGguf;
using test::Scratch;

/// A scratch folder with two models of the same weights but other files, and a text. Nothing is
/// saved: each run measures for itself.
struct Machines : Scratch {
  Machines() {
    test::write(path("base.gguf"), RunnableGguf{}.build());
    test::write(path("second.gguf"), RunnableGguf{.chat_template = "{{ 1 }}"}.build());
    test::write(path("text.txt"), test::lines_of_text(60));
  }
  Ended measure(const std::string& report, std::vector<std::string> more,
                const std::string& model = "base.gguf") const {
    std::vector<std::string> words{"measure",  model,      "--baseline", "base.gguf",  "-f",
                                   "text.txt", "-c",       "32",         "-t",         "1",
                                   "-ctk",     "q4_0",     "-ctv",       "q4_0",       "-o",
                                   report,     "--format", "json",       "--no-cache", "-q"};
    words.insert(words.end(), more.begin(), more.end());
    return run_qualm(*this, words);
  }
  Ended merge(std::vector<std::string> words) const {
    words.insert(words.begin(), "merge");
    words.insert(words.end(), {"--format", "json"});
    return run_qualm(*this, words);
  }
  [[nodiscard]] nlohmann::json report(const std::string& name) const {
    return nlohmann::json::parse(test::read_bytes(path(name)));
  }
};

TEST(MergeRuns, two_ranges_have_the_figures_of_one_run) {
  const Machines home;
  ASSERT_EQ(home.measure("whole.json", {"--full"}).exit_code, 0);
  const auto whole = home.report("whole.json")["results"][0];
  const int total = whole["windows"]["total"];
  const auto split = std::to_string(total / 3);
  const Ended first =
      home.measure("a.json", {"--windows", "0:" + split, "--positions", "a.scores"});
  const Ended second = home.measure(
      "b.json", {"--windows", split + ":" + std::to_string(total), "--positions", "b.scores"});
  ASSERT_EQ(first.exit_code, 0) << first.err;
  ASSERT_EQ(second.exit_code, 0) << second.err;
  EXPECT_EQ(home.report("a.json")["results"][0]["windows"]["read"], total / 3);
  EXPECT_EQ(home.report("a.json")["results"][0]["windows"]["total"], total);

  const Ended by_sums = home.merge({"b.json", "a.json"});
  ASSERT_EQ(by_sums.exit_code, 0) << by_sums.err;
  const auto sums = test::document(by_sums)["results"][0];
  EXPECT_EQ(sums["windows_raw"], whole["windows_raw"]);
  for (const char* mean :
       {"ppl", "ppl_baseline", "ppl_change", "kld_mean", "same_top", "delta_p_mean", "delta_p_rms"})
    EXPECT_EQ(sums["metrics"][mean], whole["metrics"][mean]) << mean;
  EXPECT_TRUE(sums["metrics"]["kld_median"].contains("absent"));

  const Ended by_positions =
      home.merge({"a.json", "b.json", "--positions", "a.scores", "b.scores"});
  ASSERT_EQ(by_positions.exit_code, 0) << by_positions.err;
  const auto positions = test::document(by_positions)["results"][0];
  for (const char* field : {"metrics", "buckets", "notes", "windows_raw", "hashes", "windows"})
    EXPECT_EQ(positions[field], whole[field]) << field;
}

TEST(MergeRuns, two_candidates_of_two_machines_have_a_ladder) {
  const Machines home;
  ASSERT_EQ(home.measure("a.json", {"--full"}).exit_code, 0);
  ASSERT_EQ(home.measure("b.json", {"--full"}, "second.gguf").exit_code, 0);
  const Ended ended = home.merge({"a.json", "b.json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto document = test::document(ended);
  EXPECT_EQ(document["results"].size(), 2U);
  EXPECT_EQ(document["ladder"]["rungs"].size(), 2U);
  EXPECT_TRUE(document["ladder"]["rungs"][0]["cache_bytes"].is_number());
  EXPECT_EQ(document["command"], "measure");
  EXPECT_EQ(document["command_line"], "qualm merge a.json b.json --format json");
}

TEST(MergeRuns, another_original_is_refused) {
  const Machines home;
  ASSERT_EQ(home.measure("a.json", {"--windows", "0:8"}).exit_code, 0);
  ASSERT_EQ(home.measure("b.json", {"--windows", "8:16", "--baseline", "second.gguf"}).exit_code,
            0);
  const Ended ended = home.merge({"a.json", "b.json"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(ended.err.starts_with("error[MERGE-003] b.json, original: expected ")) << ended.err;
}

TEST(MergeRuns, a_run_that_stopped_early_is_refused) {
  const Machines home;
  test::write(home.path("text.txt"), test::lines_of_text(200));
  ASSERT_EQ(home.measure("a.json", {"--fail-if", "kld_mean>1"}).exit_code, 0);
  ASSERT_EQ(home.report("a.json")["results"][0]["stopped_early"], true);
  const Ended ended = home.merge({"a.json"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(ended.err.starts_with("error[MERGE-005] a.json, base.gguf: ")) << ended.err;
  ASSERT_EQ(home.measure("b.json", {"--fail-if", "kld_mean>1", "--windows", "0:60"}).exit_code, 0);
  EXPECT_EQ(home.report("b.json")["results"][0]["windows"]["read"], 60) << "a range is read whole";
}

TEST(MergeRuns, the_page_and_all_other_formats_are_made) {
  const Machines home;
  ASSERT_EQ(home.measure("a.json", {"--windows", "0:9"}).exit_code, 0);
  for (const char* format : {"text", "md", "html", "junit"}) {
    const Ended ended = run_qualm(home, {"merge", "a.json", "--format", format});
    EXPECT_EQ(ended.exit_code, 0) << ended.err;
    EXPECT_NE(ended.out.find("base.gguf"), std::string::npos) << format;
  }
}

TEST(MergeRuns, a_range_that_the_text_does_not_have_is_refused) {
  const Machines home;
  const Ended ended = home.measure("a.json", {"--windows", "5:100000"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(
      ended.err.starts_with("error[EVAL-002] --windows: expected a range of windows from "
                            "0:"))
      << ended.err;
}

}  // namespace
}  // namespace qualm::cli
