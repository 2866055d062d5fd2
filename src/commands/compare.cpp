// `qualm compare`: weights against weights, and with a base model whose they are.
#include <fmt/format.h>

#include <optional>

#include "commands/commands.h"
#include "commands/session.h"
#include "diagnose/metadata_difference.h"
#include "formats/read.h"
#include "model/activations.h"
#include "report/document.h"
#include "weights/comparison.h"
#include "weights/origin.h"

namespace qualm::commands {
namespace {

std::string named(const std::string& architecture) {
  return architecture.empty() ? "unknown" : architecture;
}

}  // namespace

Result<job::Outcome> compare(const job::Request& request, Progress& progress) {
  QUALM_TRY(const auto model, formats::read(request.models.front()));
  QUALM_TRY(const auto baseline, formats::read(request.baseline));
  for (const auto* const one : {&model, &baseline})
    if (const std::string key = model::rotation_key(*one); !key.empty())
      return fail({Kind::input, "COMPARE-004", one->path, key, "weights that are not rotated",
                   "weights that are stored rotated",
                   "No weight equals its counterpart then. Compare what the models answer: qualm "
                   "measure MODEL --baseline ORIGINAL."});
  report::CompareReport report;
  report.model = card(model);
  report.baseline = card(baseline);
  report.top = request.top;
  std::optional<model::Checkpoint> base;
  if (!request.base_model.empty()) {  // opened first: a wrong path is told before the long work
    QUALM_TRY(base, formats::read(request.base_model));
    report.base_model = card(*base);
  }
  report.tokenizer_differences = diagnose::tokenizer_differences(model, baseline);
  std::erase_if(report.tokenizer_differences, [](const diagnose::Difference& one) {
    return one.weight != diagnose::Difference::Weight::breaks;
  });
  QUALM_TRY(report.weights, weights::compare(model, baseline, request.settings.threads, progress));
  if (request.shown_windows > 0) report.weight_map = weights::map_weights(model, report.weights);
  if (report.weights.tensors.empty())
    return fail({Kind::input, "COMPARE-003", request.models.front(), "tensors",
                 fmt::format("tensors with the names and shapes of {}", request.baseline),
                 fmt::format("none: different architectures ({}, {} tensors; {}, {} tensors)",
                             named(model.architecture()), model.tensors.size(),
                             named(baseline.architecture()), baseline.tensors.size()),
                 "Compare it with the model that it was made from."});
  QUALM_TRY(report.provenance, weights::provenance(model, baseline, base ? &*base : nullptr,
                                                   request.settings.threads, progress));
  return job::Outcome{report::to_json(report), 0};
}

}  // namespace qualm::commands
