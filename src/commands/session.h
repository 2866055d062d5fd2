// What measure and diagnose have in common: models opened, settings checked, texts cut into
// windows.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "evaluate/score_pairs.h"
#include "experiment/experiment.h"
#include "experiment/measured_text.h"
#include "experiment/model_file.h"
#include "job/request.h"
#include "report/report.h"

namespace qualm::commands {

/// A model as one line of a report.
[[nodiscard]] report::ModelCard card(const model::Checkpoint& checkpoint);

/// Reads all bytes of the model's files, and gives it the identity that cache keys are made of.
[[nodiscard]] Result<void> identify(experiment::OpenedModel& model, Progress& progress);

/// Opens the file and identifies it.
[[nodiscard]] Result<std::shared_ptr<experiment::OpenedModel>> open_model(const std::string& path,
                                                                          Progress& progress);

/// Where the vocabularies differ by unused entries at their ends alone: leaves these out on both
/// sides, so that the two can be compared, and says so. Empty: nothing was left out.
[[nodiscard]] std::string leave_out_padding(experiment::OpenedModel& candidate,
                                            experiment::OpenedModel& baseline);

/// The same of a file beside a pack, whose original has so many tokens.
[[nodiscard]] std::string leave_out_padding(experiment::OpenedModel& candidate,
                                            std::int64_t tokens);

/// Nothing can be compared with an original that is broken itself: DIAGNOSE-001.
[[nodiscard]] Result<void> refuse_damaged(const model::Checkpoint& baseline, std::int32_t threads,
                                          Progress& progress);

/// The engine settings with automatic values filled in; refused where they make no sense
/// (REQUEST-003).
[[nodiscard]] Result<engine::Settings> settings_of(const job::Request& request);

/// Bytes that weights and cache may take: --memory, or all that this machine has.
[[nodiscard]] std::int64_t memory_of(const job::Request& request) noexcept;

/// Reads texts as a model does, for the runs of a request. All members outlive what it makes.
struct TextReader {
  const job::Request& request;
  engine::Model& model;  ///< whose tokenizer splits them
  const engine::Engine& engine;
  experiment::Stores stores;
  Progress& progress;
  std::int32_t stride = 1;  ///< evaluate::Cut

  /// The text of that path (empty: the bundled one); conversations as the model's chat template
  /// renders them.
  [[nodiscard]] Result<std::string> contents(const std::string& path) const;
  /// The same, cut into windows. Notes windows longer than the model was trained for, and
  /// characters that its tokenizer throws at: they are left out, or it is TOKENIZER-001 where they
  /// are over a tenth of the text.
  [[nodiscard]] Result<std::unique_ptr<experiment::MeasuredText>> read(
      const std::string& path) const;
  /// The same of a text at hand, without that note.
  [[nodiscard]] Result<std::unique_ptr<experiment::MeasuredText>> split(
      const std::string& text) const;
};

/// --text, name and file of each. REQUEST-004: not NAME=FILE.
[[nodiscard]] Result<std::vector<std::pair<std::string, std::string>>> named_texts(
    const job::Request& request);

/// A text, ready to be measured on.
struct DomainText {
  experiment::Domain domain;
  std::unique_ptr<experiment::MeasuredText> text;
};

/// The text of -f, or the bundled one: "text", or "prose".
[[nodiscard]] Result<DomainText> read_main(const TextReader& reader);

/// prose, code, languages and chat as they come with qualm, where the user gave no text of that
/// name, then the user's --text NAME=FILE. A bundled text that this tokenizer cannot read is left
/// out, and the conversations where the model has no chat template.
[[nodiscard]] Result<std::vector<DomainText>> read_domains(const TextReader& reader);

/// read_main, then read_domains by a reader of their own.
[[nodiscard]] Result<std::vector<DomainText>> read_texts(const TextReader& main,
                                                         const TextReader& domains);

/// "qualm diagnose m.gguf ...", as it was given; empty: not known.
[[nodiscard]] std::string command_line_of(const job::Request& request);

/// How a text is called in reports: the user's path, or the bundled one.
[[nodiscard]] std::string text_label(const job::Request& request);

}  // namespace qualm::commands
