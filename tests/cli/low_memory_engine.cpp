// diagnose --low-memory through the real program: what it finds is what it finds without.
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/quantized.h"

namespace qualm::cli {
namespace {

struct Pair : test::Scratch {
  Pair() { test::make_quantized("Q2_K", base, path("q2.gguf")); }
  /// Its cache is of its own: nothing is known from another run.
  [[nodiscard]] test::Ended diagnose(const std::string& cache, std::vector<std::string> more,
                                     const std::string& free = {}) const {
    std::vector<std::string> words{"diagnose", "q2.gguf",  "--baseline", base,   "-c",
                                   "64",       "--chunks", "16",         "-ctk", "q4_0",
                                   "-q",       "--format", "json",       "-t",   "1"};
    words.insert(words.end(), more.begin(), more.end());
    test::Command command = test::qualm(*this, words);
    command.environment["XDG_CACHE_HOME"] = path(cache);
    if (!free.empty()) command.environment["QUALM_FREE_MEMORY"] = free;
    return test::run(command);
  }
  std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
};

/// The report without what a run costs, and without a check that needs both models at once.
nlohmann::json findings(const test::Ended& ended) {
  auto document = test::document(ended);
  EXPECT_TRUE(document.contains("memory")) << ended.err;
  document.erase("memory");
  document["spent"].erase("seconds");
  document.erase("reference_error");
  document.erase("command_line");
  return document;
}

std::int64_t needed(const test::Ended& ended) {
  return test::document(ended)["memory"]["needed_estimated"].get<std::int64_t>();
}

TEST(LowMemory, one_model_at_a_time_changes_no_figure_and_no_verdict) {
  const Pair pair;
  const auto usual = pair.diagnose("usual", {});
  const auto one = pair.diagnose("one", {}, std::to_string(needed(usual) - 1));
  EXPECT_EQ(one.exit_code, usual.exit_code) << one.err;
  EXPECT_EQ(findings(one), findings(usual));
  EXPECT_FALSE(test::document(usual)["memory"]["low_memory"]);
  EXPECT_TRUE(test::document(one)["memory"]["low_memory"]);
}

// Without second copies of matrices other kernels run.
TEST(LowMemory, finds_the_same_with_the_kernels_that_need_no_second_copy) {
  const Pair pair;
  const auto usual = test::document(pair.diagnose("usual", {"--symptom", "none"}));
  const auto low = test::document(pair.diagnose("low", {"--symptom", "none", "--low-memory"}));
  EXPECT_TRUE(low["memory"]["low_memory"]);
  EXPECT_EQ(low["verdict"], usual["verdict"]);
  EXPECT_EQ(low["principal_cause"], usual["principal_cause"]);
  const auto kld = [](const nlohmann::json& document) {
    for (const auto& rung : document["ladder"]["rungs"])
      if (rung["marks"] == nlohmann::json{"yours"}) return rung["kld_mean"]["value"].get<double>();
    return 0.0;
  };
  EXPECT_GT(kld(usual), 0);
  EXPECT_NEAR(kld(low), kld(usual), 0.02 * kld(usual));
}

TEST(LowMemory, is_chosen_where_two_models_do_not_fit_and_refused_where_one_does_not) {
  const Pair pair;
  const std::vector<std::string> quick{"--symptom", "none"};
  const std::int64_t both = needed(pair.diagnose("cache", quick));
  const auto chosen = pair.diagnose("cache", quick, std::to_string(both - 1));
  EXPECT_TRUE(test::document(chosen)["memory"]["low_memory"]);
  const auto refused = pair.diagnose("cache", quick, std::to_string(needed(chosen) - 1));
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_EQ(test::document(refused)["error"]["code"], "MEMORY-001");
}

}  // namespace
}  // namespace qualm::cli
