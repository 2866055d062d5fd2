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

TEST(LowMemory, changes_no_figure_and_no_verdict) {
  const Pair pair;
  const auto usual = pair.diagnose("usual", {});
  const auto low = pair.diagnose("low", {"--low-memory"});
  EXPECT_EQ(low.exit_code, usual.exit_code) << low.err;
  EXPECT_EQ(findings(low), findings(usual));
  EXPECT_FALSE(test::document(usual)["memory"]["low_memory"]);
  EXPECT_TRUE(test::document(low)["memory"]["low_memory"]);
}

TEST(LowMemory, is_chosen_where_two_models_do_not_fit_and_refused_where_one_does_not) {
  const Pair pair;
  const auto needed = [](const test::Ended& ended) {
    return test::document(ended)["memory"]["needed_estimated"].get<std::int64_t>();
  };
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
