// `qualm diagnose`: one patient, with or without its baseline.
#include <fmt/format.h>

#include <chrono>

#include "app/session.h"
#include "app/use_case.h"
#include "app/variant_lab.h"
#include "diagnose/diagnose.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/words.h"
#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"
#include "report/document.h"

namespace qualm::app {
namespace {

// A text that every tokenizer should take: letters, a newline, a tab, digits, accents, an emoji.
constexpr std::string_view kProbeText =
    "One line.\nTwo\tlines, 3 < 4: \xc3\xa4\xc3\xa9 \xf0\x9f\x98\x80\n";

int exit_code_of(const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.verdict == "problem") return 1;
  return diagnosis.verdict == "healthy" ? 0 : 3;
}

struct Session {
  std::unique_ptr<engine::Engine> engine = engine::make_llama_engine();
  std::unique_ptr<assemble::Quantizer> quantizer = engine::make_llama_quantizer();
  std::shared_ptr<PatientFile> candidate;
  std::shared_ptr<PatientFile> baseline;
  std::unique_ptr<Workbench> bench;
  std::unique_ptr<VariantLab> lab;
};

/// A tokenizer that fails is a finding of check 0, not the end.
Result<void> probe_tokenizer(engine::Model& model, diagnose::Patient& patient) {
  const auto tokens = model.tokenize(kProbeText, false);
  if (tokens) return {};
  patient.faults.push_back(
      diagnose::fact("tokenizer", tokens.error().found + " on plain text with a newline"));
  return {};
}

Result<void> set_up(const Request& request, const engine::Settings& settings,
                    evaluate::WindowStore& store, Session& session, diagnose::Patient& patient,
                    Progress& progress) {
  QUALM_TRY(const auto file, session.candidate->runnable(progress));
  QUALM_TRY(const auto model, session.engine->load(file, request.gpu_layers));
  QUALM_CHECK(probe_tokenizer(*model, patient));
  std::shared_ptr<engine::Model> reader = model;
  if (session.baseline) {
    QUALM_TRY(const auto baseline_file, session.baseline->runnable(progress));
    QUALM_TRY(reader, session.engine->load(baseline_file, request.gpu_layers));
    if (patient.not_comparable.empty() && reader->vocab_size() != model->vocab_size())
      patient.not_comparable = fmt::format("the candidate has {} tokens, the baseline {}",
                                           model->vocab_size(), reader->vocab_size());
  }
  auto bench = prepare_bench(request, *reader, *session.engine, store, progress);
  if (!bench && bench.error().code == "TOKENIZER-001") {
    patient.not_comparable = "a tokenizer that can read the text";
    return {};
  }
  QUALM_TRY(session.bench, std::move(bench));
  std::vector<DomainBench> domains;
  if (session.baseline) {
    QUALM_TRY(domains, prepare_domains(request, *reader, *session.engine, store, progress));
  }
  session.lab = std::make_unique<VariantLab>(
      VariantLab::Parts{*session.engine, *session.quantizer, *session.bench, session.candidate,
                        session.baseline, settings, request.gpu_layers, progress,
                        std::move(domains), request.text.empty() ? "prose" : "text",
                        request.text.empty() ? "frankenstein.txt" : request.text});
  return {};
}

}  // namespace

Result<Outcome> diagnose(const Request& request, evaluate::WindowStore& store, Progress& progress) {
  const auto start = std::chrono::steady_clock::now();
  QUALM_TRY(const auto settings, settings_of(request));
  Session session;
  QUALM_TRY(session.candidate, open_patient(request.models.front(), progress));
  if (!request.baseline.empty()) {
    QUALM_TRY(session.baseline, open_patient(request.baseline, progress));
  }
  diagnose::Patient patient;
  patient.candidate = &session.candidate->checkpoint();
  patient.candidate_path = session.candidate->path();
  if (session.baseline) {
    patient.baseline = &session.baseline->checkpoint();
    patient.baseline_path = session.baseline->path();
    patient.not_comparable = diagnose::vocabulary_mismatch(*patient.candidate, *patient.baseline);
  }
  model::Importance imatrix;
  if (!request.imatrix.empty()) {
    QUALM_TRY(imatrix, formats::read_imatrix(request.imatrix));
    patient.imatrix = &imatrix;
  }
  patient.type_k = settings.type_k;
  patient.type_v = settings.type_v;
  QUALM_CHECK(set_up(request, settings, store, session, patient, progress));

  diagnose::Case examined(patient, session.lab.get());
  report::DiagnoseReport report;
  QUALM_TRY(report.diagnosis, diagnose::diagnose(examined));
  report.tool.libllama = session.engine->version();
  report.model = card(*patient.candidate);
  if (patient.baseline) report.baseline = card(*patient.baseline);
  report.settings = settings;
  report.stopped_early = examined.stopped_early();
  if (session.bench) {
    report.text = request.text.empty() ? "bundled: frankenstein.txt" : request.text;
    report.protocol = evaluate::to_string(request.protocol);
    report.windows = {examined.explored().count(), session.bench->text().count()};
    const auto reference = examined.paired() ? diagnose::Case::baseline() : examined.tier_only();
    report.resolution_kld = session.bench->resolution(session.lab->subject(reference));
    report.spent.passes = session.lab->passes();
    report.spent.variants = session.lab->variants_made();
  } else {
    report.resolution_kld = {std::nullopt, "nat/token", "nothing was run"};
  }
  report.spent.seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return Outcome{report::to_json(report), exit_code_of(report.diagnosis)};
}

}  // namespace qualm::app
