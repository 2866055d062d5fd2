// `qualm clinic`: cases with known causes, each diagnosed by the very code of `qualm diagnose`.
#include "clinic/clinic.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <span>

#include "clinic/changed_weights.h"
#include "clinic/judge.h"
#include "clinic/making.h"
#include "clinic/truth.h"
#include "commands/bundled.h"
#include "commands/commands.h"
#include "commands/diagnose.h"
#include "commands/placement.h"
#include "commands/session.h"
#include "diagnose/checks.h"
#include "engine/llama_engine.h"
#include "experiment/store.h"
#include "formats/read.h"
#include "job/prefixed_progress.h"
#include "report/document.h"
#include "report/summary.h"

namespace qualm::clinic {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// The files that the clinic makes, gone with it.
class CaseFolder {
 public:
  [[nodiscard]] static Result<CaseFolder> create() {
    const std::filesystem::path folder =
        std::filesystem::path(experiment::cache_folder()) / fmt::format("clinic-{}", ::getpid());
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error)
      return fail({Kind::input, "CLINIC-001", folder.string(), "", "a folder for the cases",
                   error.message(), "Set XDG_CACHE_HOME to a folder that can be written."});
    return CaseFolder(folder);
  }
  CaseFolder(CaseFolder&& other) noexcept : folder_(std::move(other.folder_)) {
    other.folder_.clear();
  }
  CaseFolder& operator=(CaseFolder&&) = delete;
  ~CaseFolder() {
    std::error_code ignored;
    if (!folder_.empty()) std::filesystem::remove_all(folder_, ignored);
  }
  [[nodiscard]] std::string file(const char* name) const { return (folder_ / name).string(); }

 private:
  explicit CaseFolder(std::filesystem::path folder) : folder_(std::move(folder)) {}
  std::filesystem::path folder_;
};

Result<ClinicStock> stock_of(const job::Request& request) {
  ClinicStock stock{request.baseline, request.clinic.finetune, request.clinic.moe};
  // A fine-tune is one of a certain base: the bundled ones come together.
  if (stock.base.empty()) {
    QUALM_TRY(stock.base, commands::data_file("models/qualm-tiny-base-F16.gguf"));
    if (stock.finetune.empty()) {
      QUALM_TRY(stock.finetune, commands::data_file("models/qualm-tiny-finetune-F16.gguf"));
    }
  }
  // The quantizer takes these files as they are: our reader goes first, as everywhere.
  for (const std::string& path : {stock.base, stock.finetune, stock.moe})
    if (!path.empty()) QUALM_CHECK(formats::read(path));
  return stock;
}

/// The hard model, where a case needs it.
Result<void> make_hard(std::span<const ClinicCase* const> chosen, const CaseFolder& folder,
                       ClinicStock& stock) {
  if (std::ranges::none_of(chosen,
                           [](const ClinicCase* one) { return one->source == Stock::hard; }))
    return {};
  stock.hard = folder.file("hard.gguf");
  QUALM_TRY(const auto image, with_outliers(stock.base));
  return image.save(stock.hard);
}

bool can_be_made(const ClinicCase& one, const ClinicStock& stock) {
  return !stock.of(one.source).empty() && !stock.of(one.baseline).empty();
}

Result<std::vector<const ClinicCase*>> selected(const job::Request& request) {
  std::vector<const ClinicCase*> chosen;
  for (const ClinicCase& one : clinic_cases())
    if (one.name.find(request.clinic.only) != std::string::npos) chosen.push_back(&one);
  if (!chosen.empty()) return chosen;
  return fail({Kind::input, "CLINIC-002", "", "--only", "a part of a case's name",
               request.clinic.only, "qualm clinic --list names them."});
}

/// nat/token
Result<double> accepted_kld(const std::string& accept) {
  QUALM_TRY(const job::Condition condition, job::parse_limit("--accept", accept));
  if (condition.metric == evaluate::MetricId::kld_mean) return condition.threshold;
  return fail({Kind::input, "CLINIC-004", "", "--accept", "kld_mean<NUMBER", accept,
               "For example --accept 'kld_mean<0.01'."});
}

