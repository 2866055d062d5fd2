// `qualm demo`: the bundled model made ill in known ways, each one diagnosed, truth beside
// finding.
#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <vector>

#include "commands/bundled.h"
#include "commands/commands.h"
#include "commands/diagnose.h"
#include "commands/session.h"
#include "engine/llama_engine.h"
#include "experiment/store.h"
#include "job/prefixed_progress.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

struct DemoCase {
  const char* title;
  const char* mix;
  const char* cache;  ///< K and V type
  const char* truth;  ///< principal cause, or "" for a healthy one
};

/// Tokens per window: half of the default halves the time, and the answers are the same.
constexpr std::int32_t kContext = 256;

/// Four cases on one page.
constexpr std::int64_t kShownOfACase = 4;

// The last one is shown in full.
constexpr DemoCase kCases[] = {
    {"healthy", "Q6_K", "f16", ""},
    {"KV cache has too few bits", "Q8_0", "q4_0", "kv_cache"},
    {"quant type too aggressive", "Q3_K_S", "f16", "tier"},
    {"both", "Q2_K", "q4_0", "tier"},
};

/// The command line of a diagnosis of a case, without what the demo does not measure.
std::vector<std::string> words_of(const job::Request& asked) {
  std::vector<std::string> words{"diagnose",   asked.models.front(),
                                 "--baseline", asked.baseline,
                                 "-c",         fmt::format("{}", asked.settings.ctx_size),
                                 "--accept",   asked.accept};
  if (asked.settings.type_k != "f16")
    for (const auto& [option, type] :
         {std::pair("-ctk", asked.settings.type_k), std::pair("-ctv", asked.settings.type_v)}) {
      words.emplace_back(option);
      words.push_back(type);
    }
  return words;
}

Result<std::string> demo_folder() {
  const std::filesystem::path folder = experiment::cache_folder() + "/demo";
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error)
    return fail({Kind::input, "DEMO-001", folder.string(), "", "a folder for the demo's models",
                 error.message(), "Set XDG_CACHE_HOME to a folder that can be written."});
  return folder.string();
}

Result<std::string> make_file(const DemoCase& one, const std::string& baseline,
                              const std::string& folder, assemble::Quantizer& quantizer) {
  const std::string path = fmt::format("{}/qualm-tiny-{}.gguf", folder, one.mix);
  QUALM_TRY(const auto image, quantizer.quantize(baseline, assemble::quantize_options(one.mix)));
  QUALM_CHECK(image.save(path));
  return path;
}

}  // namespace

Result<job::Outcome> demo(const job::Request& request, const experiment::Stores& stores,
                          Progress& progress) {
  QUALM_TRY(const std::string baseline, data_file("models/qualm-tiny-base-F16.gguf"));
  QUALM_TRY(const std::string folder, demo_folder());
  const auto quantizer = engine::make_llama_quantizer();
  report::DemoReport report;
  bool all_right = true;
  for (const DemoCase& made : kCases) {
    QUALM_TRY(const std::string path, make_file(made, baseline, folder, *quantizer));
    job::Request asked = request;
    asked.command = "diagnose";
    asked.models = {path};
    asked.baseline = baseline;
    asked.settings.type_k = made.cache;
    asked.settings.type_v = made.cache;
    asked.settings.ctx_size = kContext;
    asked.symptom = "none";
    asked.accept = kTinyAccept;
    asked.shown_windows = std::min(asked.shown_windows, kShownOfACase);
    asked.words = words_of(asked);
    job::PrefixedProgress prefixed(made.title, progress);
    QUALM_TRY(job::Outcome outcome, diagnose(asked, stores, prefixed));
    const auto& cause = outcome.document.at("principal_cause");  // absent where there is none
    const std::string found = cause.is_string() ? cause.get<std::string>() : "";
    const std::string verdict = outcome.document.value("verdict", "");
    const bool right =
        found == made.truth && (found.empty() ? verdict == "healthy" : verdict == "problem");
    all_right = all_right && right;
    report.cases.push_back({made.title, fmt::format("{}, {} cache", made.mix, made.cache),
                            made.truth, found, right, command_line_of(asked),
                            std::move(outcome.document)});
  }
  return job::Outcome{report::to_json(report), all_right ? 0 : 1};
}

}  // namespace qualm::commands
