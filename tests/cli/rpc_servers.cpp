// Two ggml-rpc-servers on this machine: the same figures as without, and what dies is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "database/database.h"
#include "support/program.h"
#include "support/quantized.h"
#include "support/rpc_server.h"

namespace qualm::cli {
namespace {

using testing::HasSubstr;

class RpcServers : public testing::Test {
 protected:
  void SetUp() override {
    if (const auto why = test::no_rpc_server(); !why.empty()) GTEST_SKIP() << why;
    test::make_quantized("Q4_K_M", base_, scratch_.path("q4.gguf"));
    servers_ = {std::make_unique<test::RpcServer>(scratch_),
                std::make_unique<test::RpcServer>(scratch_)};
  }
  [[nodiscard]] std::string both() const {
    return servers_[0]->address() + "," + servers_[1]->address();
  }
  /// diagnose of a few windows, with a cache of that name.
  [[nodiscard]] test::Command diagnose(const std::string& cache,
                                       std::vector<std::string> more) const {
    std::vector<std::string> words{"diagnose", "q4.gguf",  "--baseline", base_,       "-c",
                                   "64",       "--chunks", "32",         "--symptom", "none",
                                   "--format", "json",     "-t",         "1"};
    words.insert(words.end(), more.begin(), more.end());
    test::Command command = test::qualm(scratch_, words);
    command.environment["XDG_CACHE_HOME"] = scratch_.path(cache);
    return command;
  }
  /// Windows that were measured and kept.
  [[nodiscard]] std::int64_t kept(const std::string& cache) const {
    database::Database store;
    const std::string path = scratch_.path(cache + "/qualm/measurements.sqlite");
    if (!std::filesystem::exists(path) || store.open(path, database::Readers::by_umask) != 0)
      return 0;
    auto rows = store.query("SELECT count(*) FROM windows");
    return rows.next() ? rows.integer(0) : 0;
  }

  test::Scratch scratch_;
  std::string base_ = test::source_file("models/qualm-tiny-base-F16.gguf");
  std::array<std::unique_ptr<test::RpcServer>, 2> servers_;
};

double kld_of(const nlohmann::json& document) {
  return document["loss"]["kld_mean"]["value"].get<double>();
}

const nlohmann::json* evidence(const nlohmann::json& document, const std::string& name) {
  for (const auto& check : document["checks"])
    for (const auto& one : check["evidence"])
      if (one["name"] == name) return &one;
  return nullptr;
}

TEST_F(RpcServers, give_the_figures_of_this_machine_within_the_noise_floor) {
  const auto remote = test::run(diagnose("remote", {"--rpc", both(), "--cross-check", "cpu"}));
  const auto local = test::run(diagnose("local", {}));
  const auto over = test::document(remote);
  const auto here = test::document(local);
  ASSERT_TRUE(over.contains("loss")) << remote.err;
  EXPECT_THAT(remote.err, HasSubstr("devices: RPC0 (" + servers_[0]->address() + "), RPC1"));
  EXPECT_THAT(remote.err, HasSubstr("not encrypted"));
  const double floor = over["resolution"]["candidate_kld_mean"]["high"].get<double>();
  EXPECT_NEAR(kld_of(over), kld_of(here), 2 * floor);
  EXPECT_EQ(over["verdict"], here["verdict"]);
  for (const char* model : {"cross_check_candidate", "cross_check_original"}) {
    const auto* line = evidence(over, model);
    ASSERT_TRUE(line) << over.dump(1);
    EXPECT_THAT((*line)["says"].get<std::string>(), HasSubstr("The device is not the cause"));
    EXPECT_LE((*line)["value"].get<double>(), 2 * floor);
  }
}

TEST_F(RpcServers, that_die_are_named_and_no_finished_window_is_lost) {
  test::Command command = diagnose("cut", {"--rpc", both()});
  std::int64_t before = 0;
  command.interrupt = [&] {
    if (servers_[1]->alive()) before = kept("cut");
    if (before >= 2) servers_[1]->kill();
    return false;
  };
  const auto died = test::run(command);
  EXPECT_EQ(died.exit_code, 4) << died.err;
  const auto error = test::document(died)["error"];
  EXPECT_EQ(error["code"], "JOB-006") << died.err;
  EXPECT_THAT(error.dump(), HasSubstr(servers_[1]->address()));
  EXPECT_GE(kept("cut"), before);

  servers_[1]->start();
  const auto resumed = test::document(test::run(diagnose("cut", {"--rpc", both()})));
  const auto whole = test::document(test::run(diagnose("whole", {"--rpc", both()})));
  ASSERT_TRUE(whole.contains("loss"));
  EXPECT_EQ(resumed["loss"], whole["loss"]);
  EXPECT_EQ(resumed["checks"], whole["checks"]);
  EXPECT_LT(resumed["spent"]["passes"], whole["spent"]["passes"]);
}

TEST_F(RpcServers, that_are_not_there_are_told_before_anything_runs) {
  servers_[0]->kill();
  const auto ended = test::run(diagnose("none", {"--rpc", both()}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(test::document(ended)["error"]["code"], "RPC-003") << ended.err;
}

TEST_F(RpcServers, are_listed_as_devices) {
  const auto listed = test::run_qualm(scratch_, {"measure", "--rpc", both(), "--list-devices"});
  EXPECT_EQ(listed.exit_code, 0) << listed.err;
  EXPECT_THAT(listed.out, HasSubstr("  RPC0: " + servers_[0]->address() + " ("));
  EXPECT_THAT(listed.out, HasSubstr("  RPC1: " + servers_[1]->address() + " ("));
}

}  // namespace
}  // namespace qualm::cli
