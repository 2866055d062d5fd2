// `qualm diagnose`: one patient, with or without its baseline.
#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <utility>
#include <vector>

#include "app/behaviour.h"
#include "app/session.h"
#include "app/split_cost.h"
#include "app/use_case.h"
#include "app/variant_lab.h"
#include "compare/damage.h"
#include "diagnose/diagnose.h"
#include "diagnose/metadata_difference.h"
#include "engine/llama_engine.h"
#include "formats/imatrix/imatrix.h"
#include "formats/read.h"
#include "report/document.h"

namespace qualm::app {
namespace {

int exit_code_of(const diagnose::Diagnosis& diagnosis) {
  if (diagnosis.verdict == "problem") return 1;
  return diagnosis.verdict == "healthy" ? 0 : 3;
}

struct Session {
  std::unique_ptr<engine::Engine> engine = engine::make_llama_engine();
  std::unique_ptr<assemble::Quantizer> quantizer = engine::make_llama_quantizer();
  std::shared_ptr<PatientFile> candidate;
  std::shared_ptr<PatientFile> baseline;
  std::shared_ptr<PatientFile> base_model;
  std::unique_ptr<Workbench> bench;
  std::unique_ptr<VariantLab> lab;
};

/// Nothing can be held against a baseline that is broken itself.
Result<void> check_baseline(const diagnose::Patient& patient, std::int32_t threads,
                            Progress& progress) {
  if (!patient.baseline) return {};
  QUALM_TRY(const auto damage, compare::find_damage(*patient.baseline, nullptr, threads, progress));
  if (damage.found.empty()) return {};
  const compare::Damage& first = damage.found.front();
  return fail({Kind::input, "DIAGNOSE-001", patient.baseline->path, "tensor " + first.tensor,
               "a baseline of finite weights", first.says,
               "The baseline itself is damaged: take it anew, or name another with --baseline."});
}

/// `mismatch`: in words; empty where the vocabularies are one.
void take_vocabularies(const std::string& mismatch, diagnose::Patient& patient) {
  if (mismatch.empty()) return;
  patient.faults.push_back(diagnose::fact("vocabulary", "another vocabulary: " + mismatch));
  patient.not_comparable = "a baseline of the candidate's vocabulary";
}

/// Where libllama refuses the candidate and loads the baseline, the file is at fault; where it
/// loads neither, that says nothing of the file.
Result<void> take_refusal(const Error& refusal, const Request& request, Session& session,
                          diagnose::Patient& patient, Progress& progress) {
  if (refusal.code != "ENGINE-001" || !session.baseline) return fail(refusal);
  QUALM_TRY(const auto file, session.baseline->runnable(progress));
  if (!session.engine->load(file, request.gpu_layers)) return fail(refusal);
  patient.faults.push_back(diagnose::fact(
      "not_loaded", "libllama loads the baseline and not this file: " + refusal.found));
  patient.not_comparable = "a candidate that libllama loads";
  return {};
}

Result<void> set_up(const Request& request, const engine::Settings& settings,
                    evaluate::WindowStore& store, Session& session, diagnose::Patient& patient,
                    Progress& progress) {
  QUALM_TRY(const auto file, session.candidate->runnable(progress));
  const auto loaded = session.engine->load(file, request.gpu_layers);
  if (!loaded) return take_refusal(loaded.error(), request, session, patient, progress);
  const std::shared_ptr<engine::Model>& model = *loaded;
  std::shared_ptr<engine::Model> reader = model;
  // Tokens of another vocabulary would mean nothing to the candidate, which then runs alone.
  if (session.baseline && patient.not_comparable.empty()) {
    QUALM_TRY(const auto baseline_file, session.baseline->runnable(progress));
    QUALM_TRY(const auto baseline, session.engine->load(baseline_file, request.gpu_layers));
    if (baseline->vocab_size() == model->vocab_size()) {
      reader = baseline;
    } else {
      take_vocabularies(fmt::format("the candidate has {} tokens, the baseline {}",
                                    model->vocab_size(), baseline->vocab_size()),
                        patient);
    }
  }
  const Pair pair{*session.engine, *model, reader != model ? reader.get() : nullptr,
                  session.candidate->identity(),
                  session.baseline ? session.baseline->identity() : ""};
  QUALM_CHECK(examine_tokenizer_and_template(request, pair, patient));
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
  session.lab = std::make_unique<VariantLab>(VariantLab::Parts{
      *session.engine, *session.quantizer, *session.bench, session.candidate, session.baseline,
      settings, request.gpu_layers, progress, std::move(domains),
      request.text.empty() ? "prose" : "text",
      request.text.empty() ? "frankenstein.txt" : request.text, session.base_model});
  if (pair.baseline && patient.split && !patient.split->equal) {
    auto own = prepare_bench(request, *model, *session.engine, store, progress);
    auto cost = own ? split_cost(*session.lab, **own) : std::unexpected(own.error());
    if (cost) patient.remarks.push_back(*std::move(cost));
    if (!cost && cost.error().kind == Kind::cancelled) return std::unexpected(cost.error());
  }
  return examine_symptoms(request, settings, pair, patient, store, progress);
}

}  // namespace

Result<Outcome> diagnose(const Request& request, evaluate::WindowStore& store, Progress& progress,
                         const Afterwards& then) {
  const auto start = std::chrono::steady_clock::now();
  QUALM_TRY(const auto settings, settings_of(request));
  QUALM_CHECK(named_texts(request));  // also where nothing will be read of them
  Session session;
  QUALM_TRY(session.candidate, open_patient(request.models.front(), progress));
  if (!request.baseline.empty()) {
    QUALM_TRY(session.baseline, open_patient(request.baseline, progress));
  }
  if (!request.base_model.empty()) {
    QUALM_TRY(session.base_model, open_patient(request.base_model, progress));
  }
  diagnose::Patient patient;
  patient.candidate = &session.candidate->checkpoint();
  patient.candidate_path = session.candidate->path();
  if (session.baseline) {
    patient.baseline = &session.baseline->checkpoint();
    patient.baseline_path = session.baseline->path();
    take_vocabularies(diagnose::vocabulary_mismatch(*patient.candidate, *patient.baseline),
                      patient);
  }
  if (session.base_model) patient.base_model = &session.base_model->checkpoint();
  patient.progress = &progress;
  patient.read_all = request.full;
  patient.runtime = request.runtime;
  model::Importance imatrix;
  if (!request.imatrix.empty()) {
    QUALM_TRY(imatrix, formats::read_imatrix(request.imatrix));
    patient.imatrix = &imatrix;
  }
  patient.type_k = settings.type_k;
  patient.type_v = settings.type_v;
  patient.look_for_long_context = wants_symptom(request, "long-context");
  if (request.symptom != "all" && request.symptom != "none")
    patient.asked_symptom = request.symptom;
  QUALM_TRY(patient.damage,
            compare::find_damage(*patient.candidate, patient.baseline, settings.threads, progress));
  QUALM_CHECK(check_baseline(patient, settings.threads, progress));
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
  if (then) QUALM_CHECK(then(examined, report));
  return Outcome{report::to_json(report), exit_code_of(report.diagnosis)};
}

}  // namespace qualm::app
