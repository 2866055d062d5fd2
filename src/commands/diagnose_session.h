// What `qualm diagnose` works with: files opened, memory planned, texts cut, the experiment ready.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "assemble/quantizer.h"
#include "commands/session.h"
#include "commands/tokenizer_facts.h"
#include "diagnose/facts.h"
#include "engine/llama_engine.h"
#include "experiment/loaded_models.h"
#include "experiment/reference_pack.h"
#include "experiment/runner.h"
#include "job/request.h"
#include "probe/symptom.h"
#include "remote/served_model.h"
#include "report/report.h"

namespace qualm::commands {

/// What a diagnosis works with, and the facts it collects.
struct Session {
  job::Request request;  ///< with settings that this model can be run with
  experiment::Stores stores;
  Progress& progress;
  engine::Settings settings{};
  probe::SymptomChoice symptoms{};
  std::optional<diagnose::Accept> accept{};
  std::unique_ptr<engine::Engine> engine = engine::make_llama_engine();
  std::unique_ptr<assemble::Quantizer> quantizer = engine::make_llama_quantizer();
  std::shared_ptr<experiment::OpenedModel> candidate{};
  std::shared_ptr<experiment::OpenedModel> baseline{};
  std::shared_ptr<experiment::OpenedModel> surrogate{};  ///< for want of an original, if it can be
  std::shared_ptr<experiment::OpenedModel> base_model{};
  std::optional<model::Checkpoint> lora{};
  model::Importance imatrix{};
  std::unique_ptr<remote::ServedModel> served{};  ///< where the candidate is a server
  report::MemoryUse memory{};
  std::optional<experiment::LoadedModels> models{};
  /// Until the texts are cut: the models, or where one is held at a time their tokenizers.
  std::shared_ptr<engine::Model> candidate_model{};
  std::shared_ptr<engine::Model> baseline_model{};  ///< null where it cannot be compared with
  std::optional<experiment::ReferencePack> pack{};  ///< in place of the original
  std::vector<DomainText> texts{};                  ///< the first is the one to judge on
  std::unique_ptr<experiment::Runner> runner{};
  diagnose::Facts facts{};

  [[nodiscard]] LoadedPair pair() const {
    return {*engine, *candidate_model, baseline_model.get()};
  }
  /// Whose tokenizer splits the text.
  [[nodiscard]] engine::Model& reader() const {
    return baseline_model ? *baseline_model : *candidate_model;
  }
};

/// Opens what the request names, reads it, and says what the files tell. Without an error and
/// without a runner: nothing can be measured. Errors: those of models, texts and packs; MEMORY-001,
/// DIAGNOSE-001.
[[nodiscard]] Result<void> prepare(Session& session);

}  // namespace qualm::commands
