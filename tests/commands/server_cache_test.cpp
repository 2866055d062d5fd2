// Which cache a server has, found by its answers.
#include "commands/server_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/fake_experiment.h"

namespace qualm::commands {
namespace {

using test::Cost;
using testing::HasSubstr;

/// A server of a file; each type of cache costs the file what is listed here.
struct ServedFile : testing::Test {
  ServedFile() {
    experiment.caches = {{"q8_0/q8_0", {0, 0.001}},     {"q5_1/q5_1", {0, 0.003}},
                         {"q5_0/q5_0", {0, 0.004}},     {"q4_1/q4_1", {0, 0.008}},
                         {"iq4_nl/iq4_nl", {0, 0.009}}, {"q4_0/q4_0", {0, 0.02}},
                         {"q4_0/f16", {0, 0.015}},      {"f16/q4_0", {0, 0.005}}};
  }
  /// The cache of a server that loses so much against the file with an F16 cache.
  FoundCache found(double ln_ppl) {
    experiment.set(experiment::served_weights(), {0, ln_ppl});
    const auto cache = find_cache(experiment, diagnose::Facts::original());
    EXPECT_TRUE(cache) << (cache ? "" : describe(cache.error()));
    return cache ? *cache : FoundCache{};
  }
  test::FakeExperiment experiment;
};

TEST_F(ServedFile, the_cache_that_makes_the_file_answer_as_the_server_is_the_servers) {
  EXPECT_EQ(found(0.02).types, CacheTypes("q4_0", "q4_0"));
  EXPECT_EQ(found(0.008).types, CacheTypes("q4_1", "q4_1"));
  EXPECT_THAT(found(0.02).says, HasSubstr("with f16 by 0.0199"));
}

TEST_F(ServedFile, one_of_k_alone_or_of_v_alone_is_found) {
  EXPECT_EQ(found(0.015).types, CacheTypes("q4_0", "f16"));
}

TEST_F(ServedFile, where_f16_is_as_near_as_others_it_is_not_known) {
  const FoundCache cache = found(0.0006);
  EXPECT_EQ(cache.types, std::nullopt) << "it is 0.0004 from q8_0, and 0.0006 from f16";
  EXPECT_THAT(cache.says, HasSubstr("about as the server does"));
  EXPECT_EQ(found(0).types, std::nullopt);
}

TEST_F(ServedFile, it_is_asked_on_four_windows_or_on_all_there_are) {
  found(0.02);
  EXPECT_EQ(experiment.asked.front().windows.end, 4);
  experiment.asked.clear();
  experiment.domains.front().windows = 2;
  found(0.02);
  EXPECT_EQ(experiment.asked.front().windows.end, 2);
}

TEST_F(ServedFile, a_server_that_stops_answering_is_told) {
  experiment.broken = Error{Kind::input, "REMOTE-002", "", "", "", "", ""};
  const auto cache = find_cache(experiment, diagnose::Facts::original());
  ASSERT_FALSE(cache);
  EXPECT_EQ(cache.error().code, "REMOTE-002");
}

}  // namespace
}  // namespace qualm::commands
