#include "diagnose/served.h"

#include <fmt/format.h>

#include "diagnose/checks.h"
#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {

Known<void> add_server(const Facts& facts, Finding& finding) {
  if (!facts.given.server) return {};
  QUALM_TRY(const WindowRange windows, facts.selection(kForServer));
  const std::array served{Facts::as_served()};
  QUALM_TRY(const auto by_server, facts.measured(windows, served));
  const std::array here{facts.as_run()};
  QUALM_TRY(const auto in_process, facts.measured(windows, here));
  const evaluate::Measurement& server = *by_server.front();
  finding.evidence.push_back(metric_evidence(
      "served_kld_mean", server, evaluate::MetricId::kld_mean,
      fmt::format("As {} ({}) runs it", facts.given.server->address, facts.given.server->kind)));
  const auto share = evaluate::kld_difference(server, 1.0, *in_process.front(), kCheckConfidence);
  if (!share) return {};
  const std::string says =
      fmt::format("The server adds a KLD of {} to the same file run here with the same cache types",
                  numeric::format_estimate(*share));
  QUALM_TRY(const auto* floor, floor_for(facts, server));
  const bool carries = share->low > kLeastServerShare &&
                       harm(facts.given, server, *floor) == Side::above &&
                       harm(facts.given, *in_process.front(), *floor) != Side::above;
  if (carries)
    finding.faults.push_back({.kind = FaultKind::server,
                              .effect = Effect::prompts,
                              .where = "server_share",
                              .says = says + ": its kernels, flags or adapters, not the file",
                              .value = share,
                              .unit = "nat/token"});
  else
    finding.evidence.push_back({"server_share", share, "nat/token", says});
  return {};
}

}  // namespace qualm::diagnose
