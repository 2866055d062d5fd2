#include "commands/where_lost.h"

#include <fmt/format.h>

#include <algorithm>

#include "commands/token_view.h"
#include "weights/weight_map.h"

namespace qualm::commands {
namespace {

using diagnose::Facts;
using evaluate::Measurement;
using experiment::Variant;

/// What is known already; nothing is measured for it.
const Measurement* known(const Facts& facts, const Variant& reference, const Variant& variant) {
  const auto measured = facts.measured(reference, variant);
  return measured && (*measured)->unavailable.empty() ? *measured : nullptr;
}

/// K or V alone is read on the first windows of the selection.
const Measurement* known_half(const Facts& facts, const Variant& half) {
  for (const diagnose::KnownMeasurement& one : facts.against_candidate())
    if (id_of(*one.variant) == id_of(half) && one.measured->unavailable.empty())
      return one.measured;
  return nullptr;
}

std::vector<report::DepthSeries> by_depth(const Facts& facts) {
  const auto& [k, v] = std::pair(facts.given.type_k, facts.given.type_v);
  std::vector<report::DepthSeries> all;
  const auto add = [&](const char* of, std::string title, const Measurement* measured) {
    if (measured) all.push_back({of, std::move(title), measured->by_position});
  };
  if (facts.paired()) {
    add("as_run", fmt::format("as run (cache {}/{})", k, v),
        known(facts, Facts::original(), facts.as_run()));
    if (facts.cache_quantized())
      add("weights", "weights alone (F16 cache)",
          known(facts, Facts::original(), Facts::weights_only()));
  }
  if (!facts.cache_quantized()) return all;
  add("cache", fmt::format("cache alone ({}/{})", k, v),
      known(facts, Facts::weights_only(), facts.as_run()));
  if (Facts::quantized(k) && Facts::quantized(v)) {
    add("cache_k", fmt::format("K alone ({})", k), known_half(facts, {{}, k, "f16"}));
    add("cache_v", fmt::format("V alone ({})", v), known_half(facts, {{}, "f16", v}));
  }
  return all;
}

/// The candidate's weights on each text that was read of it.
std::vector<report::DomainLoss> by_domain(const Facts& facts) {
  std::vector<report::DomainLoss> all;
  for (std::size_t text = 0; text < facts.texts.size(); ++text) {
    const auto measured = facts.against_original(text);
    const auto own = std::ranges::find_if(measured, [](const diagnose::KnownMeasurement& one) {
      return id_of(*one.variant) == id_of(Facts::weights_only());
    });
    if (own != measured.end())
      all.push_back({facts.texts[text].name,
                     static_cast<std::int64_t>(own->measured->windows.size()),
                     own->measured->metrics});
  }
  return all;
}

std::string compared_with(const Facts& facts) {
  if (facts.estimated()) return "an estimate of the original";
  return facts.paired() ? probe::kOriginal : probe::kSameWeights;
}

Result<report::TokenView> tokens_of(Session& session, const Measurement& measured) {
  const Facts& facts = session.facts;
  QUALM_TRY(const auto file, session.candidate->runnable(session.progress));
  QUALM_TRY(const auto tokenizer, session.engine->load_tokenizer(file));
  std::optional<double> floor;
  if (const auto known_floor = facts.noise_floor()) floor = known_floor->upper();
  return token_view({.text = *session.texts.front().text,
                     .reference = session.runner->run_of(facts.reference()),
                     .candidate = session.runner->run_of(facts.as_run()),
                     .measured = measured,
                     .tokenizer = *tokenizer,
                     .name = session.texts.front().domain.name,
                     .compared_with = compared_with(facts),
                     .floor = floor,
                     .windows = static_cast<std::size_t>(session.request.shown_windows)});
}

}  // namespace

report::WhereLost where_known(const Facts& facts) {
  report::WhereLost where;
  if (!facts.runs()) return where;
  where.depth = by_depth(facts);
  where.domains = by_domain(facts);
  if (const Measurement* as_run = known(facts, facts.reference(), facts.as_run()))
    where.confidence = as_run->by_confidence;
  return where;
}

Result<report::WhereLost> where_lost(Session& session) {
  const Facts& facts = session.facts;
  report::WhereLost where = where_known(facts);
  if (session.request.shown_windows == 0) return where;
  QUALM_TRY(where.weights, weights::map_weights(*facts.given.candidate, facts.given.baseline,
                                                session.settings.threads, session.progress));
  const Measurement* const as_run =
      session.runner ? known(facts, facts.reference(), facts.as_run()) : nullptr;
  if (as_run && as_run->tokens_scored > 0) {
    QUALM_TRY(where.tokens, tokens_of(session, *as_run));
  }
  return where;
}

}  // namespace qualm::commands
