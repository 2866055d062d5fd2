// A real llama-server as the candidate of the real program.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/program.h"
#include "support/quantized.h"
#include "support/real_server.h"

namespace qualm::cli {
namespace {

using testing::HasSubstr;

const std::string kPeer = test::source_file("tools/peer.sh");

/// llama-server with a model, until the test is over.
struct RealServer : test::RealServer {
  RealServer(const std::string& model, const std::string& log, const std::vector<std::string>& more)
      : test::RealServer(log, [&](const std::string& port) {
          std::vector<std::string> words{kPeer,       "llama-server", "-m",  model, "--port", port,
                                         "-c",        "256",          "-np", "2",   "-t",     "1",
                                         "--no-webui"};
          words.insert(words.end(), more.begin(), more.end());
          return test::Command{.words = words};
        }) {}
};

struct Served : testing::Test, test::Scratch {
  void SetUp() override {
    if (test::run({.words = {kPeer, "llama-server", "--version"}}).exit_code != 0)
      GTEST_SKIP() << "SKIPPED: no llama-server here (tools/setup.sh peers brings it)";
    test::make_quantized("Q4_0", base, path("q4.gguf"));
  }
  /// On so many windows of so many tokens.
  [[nodiscard]] test::Ended diagnose(const RealServer& server, const std::string& windows,
                                     const std::string& tokens) const {
    return test::run_qualm(*this, {"diagnose", server.address(), "--server-file", "q4.gguf",
                                   "--baseline", base, "-c", tokens, "--chunks", windows,
                                   "--symptom", "none", "-t", "1", "-q", "--format", "json"});
  }
  std::string base = test::source_file("models/qualm-tiny-base-F16.gguf");
};

/// What a document says under that name; null where nothing.
nlohmann::json evidence_of(const nlohmann::json& document, const std::string& name) {
  for (const auto& check : document["checks"])
    for (const auto& evidence : check["evidence"])
      if (evidence["name"] == name) return evidence;
  return {};
}

TEST_F(Served, a_server_of_the_file_loses_what_the_file_loses) {
  const RealServer server(path("q4.gguf"), path("log"), {});
  ASSERT_TRUE(server.ready()) << test::contents(path("log"));
  const test::Ended ended = diagnose(server, "16", "64");
  const auto document = test::document(ended);
  ASSERT_TRUE(document.contains("checks")) << ended.out << ended.err;
  const auto share = evidence_of(document, "server_share");
  ASSERT_TRUE(share.is_object()) << document.dump(1);
  EXPECT_LE(share["low"].get<double>(), 0);
  EXPECT_GE(share["high"].get<double>(), 0);
  const test::Ended here =
      test::run_qualm(*this, {"measure", "q4.gguf", "--baseline", base, "-c", "64", "--chunks", "8",
                              "--full", "-t", "1", "-q", "--format", "json"});
  const auto in_process = test::document(here)["results"][0]["metrics"]["kld_mean"];
  const auto served = evidence_of(document, "served_kld_mean");
  ASSERT_TRUE(served.is_object()) << document.dump(1);
  EXPECT_LE(served["low"], in_process["high"]);
  EXPECT_GE(served["high"], in_process["low"]);
}

TEST_F(Served, the_cache_of_a_server_is_known_without_being_told) {
  const RealServer server(path("q4.gguf"), path("log"), {"-ctk", "q4_0", "-ctv", "q4_0"});
  ASSERT_TRUE(server.ready()) << test::contents(path("log"));
  const test::Ended ended = diagnose(server, "8", "32");
  const auto document = test::document(ended);
  ASSERT_TRUE(document.contains("settings")) << ended.out << ended.err;
  EXPECT_EQ(document["settings"]["type_k"], "q4_0") << document["settings"].dump();
  EXPECT_EQ(document["settings"]["type_v"], "q4_0");
}

TEST_F(Served, one_whose_context_is_too_small_gives_no_figure) {
  const RealServer server(path("q4.gguf"), path("log"), {});
  ASSERT_TRUE(server.ready()) << test::contents(path("log"));
  const test::Ended ended = diagnose(server, "2", "512");
  EXPECT_EQ(ended.exit_code, 3);
  EXPECT_THAT(ended.out + ended.err, HasSubstr("REMOTE-016"));
}

}  // namespace
}  // namespace qualm::cli
