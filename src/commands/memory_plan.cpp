#include "commands/memory_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "base/platform.h"
#include "base/units.h"
#include "engine/llama_engine.h"

namespace qualm::commands {
namespace {

constexpr std::int64_t kSaidFrom = 16;  // less than free memory over this is not worth a line

using experiment::Hold;
using experiment::KeptTwice;
using experiment::MemoryNeed;

struct Way {
  Hold hold;
  bool second_copies;
};
/// From the fastest to the one that takes least: what --low-memory says.
constexpr std::array kWays{Way{Hold::all, true}, Way{Hold::one, true}, Way{Hold::one, false}};

KeptTwice kept_twice(bool second_copies) {
  if (!second_copies) return KeptTwice::none;
  return engine::has_amx() ? KeptTwice::amx : KeptTwice::repacked;
}

MemoryNeed need_of(const job::Request& request, const experiment::OpenedModel& candidate,
                   const experiment::OpenedModel* original, KeptTwice twice) {
  const auto of = [&](const experiment::OpenedModel& model) {
    const auto as = model.runs_as_it_is() ? experiment::RunsAs::file : experiment::RunsAs::floats;
    return experiment::need_of_model(model.checkpoint(), request.settings, as, twice);
  };
  MemoryNeed need{.candidate = of(candidate)};
  if (!original) return need;
  need.original = of(*original);
  need.made = experiment::need_of_made(original->checkpoint(), twice);
  need.making = experiment::need_of_making(original->checkpoint());
  need.references = std::min(
      request.reference_memory << 20,
      experiment::need_of_references(original->checkpoint(), request.settings, request.chunks));
  return need;
}

std::string in_words(const MemoryNeed& need, Hold hold, std::int64_t free) {
  std::string parts;
  if (need.original.weights > 0)
    parts = fmt::format("original {}, ", format_bytes(need.original.weights));
  parts += fmt::format("candidate {}", format_bytes(need.candidate.weights));
  if (need.making > 0)
    parts += fmt::format(", making a model to test a cause {}", format_bytes(need.making));
  if (need.references > 0)
    parts += fmt::format(", the original's distributions {}", format_bytes(need.references));
  return fmt::format("memory: about {} of {} free{} (largest parts: {})",
                     format_bytes(need.total(hold)), format_bytes(free),
                     hold == Hold::one ? ", one model at a time" : "", parts);
}

/// What would fit, in the order in which it costs the user least.
std::string advice(const job::Request& request, const MemoryNeed& need, std::int64_t free) {
  MemoryNeed smaller = need;
  constexpr std::int64_t kSmallReferences = std::int64_t{32} << 20;
  smaller.references = std::min(smaller.references, kSmallReferences);
  if (smaller.total(Hold::one) <= free) return "Give --reference-memory 32.";
  const std::string machine =
      fmt::format("a machine with {} of free memory", format_bytes(need.total(Hold::one)));
  const std::int64_t context = std::max(need.original.context, need.candidate.context);
  if (smaller.total(Hold::one) - context / 2 <= free)
    return fmt::format("Give a smaller -c (it is {}) and --logits-memory (it is {}), or take {}.",
                       request.settings.ctx_size, request.settings.logits_memory, machine);
  return fmt::format("Take {}, or compare with a smaller original, for example its Q8_0.", machine);
}

}  // namespace

Result<MemoryPlan> plan_memory(const job::Request& request,
                               const experiment::OpenedModel& candidate,
                               const experiment::OpenedModel* original, Progress& progress) {
  const std::int64_t free = free_memory() + request.settings.devices.memory;
  MemoryPlan plan;
  MemoryNeed need;
  std::int64_t needed = 0;
  for (const Way& way : std::span(kWays).last(request.low_memory ? 1 : kWays.size())) {
    plan = {.hold = way.hold, .second_copies = way.second_copies};
    need = need_of(request, candidate, original, kept_twice(way.second_copies));
    needed = need.total(way.hold);
    if (needed <= free) break;
  }
  if (needed > free)
    return fail({Kind::input, "MEMORY-001", candidate.path(), "memory",
                 fmt::format("about {} of free memory, even with one model at a time",
                             format_bytes(needed)),
                 format_bytes(free), advice(request, need, free)});
  plan.references = need.references;
  const bool one = plan.hold == Hold::one;
  if (one || needed > free / kSaidFrom) progress.note(in_words(need, plan.hold, free));
  if (one && !request.low_memory)
    progress.note(
        "the models do not fit into the free memory together: one at a time, as with --low-memory");
  plan.use = {needed, free, one};
  return plan;
}

}  // namespace qualm::commands