class Clinic {
 public:
  Clinic(const job::Request& request, double accepted, ClinicStock stock,
         const experiment::Stores& stores)
      : request_(request), accepted_(accepted), stock_(std::move(stock)), stores_(stores) {}

  Result<report::ClinicCase> run(const ClinicCase& made, const std::string& file,
                                 Progress& progress) {
    const auto of = [&](const std::string& model, const std::string& corpus) {
      return importance(model, corpus, progress);
    };
    QUALM_CHECK(make_case(made, stock_, {of, *quantizer_, progress}, file));
    QUALM_TRY(const job::Request request, request_of(made, file));
    report::ClinicCase result;
    diagnose::Diagnosis found;
    const auto judge_live = [&](const commands::Diagnosed& diagnosed) -> Result<void> {
      QUALM_TRY(result, judged(made, diagnosed));
      found = diagnosed.report.diagnosis;
      return {};
    };
    QUALM_CHECK(commands::diagnose(request, stores_, progress, judge_live));
    if (request_.clinic.alone) {
      job::Request without = request;
      without.baseline.clear();
      without.base_model.clear();
      const auto judge_it = [&](const commands::Diagnosed& diagnosed) -> Result<void> {
        result.alone = judge_alone(result, diagnosed.report.diagnosis);
        return {};
      };
      QUALM_CHECK(commands::diagnose(without, stores_, progress, judge_it));
    }
    if (!request_.clinic.with_packs) return result;
    QUALM_TRY(const job::Request again, by_pack(request, file, progress));
    const auto compare_both = [&](const commands::Diagnosed& diagnosed) -> Result<void> {
      result.with_pack = compare(found, diagnosed.report.diagnosis);
      result.with_pack->cause = judge_alone(result, diagnosed.report.diagnosis);
      return {};
    };
    const auto diagnosed = commands::diagnose(again, stores_, progress, compare_both);
    if (diagnosed) return result;
    if (diagnosed.error().code != "PACK-006") return std::unexpected(diagnosed.error());
    result.with_pack = refused(found, diagnosed.error());
    return result;
  }

 private:
  /// The same with a pack of its original and text, which is made once, beside the case.
  Result<job::Request> by_pack(job::Request one, const std::string& file, Progress& progress) {
    std::string& pack = packs_[one.baseline + "|" + one.text];
    if (pack.empty()) {
      job::Request wanted = request_;
      wanted.command = "reference";
      wanted.models = {one.baseline};
      wanted.text = one.text;
      wanted.baseline.clear();
      wanted.pack.output = std::filesystem::path(file).replace_filename(
          fmt::format("original-{}.qref", packs_.size()));
      QUALM_CHECK(commands::reference(wanted, stores_, progress));
      pack = wanted.pack.output;
    }
    const job::Request usual;  // for what a pack brings along
    one.reference = pack;
    one.baseline.clear();
    one.base_model.clear();
    one.text.clear();
    one.chunks = usual.chunks;
    one.seed = usual.seed;
    one.settings.ctx_size = usual.settings.ctx_size;
    return one;
  }

  Result<job::Request> request_of(const ClinicCase& made, const std::string& file) const {
    job::Request one = request_;
    one.command = "diagnose";
    one.models = {file};
    one.baseline = stock_.of(made.baseline);
    if (made.base_model) one.base_model = stock_.base;
    if (!made.text.empty()) {
      QUALM_TRY(one.text, commands::data_file("corpora/" + made.text));
    }
    one.settings.type_k = made.type_k;
    one.settings.type_v = made.type_v;
    one.symptom = "none";
    if (made.line == Line::own) one.accept.clear();
    return one;
  }

  Result<report::ClinicCase> judged(const ClinicCase& made,
                                    const commands::Diagnosed& diagnosed) const {
    const diagnose::Diagnosis& found = diagnosed.report.diagnosis;
    Truth truth;
    if (diagnosed.experiment && diagnosed.facts.paired()) {
      const diagnose::Finding& classes =
          found.findings[static_cast<std::size_t>(diagnose::CheckId::architecture)];
      const auto selected = diagnosed.facts.selected();
      const std::int32_t read =
          selected ? std::max(selected->end, diagnosed.facts.holdout()->end) : 0;
      QUALM_TRY(truth, measure_truth(*diagnosed.experiment,
                                     {made.line == Line::own ? kMostOfAny : accepted_, made.type_k,
                                      made.type_v, read,
                                      diagnose::to_blame(classes) ? classes.tensors
                                                                  : std::vector<std::string>(),
                                      made.cause == "calibration"}));
    }
    report::ClinicCase result = judge(made, truth, found);
    result.summary = report::summary(diagnosed.report);
    result.windows = diagnosed.report.windows;
    result.spent = diagnosed.report.spent;
    return result;
  }

