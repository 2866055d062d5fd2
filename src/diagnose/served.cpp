#include "diagnose/served.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/limit.h"
#include "diagnose/loss.h"
#include "diagnose/thresholds.h"
#include "diagnose/weights_loss.h"
#include "evaluate/asked.h"
#include "evaluate/summary.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

constexpr const char* kServerShare = "server_share";
constexpr const char* kFile = "the file that the server runs (--server-file)";

Finding files_of_server(const Facts& facts) {
  Finding finding{.faults = facts.files.faults, .evidence = facts.files.remarks, .needs = {kFile}};
  for (const Fault& fault : finding.faults)
    finding.evidence.push_back(fact(fault.where, fault.says));
  finding.headline = "the server's file was not read";
  if (finding.faults.empty()) return finding;
  finding.status = Status::cause;
  finding.headline = finding.faults.front().says;
  return finding;
}

/// Weights, cache and server together.
Known<Finding> loss_of_server(const Facts& facts) {
  QUALM_TRY(const WeightsLoss found, weights_loss(facts));
  Finding finding{.loss = found.loss};
  for (const auto id :
       {evaluate::MetricId::kld_mean, evaluate::MetricId::ppl_change, evaluate::MetricId::same_top})
    finding.evidence.push_back(metric_evidence(std::string(evaluate::row_of(id).name),
                                               *found.judged, id, "As the server runs it"));
  if (const auto& bound = found.judged->kld_at_least; bound && bound->estimate)
    finding.evidence.push_back({"kld_at_least", bound->estimate, "nat/token",
                                fmt::format("Of that KLD certainly (a lower bound): {}",
                                            numeric::format_estimate(*bound->estimate))});
  finding.headline = "as the server runs it: " + loss_in_words(*found.judged);
  if (found.loss.grades) finding.headline += "; grade: " + in_words(*found.loss.grades);
  if (found.loss.line == Side::below) {
    finding.status = Status::cleared;
  } else {
    finding.status = Status::cannot_tell;
    finding.needs.emplace_back(std::string(kFile) +
                               ", to tell the quant type from the cache and the server");
  }
  return finding;
}

/// The server, and the same file run here, on the same windows.
struct AsServed {
  const evaluate::Measurement* server = nullptr;
  const evaluate::Measurement* here = nullptr;
  const evaluate::Measurement* floor = nullptr;  ///< see harm()
  std::optional<numeric::Estimate> share{};      ///< KLD that the server adds, nat/token
};

Known<AsServed> measure_server(const Facts& facts) {
  QUALM_TRY(const WindowRange windows, facts.selection(kForServer));
  const std::array served{Facts::as_served()};
  QUALM_TRY(const auto by_server, facts.measured(windows, served));
  const std::array here{facts.as_run()};
  QUALM_TRY(const auto in_process, facts.measured(windows, here));
  AsServed found{.server = by_server.front(), .here = in_process.front()};
  QUALM_TRY(found.floor, floor_for(facts, *found.server));
  found.share = evaluate::kld_difference(
      *found.server, 1.0, evaluate::at_positions_of(*found.here, *found.server), kCheckConfidence);
  return found;
}

}  // namespace

void add_server_to_headline(Finding& finding) {
  const auto share = std::ranges::find(finding.evidence, kServerShare, &Evidence::name);
  if (share == finding.evidence.end() || !share->value) return;
  const bool over = share->value->low > 0;
  finding.headline += fmt::format(
      "; the server adds {}",
      over ? "a KLD of " + numeric::format_estimate(*share->value) : "no loss that could be told");
}

Known<Finding> check_server(CheckId id, const Facts& facts) {
  if (id == CheckId::not_quant) return files_of_server(facts);
  if (id == CheckId::tier) return loss_of_server(facts);
  Finding finding{.headline = "the server's file was not read"};
  finding.needs.emplace_back(kFile);
  return finding;
}

Known<void> add_server(const Facts& facts, Finding& finding) {
  if (!facts.given.server) return {};
  QUALM_TRY(const AsServed found, measure_server(facts));
  finding.evidence.push_back(metric_evidence(
      "served_kld_mean", *found.server, evaluate::MetricId::kld_mean,
      fmt::format("As {} ({}) runs it", facts.given.server->address, facts.given.server->kind)));
  if (!found.share) return {};
  const std::string says =
      fmt::format("The server adds a KLD of {} to the same file run here with the same cache types",
                  numeric::format_estimate(*found.share));
  const bool carries = found.share->low > kLeastServerShare &&
                       harm(facts.given, *found.server, *found.floor) == Side::above &&
                       harm(facts.given, *found.here, *found.floor) != Side::above;
  if (carries)
    finding.faults.push_back({.kind = FaultKind::server,
                              .effect = Effect::prompts,
                              .where = kServerShare,
                              .says = says + ": its kernels, flags or adapters, not the file",
                              .value = found.share,
                              .unit = "nat/token"});
  else
    finding.evidence.push_back({kServerShare, found.share, "nat/token", says});
  return {};
}

Known<void> take_served_loss(const Facts& facts, Loss& loss) {
  if (!facts.given.server || facts.served_alone()) return {};
  QUALM_TRY(const AsServed found, measure_server(facts));
  const Side line = harm(facts.given, *found.server, *found.floor);
  const bool adds_nothing = found.share && found.share->high < kLeastServerShare;
  if (line != Side::not_separated || !adds_nothing) loss.line = line;
  set_size(*found.server, loss);
  return {};
}

}  // namespace qualm::diagnose
