#include "commands/session_estimate.h"

#include <fmt/format.h>

#include <algorithm>

#include "diagnose/facts.h"
#include "diagnose/thresholds.h"
#include "model/activations.h"
#include "weights/surrogate.h"

namespace qualm::commands {
namespace {

constexpr std::uint64_t kDraw = 1;  // of the surrogate's noise

/// Nothing is measured against anything but the surrogate.
bool estimates_alone(const Session& session) {
  return session.surrogate && !session.pack && !session.served && !session.request.full;
}

}  // namespace

void add_surrogate(Session& session) {
  const model::Checkpoint& candidate = session.candidate->checkpoint();
  // A server's share would be in what is compared with it.
  const bool compared = session.baseline || (session.pack && session.served);
  if (compared || !candidate.lacks.empty() || !model::rotation_key(candidate).empty() ||
      !weights::no_surrogate(candidate).empty())
    return;
  session.surrogate = experiment::OpenedModel::made(weights::surrogate_of(candidate, kDraw),
                                                    "the estimated original", "");
}

void identify_surrogate(Session& session) {
  if (session.surrogate)
    session.surrogate->set_identity(fmt::format("{}~surrogate{}/{}", session.candidate->identity(),
                                                weights::kSurrogateVersion, kDraw));
}

void shorten_windows(Session& session) {
  const engine::Settings& given = session.settings;
  const bool cache_quantized =
      diagnose::Facts::quantized(given.type_k) || diagnose::Facts::quantized(given.type_v);
  const probe::SymptomChoice& symptoms = session.symptoms;
  const bool long_asked = symptoms.asked && symptoms.wants(probe::SymptomId::long_context);
  if (!estimates_alone(session) || session.request.windows_told || cache_quantized || long_asked)
    return;
  const std::int32_t tokens = std::min(given.ctx_size, diagnose::kWindowOfEstimate);
  session.request.settings.ctx_size = session.settings.ctx_size = tokens;
}

std::int32_t stride_of(const Session& session) {
  return estimates_alone(session) ? weights::stride_of_estimate(session.candidate->checkpoint())
                                  : 1;
}

}  // namespace qualm::commands
