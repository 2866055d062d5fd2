#include "commands/server_cache.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "evaluate/asked.h"

namespace qualm::commands {
namespace {

using evaluate::Measurement;

constexpr std::int32_t kWindows = 4;
/// Of the distance with f16: what is nearer is the server's. Measured, bundled model as Q4_K_M: a
/// server with q4_0 is at 0.000 with q4_0 and at 0.111 with f16, one with q8_0 at 0.000 and 0.034,
/// one with f16 at 0.030 with f16 and at 0.033 with q8_0: kernels differ with the batch.
constexpr double kClearly = 0.5;
constexpr std::array kTypes{"f16", "q8_0", "q5_1", "q5_0", "q4_1", "iq4_nl", "q4_0"};

/// Root mean square of the differences of ln Q of the tokens that follow: nat.
double distance(const Measurement& asked, const Measurement& run) {
  double sum = 0;
  double count = 0;
  const Measurement same = evaluate::at_positions_of(run, asked);
  for (std::size_t w = 0; w < same.windows.size(); ++w)
    for (std::size_t i = 0; i < same.windows[w].scores.size(); ++i) {
      const double difference = asked.windows[w].scores[i].nll_q - same.windows[w].scores[i].nll_q;
      sum += difference * difference;
      ++count;
    }
  return count > 0 ? std::sqrt(sum / count) : 0;
}

struct Tried {
  CacheTypes types;
  double distance = 0;
};

class Trials {
 public:
  Trials(experiment::Experiment& experiment, const experiment::Variant& reference)
      : experiment_(experiment),
        reference_(reference),
        windows_{0, std::min(kWindows, experiment.texts().front().windows)} {}

  Result<void> ask_server() {
    QUALM_TRY(served_, measure(diagnose::Facts::as_served()));
    return {};
  }
  Result<void> add(const CacheTypes& types) {
    QUALM_TRY(const Measurement run, measure({{}, types.first, types.second}));
    if (run.unavailable.empty()) tried_.push_back({types, distance(served_, run)});
    return {};
  }
  /// Absent: it could not be run.
  [[nodiscard]] std::optional<double> distance_with(const CacheTypes& types) const {
    const auto found = std::ranges::find(tried_, types, &Tried::types);
    return found == tried_.end() ? std::nullopt : std::optional(found->distance);
  }
  [[nodiscard]] std::vector<Tried> by_distance() const {
    auto sorted = tried_;
    std::ranges::sort(sorted, {}, &Tried::distance);
    return sorted;
  }

 private:
  Result<Measurement> measure(const experiment::Variant& variant) {
    QUALM_TRY(auto measured, experiment_.measure(reference_, std::span(&variant, 1), windows_, {}));
    return std::move(measured.front());
  }

  experiment::Experiment& experiment_;
  const experiment::Variant& reference_;
  experiment::WindowRange windows_;
  Measurement served_{};
  std::vector<Tried> tried_;
};

}  // namespace

void set_cache(Session& session, const CacheTypes& types, const std::string& how) {
  session.request.settings.type_k = session.settings.type_k = types.first;
  session.request.settings.type_v = session.settings.type_v = types.second;
  diagnose::Given& given = session.facts.given;
  given.type_k = types.first;
  given.type_v = types.second;
  given.cache_assumed = false;
  session.facts.files.remarks.push_back(diagnose::fact(
      "server_cache",
      fmt::format("The server's cache is {}/{}: {}", types.first, types.second, how)));
}

Result<FoundCache> find_cache(experiment::Experiment& experiment,
                              const experiment::Variant& reference) {
  Trials trials(experiment, reference);
  QUALM_CHECK(trials.ask_server());
  for (const char* type : kTypes) QUALM_CHECK(trials.add({type, type}));
  const auto f16 = trials.distance_with({"f16", "f16"});
  if (!f16) return FoundCache{std::nullopt, "its file could not be run here"};
  const std::string best = trials.by_distance().front().types.first;
  if (best != "f16") {
    QUALM_CHECK(trials.add({best, "f16"}));
    QUALM_CHECK(trials.add({"f16", best}));
  }
  const Tried nearest = trials.by_distance().front();
  if (nearest.distance < kClearly * *f16)
    return FoundCache{nearest.types,
                      fmt::format("with it this file answers most like the server (ln Q of the "
                                  "text's tokens differs by {:.4f}, with f16 by {:.4f})",
                                  nearest.distance, *f16)};
  return FoundCache{std::nullopt,
                    fmt::format("with f16 this file answers about as the server does (ln Q of the "
                                "text's tokens differs by {:.4f}; with {}/{} by {:.4f})",
                                *f16, nearest.types.first, nearest.types.second, nearest.distance)};
}

}  // namespace qualm::commands
