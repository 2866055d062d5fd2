// What a server adds to the loss of its file.
#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::diagnose {
namespace {

using test::evidence;
using test::finding;
using test::World;

struct ServedFile : World {
  ServedFile() { given.server = GivenServer{"http://127.0.0.1:8080", "llama-server", true}; }
  void server_costs(test::Cost cost) { experiment.set(experiment::served_weights(), cost); }
  static const FaultKind* fault_of(const Finding& files) {
    for (const Fault& fault : files.faults)
      if (fault.where == "server_share") return &fault.kind;
    return nullptr;
  }
};

TEST(Served, a_server_that_runs_the_file_as_it_is_adds_nothing) {
  ServedFile world;
  const Finding files = finding(world.examine(), CheckId::not_quant);
  ASSERT_TRUE(evidence(files, "served_kld_mean"));
  const Evidence* const share = evidence(files, "server_share");
  ASSERT_TRUE(share);
  ASSERT_TRUE(share->value);
  EXPECT_LE(share->value->low, 0);
  EXPECT_GE(share->value->high, 0);
  EXPECT_FALSE(ServedFile::fault_of(files));
}

TEST(Served, one_that_alone_carries_the_loss_is_a_fault) {
  ServedFile world;
  world.server_costs({0.3, 0.2});
  const Diagnosis found = world.examine();
  const Finding& files = finding(found, CheckId::not_quant);
  const FaultKind* const kind = ServedFile::fault_of(files);
  ASSERT_TRUE(kind);
  EXPECT_EQ(*kind, FaultKind::server);
  EXPECT_EQ(found.conclusion.verdict, Verdict::problem);
}

TEST(Served, a_share_beside_weights_that_lose_too_much_is_no_fault) {
  ServedFile world;
  world.lossy_weights();
  world.server_costs({0.3, 0.2});
  const Finding files = finding(world.examine(), CheckId::not_quant);
  EXPECT_FALSE(ServedFile::fault_of(files));
  const Evidence* const share = evidence(files, "server_share");
  ASSERT_TRUE(share && share->value);
  EXPECT_NEAR(share->value->value, 0.24, 0.02);
}

TEST(Served, a_share_within_limits_is_no_fault) {
  ServedFile world;
  world.server_costs({0.004, 0.002});
  EXPECT_FALSE(ServedFile::fault_of(finding(world.examine(), CheckId::not_quant)));
}

TEST(Served, the_verdict_is_on_the_file_as_the_server_runs_it) {
  ServedFile world;
  world.server_costs({0.012, 0.002});
  const Conclusion found = world.examine().conclusion;
  EXPECT_EQ(found.verdict, Verdict::healthy);
  ASSERT_TRUE(found.loss && found.loss->kld);
  EXPECT_NEAR(found.loss->kld->value, 0.012, 0.001);
}

TEST(Served, one_whose_loss_is_on_both_sides_of_the_limit_is_not_called_healthy) {
  ServedFile world;
  world.given.accept = Accept{evaluate::MetricId::kld_mean, 0.012};
  world.server_costs({0.012, 0.002});
  EXPECT_NE(world.examine().conclusion.verdict, Verdict::healthy);
}

TEST(Served, a_cache_that_is_not_llama_cpps_is_the_servers) {
  ServedFile world;
  world.given.cache_assumed = true;
  EXPECT_EQ(finding(world.examine(), CheckId::kv_cache).needs.front(),
            "the cache types you run with (-ctk, -ctv)");
  world.given.server->own_cache = true;
  EXPECT_EQ(finding(world.examine(), CheckId::kv_cache).needs.front(),
            "a second run against the server with a 16-bit cache");
}

TEST(Served, one_that_rounds_activations_leaves_no_doubt_of_what_they_cost) {
  ServedFile world;
  world.candidate.metadata.set("quantization.activations", std::string("8-bit integer"));
  const Finding served = finding(world.examine(), CheckId::not_quant);
  EXPECT_EQ(served.status, Status::cleared) << served.headline;
  EXPECT_TRUE(evidence(served, "quantized_activations"));
  world.given.server.reset();
  EXPECT_EQ(finding(world.examine(), CheckId::not_quant).status, Status::cannot_tell);
}

TEST(Served, without_a_server_nobody_asks_one) {
  World world;
  const Finding files = finding(world.examine(), CheckId::not_quant);
  EXPECT_FALSE(evidence(files, "served_kld_mean"));
  for (const auto& asked : world.experiment.asked)
    for (const auto& variant : asked.variants)
      EXPECT_NE(variant.weights.kind, experiment::Weights::Kind::served);
}

}  // namespace
}  // namespace qualm::diagnose
