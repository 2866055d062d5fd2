// `qualm compare`: weights against weights, and with a base model whose they are.
#include "weights/comparison.h"

#include "commands/commands.h"
#include "commands/session.h"
#include "formats/read.h"
#include "report/document.h"
#include "weights/origin.h"

namespace qualm::commands {

Result<job::Outcome> compare(const job::Request& request, Progress& progress) {
  QUALM_TRY(const auto model, formats::read(request.models.front()));
  QUALM_TRY(const auto baseline, formats::read(request.baseline));
  report::CompareReport report;
  report.model = card(model);
  report.baseline = card(baseline);
  report.top = request.top;
  if (!request.base_model.empty()) {  // opened first: a wrong path is told before the long work
    QUALM_TRY(const auto base, formats::read(request.base_model));
    report.base_model = card(base);
    QUALM_TRY(report.provenance,
              weights::provenance(model, baseline, &base, request.settings.threads, progress));
  }
  QUALM_TRY(report.weights, weights::compare(model, baseline, request.settings.threads, progress));
  return job::Outcome{report::to_json(report), 0};
}

}  // namespace qualm::commands
