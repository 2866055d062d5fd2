// `qualm reference`: the original runs once, and what it says goes into a pack.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>

#include "base/text.h"
#include "commands/bundled.h"
#include "commands/commands.h"
#include "commands/pack.h"
#include "commands/placement.h"
#include "commands/session.h"
#include "diagnose/thresholds.h"
#include "engine/llama_engine.h"
#include "evaluate/thinned_row.h"
#include "experiment/runner.h"
#include "model/tokenizer.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

namespace fs = std::filesystem;
using experiment::PackText;
using experiment::ReferencePack;

constexpr std::int64_t kDomainWindows = 8;  // of each text beside the one to judge on
constexpr std::size_t kBytesPerToken = 3;   // a first guess: the beginning grows until it suffices

std::string name_in(const std::string& path) { return fs::path(path).filename().string(); }

/// As many bytes of a text, but no part of a character.
std::string beginning(const std::string& text, std::size_t bytes) {
  while (bytes < text.size() && continues_character(text[bytes])) ++bytes;
  return text.substr(0, bytes);
}

bool begins_with(std::span<const engine::Token> tokens, std::span<const engine::Token> with) {
  return tokens.size() >= with.size() && std::ranges::equal(tokens.first(with.size()), with);
}

/// The beginning of a text that gives the same windows as the whole.
Result<std::string> shortened(const std::string& text, const experiment::MeasuredText& whole,
                              const TextReader& reader) {
  std::size_t bytes = whole.windows().tokens.size() * kBytesPerToken;
  for (; bytes < text.size(); bytes += bytes / 2) {
    const std::string part = beginning(text, bytes);
    const auto split = reader.split(part);
    if (split && begins_with((*split)->windows().tokens, whole.windows().tokens)) return part;
    if (!split && split.error().kind == Kind::cancelled) return std::unexpected(split.error());
  }
  return text;
}

/// One text on its way into the pack.
class Packer {
 public:
  Packer(experiment::Runner& runner, const ReferencePack& pack) : runner_(runner), pack_(pack) {}

  /// The original's windows, each row with the tokens that a pack holds.
  Result<void> keep_original(experiment::MeasuredText& measured, PackText& text) {
    text.windows = measured.windows();
    const auto reference =
        runner_.run_of(experiment::with_f16_cache(experiment::baseline_weights()));
    text.kept.resize(static_cast<std::size_t>(text.windows.count()));
    return measured.keep(reference, text.windows.count(),
                         [&](std::int32_t window, const evaluate::KeptWindow& kept) {
                           text.kept[static_cast<std::size_t>(window)] = evaluate::thinned(
                               kept, experiment::kPackTokens,
                               numeric::Random(static_cast<std::uint64_t>(window)));
                         });
  }

  Result<void> add_types(std::size_t index, PackText& text) {
    const auto original = experiment::with_f16_cache(experiment::baseline_weights());
    for (const experiment::PackType& type : pack_.types) {
      const std::array variants{experiment::with_f16_cache(experiment::requantized(type.name))};
      QUALM_TRY(auto measured,
                runner_.measure(original, variants, {0, text.windows.count(), index}, {}));
      auto scores = std::move(measured.front().windows);
      std::ranges::sort(scores, {}, &evaluate::WindowScores::window);
      text.scores.push_back(std::move(scores));
    }
    return {};
  }

 private:
  experiment::Runner& runner_;
  const ReferencePack& pack_;
};

/// Names of texts become parts of tensor names, and stand once.
Result<void> check_names(const job::Request& request) {
  QUALM_TRY(const auto given, named_texts(request));
  std::vector<std::string> names{"prose", "text"};
  for (const char* type : diagnose::kRemedyTypes) names.emplace_back(type);
  for (const auto& [name, file] : given) {
    if (!experiment::is_pack_name(name) || std::ranges::find(names, name) != names.end())
      return fail({Kind::input, "PACK-011", "", "--text",
                   "a name of letters, digits, '_', '-' and '.', given once", name,
                   "Give the text another name."});
    names.push_back(name);
  }
  return {};
}

void note_quantized(const model::Checkpoint& original, Progress& progress) {
  const bool quantized = std::ranges::any_of(original.tensors, [](const model::Tensor& tensor) {
    return tensor.dims.size() >= 2 && !tensor.encoding.is_float();
  });
  if (quantized)
    progress.note(
        "This model is quantized itself: what its own quantization lost is not in the "
        "pack.");
}

/// Texts cut into the windows that the pack will hold, the one to judge on first.
Result<std::vector<DomainText>> texts_for(const TextReader& reader) {
  job::Request few = reader.request;
  few.chunks = std::min(few.chunks, kDomainWindows);
  const TextReader of_few{few, reader.model, reader.engine, reader.stores, reader.progress};
  return read_texts(reader, of_few);
}

