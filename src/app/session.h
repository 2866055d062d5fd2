// What measure and diagnose have in common: files opened, compared, the text tokenized, the bench
// ready.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/patient_file.h"
#include "app/request.h"
#include "app/workbench.h"
#include "diagnose/lab.h"
#include "engine/engine.h"
#include "evaluate/score_pairs.h"
#include "report/report.h"

namespace qualm::app {

/// A model as one line of a report.
[[nodiscard]] report::ModelCard card(const model::Checkpoint& checkpoint);

/// Opens the file and gives it the identity that cache keys are made of.
[[nodiscard]] Result<std::shared_ptr<PatientFile>> open_patient(const std::string& path,
                                                                Progress& progress);

/// The text of the request through the reference model's tokenizer, cut into windows, on a bench.
/// Notes windows longer than the reference was trained for, and characters that its tokenizer
/// throws at: they are left out, or it is TOKENIZER-001 where they are over a tenth of the text.
[[nodiscard]] Result<std::unique_ptr<Workbench>> prepare_bench(const Request& request,
                                                               engine::Model& reference,
                                                               const engine::Engine& engine,
                                                               evaluate::WindowStore& store,
                                                               Progress& progress);

/// A further domain, ready to be measured on.
struct DomainBench {
  diagnose::Domain domain;
  std::unique_ptr<Workbench> bench;
};

/// --text, name and file of each. REQUEST-004: not NAME=FILE.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> named_texts(
    const Request& request);

/// prose, code and languages as they come with qualm, where the user gave no text of that name,
/// then the user's --text NAME=FILE. A bundled text that this tokenizer
/// cannot read is left out.
[[nodiscard]] Result<std::vector<DomainBench>> prepare_domains(const Request& request,
                                                               engine::Model& reference,
                                                               const engine::Engine& engine,
                                                               evaluate::WindowStore& store,
                                                               Progress& progress);

/// The engine settings with automatic values filled in; refused where they make no sense
/// (REQUEST-003).
[[nodiscard]] Result<engine::Settings> settings_of(const Request& request);

}  // namespace qualm::app
