// `qualm clinic`: patients with known causes, each diagnosed by the very code of `qualm diagnose`.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <map>

#include "app/clinic_making.h"
#include "app/clinic_truth.h"
#include "app/data.h"
#include "app/prefixed_progress.h"
#include "app/session.h"
#include "app/store.h"
#include "app/use_case.h"
#include "engine/llama_engine.h"
#include "formats/read.h"
#include "report/document.h"

namespace qualm::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The patients' files, gone with it.
class Ward {
 public:
  [[nodiscard]] static Result<Ward> create() {
    const std::filesystem::path folder =
        std::filesystem::path(cache_folder()) / fmt::format("clinic-{}", ::getpid());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
      return fail({Kind::input, "CLINIC-001", folder.string(), "", "a folder for the patients",
                   error.message(), "Set XDG_CACHE_HOME to a folder that can be written."});
    return Ward(folder);
  }
  Ward(Ward&& other) noexcept : folder_(std::move(other.folder_)) { other.folder_.clear(); }
  Ward& operator=(Ward&&) = delete;
  ~Ward() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string bed() const { return (folder_ / "patient.gguf").string(); }

 private:
  explicit Ward(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

Result<ClinicStock> stock_of(const Request& request) {
  ClinicStock stock{request.baseline, request.finetune, request.moe};
  // A fine-tune is one of a certain base: the bundled ones come together.
  if (stock.base.empty()) {
    QUALM_TRY(stock.base, data_file("models/qualm-tiny-base-F16.gguf"));
    if (stock.finetune.empty()) {
      QUALM_TRY(stock.finetune, data_file("models/qualm-tiny-finetune-F16.gguf"));
    }
  }
  // The quantizer takes these files as they are: our reader goes first, as everywhere.
  for (const std::string& path : {stock.base, stock.finetune, stock.moe})
    if (!path.empty()) QUALM_CHECK(formats::read(path));
  return stock;
}

bool can_be_made(const ClinicPatient& patient, const ClinicStock& stock) {
  return !stock.of(patient.source).empty() && !stock.of(patient.baseline).empty();
}

Result<std::vector<const ClinicPatient*>> selected(const Request& request) {
  std::vector<const ClinicPatient*> chosen;
  for (const ClinicPatient& patient : clinic_patients())
    if (patient.name.find(request.only) != std::string::npos) chosen.push_back(&patient);
  if (!chosen.empty()) return chosen;
  return fail({Kind::input, "CLINIC-002", "", "--only", "a part of a patient's name", request.only,
               "qualm clinic --list names them."});
}

class Clinic {
 public:
  Clinic(const Request& request, ClinicStock stock, evaluate::WindowStore& store)
      : request_(request), stock_(std::move(stock)), store_(store) {}

  Result<report::ClinicPatient> treat(const ClinicPatient& patient, const std::string& bed,
                                      Progress& progress) {
    const auto of = [&](const std::string& model, const std::string& corpus) {
      return importance(model, corpus, progress);
    };
    QUALM_CHECK(make_clinic_patient(patient, stock_, of, *quantizer_, bed, progress));
    Request one = request_;
    one.command = "diagnose";
    one.models = {bed};
    one.baseline = stock_.of(patient.baseline);
    if (patient.base_model) one.base_model = stock_.base;
    if (!patient.text.empty()) {
      QUALM_TRY(one.text, data_file("corpora/" + patient.text));
    }
    one.settings.type_k = patient.type_k;
    one.settings.type_v = patient.type_v;
    one.symptom = "none";
    report::ClinicPatient result;
    QUALM_TRY(const Outcome outcome,
              diagnose(one, store_, progress,
                       [&](diagnose::Case& examined, const report::DiagnoseReport& report) {
                         return add_truth(patient, examined, report, result);
                       }));
    static_cast<void>(outcome);
    return result;
  }

 private:
  static Result<void> add_truth(const ClinicPatient& patient, diagnose::Case& examined,
                                const report::DiagnoseReport& report,
                                report::ClinicPatient& result) {
    QUALM_TRY(const auto truth, measure_truth(examined, report.diagnosis));
    result = judge(patient, truth, report.diagnosis);
    result.windows = report.windows;
    result.spent = report.spent;
    return {};
  }

  /// Of the windows of the corpus that no measurement reads: Lab::measure keeps the same ones.
  Result<const model::Importance*> importance(const std::string& path, const std::string& corpus,
                                              Progress& progress) {
    const std::string key = path + "|" + corpus;
    if (const auto it = importance_.find(key); it != importance_.end()) return &it->second;
    const auto engine = engine::make_llama_engine();
    QUALM_TRY(const auto settings, settings_of(request_));
    QUALM_TRY(const auto model, engine->load({path, path}, request_.gpu_layers));
    Request of_corpus = request_;
    QUALM_TRY(of_corpus.text, data_file("corpora/" + corpus));
    QUALM_TRY(const auto bench, prepare_bench(of_corpus, *model, *engine, store_, progress));
    const auto tokens = bench->last_windows(diagnose::calibration_windows(bench->text().count()));
    QUALM_TRY(auto made, model->importance(settings, tokens, progress));
    return &importance_.emplace(key, std::move(made)).first->second;
  }

  const Request& request_;
  ClinicStock stock_;
  evaluate::WindowStore& store_;
  std::unique_ptr<assemble::Quantizer> quantizer_ = engine::make_llama_quantizer();
  std::map<std::string, model::Importance> importance_;
};

/// "patient 3 of 52 (about 9 min left): tier/Q2_K"
std::string where(std::size_t done, std::size_t all, double seconds, const std::string& name) {
  std::string left;
  if (done > 0)
    left = fmt::format(" (about {:.0f} min left)",
                       seconds / static_cast<double>(done) * static_cast<double>(all - done) / 60);
  return fmt::format("patient {} of {}{}: {}", done + 1, all, left, name);
}

}  // namespace

Result<Outcome> clinic(const Request& request, evaluate::WindowStore& store, Progress& progress) {
  const auto start = Clock::now();
  QUALM_TRY(const ClinicStock stock, stock_of(request));
  QUALM_TRY(const auto chosen, selected(request));
  QUALM_TRY(const Ward ward, Ward::create());
  report::ClinicReport report;
  report.baseline = stock.base;
  report.text = request.text.empty() ? "bundled: frankenstein.txt" : request.text;
  report.tool.libllama = engine::make_llama_engine()->version();
  std::vector<const ClinicPatient*> admitted;
  for (const ClinicPatient* patient : chosen) {
    if (can_be_made(*patient, stock)) {
      admitted.push_back(patient);
    } else {
      report.left_out.push_back(patient->name);
    }
  }
  Clinic clinic(request, stock, store);
  bool all_right = true;
  for (std::size_t i = 0; i < admitted.size(); ++i) {
    PrefixedProgress prefixed(where(i, admitted.size(), seconds_since(start), admitted[i]->name),
                              progress);
    QUALM_TRY(auto result, clinic.treat(*admitted[i], ward.bed(), prefixed));
    all_right = all_right && result.right;
    report.patients.push_back(std::move(result));
  }
  report.seconds = seconds_since(start);
  if (admitted.empty()) return Outcome{report::to_json(report), 3};
  return Outcome{report::to_json(report), all_right ? 0 : 1};
}

}  // namespace qualm::app