experiment::PackOriginal original_of(const experiment::OpenedModel& model) {
  const report::ModelCard about = card(model.checkpoint());
  return {.file = name_in(model.path()),
          .name = about.name,
          .architecture = about.arch,
          .type = about.type,
          .parameters = about.parameters,
          .bytes = static_cast<std::int64_t>(about.file_bytes),
          .content_hash = model.identity()};
}

/// A pack without its texts.
Result<ReferencePack> begin_pack(const job::Request& request, const experiment::OpenedModel& model,
                                 const engine::Engine& engine, const engine::Model& loaded) {
  ReferencePack pack;
  pack.original = original_of(model);
  pack.made_with = fmt::format("qualm {}, {}", QUALM_VERSION, engine.version());
  pack.tokenizer_hash = model::tokenizer_digest(model.checkpoint().metadata);
  pack.vocab_size = loaded.vocab_size();
  if (request.pack.ladder)
    for (const char* type : diagnose::kRemedyTypes) pack.types.push_back({.name = type});
  return pack;
}

/// Of the first type on the text to judge on.
Result<std::optional<experiment::PackError>> error_of(const ReferencePack& pack,
                                                      experiment::MeasuredText& measured,
                                                      experiment::Runner& runner) {
  if (pack.types.empty()) return std::nullopt;
  const std::string& type = pack.types.front().name;
  const auto run = [&](const experiment::Weights& weights) {
    return runner.run_of(experiment::with_f16_cache(weights));
  };
  QUALM_TRY(const auto error,
            measured.thinning_error(run(experiment::baseline_weights()),
                                    run(experiment::requantized(type)), pack.texts.front().kept));
  if (!error) return std::nullopt;
  return experiment::PackError{type, *error};
}

Result<void> fill(ReferencePack& pack, std::vector<DomainText>& texts, const TextReader& reader,
                  experiment::Runner& runner) {
  Packer packer(runner, pack);
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const experiment::Domain& domain = texts[i].domain;
    PackText text;
    text.name = domain.name;
    text.source = name_in(domain.path);
    text.given = domain.given;
    QUALM_TRY(const std::string whole, reader.contents(domain.path));
    QUALM_CHECK(packer.keep_original(*texts[i].text, text));
    QUALM_CHECK(packer.add_types(i, text));
    QUALM_TRY(text.text, shortened(whole, *texts[i].text, reader));
    pack.texts.push_back(std::move(text));
  }
  QUALM_TRY(pack.error, error_of(pack, *texts.front().text, runner));
  pack.noise_floor = runner.noise_floor().original;
  for (experiment::PackType& type : pack.types) {
    QUALM_TRY(type.bytes, runner.model_bytes(experiment::requantized(type.name)));
  }
  return {};
}

}  // namespace

Result<job::Outcome> reference(const job::Request& request, const experiment::Stores& stores,
                               Progress& progress) {
  QUALM_CHECK(check_writable(request.pack.output));
  job::Request asked = request;
  asked.chunks = request.pack.windows;
  QUALM_TRY(engine::Settings settings, settings_of(asked));
  QUALM_CHECK(check_names(request));
  QUALM_TRY(const auto model, open_model(request.models.front(), progress));
  QUALM_CHECK(refuse_damaged(model->checkpoint(), settings.threads, progress));
  note_quantized(model->checkpoint(), progress);
  const auto engine = engine::make_llama_engine();
  QUALM_CHECK(place_models(*engine, settings, std::array{model.get()}, progress));
  const auto quantizer = engine::make_llama_quantizer();
  QUALM_TRY(const auto file, model->runnable(progress));
  QUALM_TRY(const auto loaded, engine->load_tokenizer(file));
  const TextReader reader{asked, *loaded, *engine, stores, progress};
  QUALM_TRY(auto texts, texts_for(reader));
  std::vector<experiment::Runner::Text> of_runner;
  for (const DomainText& one : texts) of_runner.push_back({one.domain, one.text.get()});
  experiment::LoadedModels models(*engine, settings, experiment::Hold::all);
  experiment::Runner runner({models, *quantizer, progress, model, model, nullptr, settings,
                             std::move(of_runner), nullptr});
  QUALM_TRY(ReferencePack pack, begin_pack(request, *model, *engine, *loaded));
  QUALM_CHECK(fill(pack, texts, reader, runner));
  QUALM_CHECK(experiment::write_pack(pack, request.pack.output));
  report::PackReport report = report_of_pack(pack, request.pack.output);
  report.tool.libllama = engine->version();
  return job::Outcome{report::to_json(report), 0};
}

}  // namespace qualm::commands