  /// Of the windows of the corpus that no measurement reads: Experiment::measure keeps the same.
  Result<const model::Importance*> importance(const std::string& path, const std::string& corpus,
                                              Progress& progress) {
    const std::string key = path + "|" + corpus;
    if (const auto it = importance_.find(key); it != importance_.end()) return &it->second;
    const auto engine = engine::make_llama_engine();
    QUALM_TRY(auto settings, commands::settings_of(request_));
    QUALM_CHECK(commands::settle_devices(*engine, settings, progress));
    QUALM_TRY(const auto model, engine->load({path, path}, settings));
    QUALM_TRY(const std::string file, commands::data_file("corpora/" + corpus));
    const commands::TextReader reader{request_, *model, *engine, stores_, progress};
    QUALM_TRY(const auto text, reader.read(file));
    const auto tokens =
        text->last_windows(experiment::calibration_windows(text->windows().count()));
    QUALM_TRY(auto made, model->importance(settings, tokens, progress));
    return &importance_.emplace(key, std::move(made)).first->second;
  }

  const job::Request& request_;
  double accepted_;  ///< KLD, nat/token
  ClinicStock stock_;
  experiment::Stores stores_;
  std::unique_ptr<assemble::Quantizer> quantizer_ = engine::make_llama_quantizer();
  std::map<std::string, model::Importance> importance_;
  std::map<std::string, std::string> packs_;  ///< by original and text
};

/// "case 3 of 52 (about 9 min left): tier/Q2_K"
std::string where(std::size_t done, std::size_t all, double seconds, const std::string& name) {
  std::string left;
  if (done > 0)
    left = fmt::format(" (about {:.0f} min left)",
                       seconds / static_cast<double>(done) * static_cast<double>(all - done) / 60);
  return fmt::format("case {} of {}{}: {}", done + 1, all, left, name);
}

}  // namespace

Result<job::Outcome> clinic(const job::Request& request, const experiment::Stores& stores,
                            Progress& progress) {
  const auto start = Clock::now();
  job::Request asked = request;
  if (asked.accept.empty()) asked.accept = commands::kTinyAccept;
  QUALM_TRY(const double accepted, accepted_kld(asked.accept));
  QUALM_TRY(ClinicStock stock, stock_of(request));
  QUALM_TRY(const auto chosen, selected(request));
  QUALM_TRY(const CaseFolder folder, CaseFolder::create());
  QUALM_CHECK(make_hard(chosen, folder, stock));
  report::ClinicReport report;
  report.baseline = stock.base;
  report.text = commands::text_label(request);
  report.accept = asked.accept;
  report.tool.libllama = engine::make_llama_engine()->version();
  std::vector<const ClinicCase*> possible;
  for (const ClinicCase* one : chosen) {
    if (can_be_made(*one, stock)) {
      possible.push_back(one);
    } else {
      report.left_out.push_back(one->name);
    }
  }
  Clinic clinic(asked, accepted, stock, stores);
  bool all_right = true;
  for (std::size_t i = 0; i < possible.size(); ++i) {
    job::PrefixedProgress prefixed(
        where(i, possible.size(), seconds_since(start), possible[i]->name), progress);
    QUALM_TRY(auto result, clinic.run(*possible[i], folder.file("case.gguf"), prefixed));
    all_right = all_right && result.right && (!result.with_pack || result.with_pack->agrees);
    report.cases.push_back(std::move(result));
  }
  report.seconds = seconds_since(start);
  if (possible.empty()) return job::Outcome{report::to_json(report), 3};
  return job::Outcome{report::to_json(report), all_right ? 0 : 1};
}

}  // namespace qualm::clinic
