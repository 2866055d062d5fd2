#include "commands/diagnose_session.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <utility>

#include "base/platform.h"
#include "commands/memory_plan.h"
#include "commands/pack.h"
#include "commands/placement.h"
#include "commands/server_session.h"
#include "commands/session_estimate.h"
#include "commands/tokenizer_facts.h"
#include "commands/written_texts.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/thresholds.h"
#include "experiment/store.h"
#include "formats/imatrix/imatrix.h"
#include "formats/read.h"
#include "model/activations.h"
#include "model/cache.h"
#include "weights/integrity.h"
#include "weights/surrogate.h"

namespace qualm::commands {
namespace {

constexpr std::int64_t kShortestContext = 16;  // tokens; below, a file says nothing of use

using diagnose::Effect;
using diagnose::FaultKind;

void add_padding(const std::string& left_out, Session& session) {
  if (!left_out.empty())
    session.facts.files.remarks.push_back(
        diagnose::fact("vocabulary_padding", "vocabulary: " + left_out));
}

Result<void> open_files(Session& session) {
  const job::Request& request = session.request;
  QUALM_CHECK(open_server(session));
  if (!session.candidate) {
    QUALM_TRY(session.candidate, experiment::OpenedModel::open(request.models.front()));
  }
  if (!request.baseline.empty()) {
    QUALM_TRY(session.baseline, experiment::OpenedModel::open(request.baseline));
  }
  if (!request.reference.empty()) {
    QUALM_TRY(session.pack, open_pack(request.reference));
    session.request.settings.ctx_size = session.settings.ctx_size =
        session.pack->texts.front().windows.ctx_size;
    if (!session.served)
      add_padding(leave_out_padding(*session.candidate, session.pack->vocab_size), session);
  }
  if (!request.base_model.empty()) {
    QUALM_TRY(session.base_model, experiment::OpenedModel::open(request.base_model));
  }
  if (!request.run_with.lora.empty()) {
    QUALM_TRY(session.lora, formats::read_adapter(request.run_with.lora));
  }
  if (!request.imatrix.empty()) {
    QUALM_TRY(session.imatrix, formats::read_imatrix(request.imatrix));
  }
  return {};
}

/// The surrogate is done without where it does not fit.
Result<MemoryPlan> plan_with_surrogate(Session& session) {
  if (session.surrogate) {
    auto plan =
        plan_memory(session.request, *session.candidate, session.surrogate.get(), session.progress);
    if (plan) return plan;
    session.progress.note("no estimate without the original: it would need " +
                          plan.error().expected);
    session.surrogate.reset();
  }
  return plan_memory(session.request, *session.candidate, session.baseline.get(), session.progress);
}

/// Decided before any weight is read. Where memory is short, models are held one at a time, without
/// second copies of their matrices, and those that are made lie in the cache folder.
Result<void> fit_into_memory(Session& session) {
  QUALM_CHECK(settle_devices(*session.engine, session.settings, session.progress));
  session.request.settings.devices = session.settings.devices;
  if (session.request.cross_check && session.settings.devices.what.empty())
    session.progress.note("--cross-check: there is no device but the CPU, so nothing to compare");
  QUALM_TRY(const MemoryPlan plan, plan_with_surrogate(session));
  const auto& original = session.baseline ? session.baseline : session.surrogate;
  const std::array both{session.candidate.get(), original.get()};
  settle_layers(session.settings, both, plan.hold, session.progress);
  session.memory = plan.use;
  session.stores.hold = plan.hold;
  if (plan.references > 0) session.stores.references->hold_at_most(plan.references);
  session.settings.second_copies = plan.second_copies;
  session.models.emplace(*session.engine, session.settings, plan.hold);
  if (plan.hold == experiment::Hold::all) return {};
  std::error_code ignored;  // an image that cannot be made says what is wrong
  std::filesystem::create_directories(experiment::cache_folder(), ignored);
  assemble::put_images_in(experiment::cache_folder());
  return {};
}

Result<void> identify_models(Session& session) {
  for (const auto& model : {session.candidate, session.baseline, session.base_model})
    if (model) QUALM_CHECK(identify(*model, session.progress));
  identify_surrogate(session);
  return {};
}

/// What was read of the weights so far leaves memory: libllama maps the files itself.
void release_pages(const Session& session) {
  for (const auto& model : {session.candidate, session.baseline, session.base_model})
    if (model) model->checkpoint().release_pages();
}

/// More tokens than the model was trained for: a fault by itself, and it is run with no more.
void bound_context(Session& session) {
  if (session.pack) return;  // its windows are as long as its maker chose
  const auto& shown = session.baseline ? session.baseline : session.candidate;
  const auto trained = shown->checkpoint().arch_integer("context_length");
  std::int32_t& context = session.settings.ctx_size;
  if (!trained || *trained < kShortestContext || context <= *trained) return;
  session.facts.files.faults.push_back(
      {.kind = FaultKind::context,
       .effect = Effect::prompts,
       .where = "context",
       .says =
           fmt::format("the context of {} tokens (-c) is longer than the {} that the model was "
                       "trained for: later text breaks, whatever the quantization; use -c {} or "
                       "less (measured here with {})",
                       context, *trained, *trained, *trained)});
  context = static_cast<std::int32_t>(*trained);
  session.request.settings.ctx_size = context;
}

/// Cache types that the model's heads do not allow: the finding is check 2's, and it is run with an
/// F16 cache.
void bound_cache(Session& session) {
  engine::Settings& settings = session.settings;
  auto& unfit = session.facts.files.unfit_caches;
  unfit = model::unfit_caches(session.candidate->checkpoint(), settings.type_k, settings.type_v);
  for (const model::UnfitCache& one : unfit)
    (one.side == model::CacheSide::k ? settings.type_k : settings.type_v) = "f16";
  session.request.settings.type_k = settings.type_k;
  session.request.settings.type_v = settings.type_v;
}

/// A pack; or an original that weights of a server's model cannot be put into, which then tells as
/// much as a pack of it.
std::optional<diagnose::GivenPack> given_reference(const Session& session) {
  if (session.pack) return given_pack(*session.pack);
  if (!session.baseline || !session.served || !session.request.server.file.empty())
    return std::nullopt;
  return diagnose::GivenPack{
      .original = session.baseline->path(),
      .types = {diagnose::kRemedyTypes.begin(), diagnose::kRemedyTypes.end()}};
}

/// "Vulkan0 and RPC0"; nothing where there is only the CPU.
std::string names_in_words(const std::vector<std::string>& devices) {
  return devices.front() == engine::kNoDevice ? "" : fmt::format("{}", fmt::join(devices, " and "));
}

diagnose::Given given_of(const Session& session) {
  const job::Request& request = session.request;
  const bool of_texts = std::ranges::any_of(probe::kSymptoms, [&](const probe::SymptomRow& row) {
    return session.symptoms.wants(row.id) && probe::needs_texts(row.id);
  });
  const auto server = given_server(session);
  const bool alone = server && !server->file_known;
  return {.candidate = &session.candidate->checkpoint(),
          .baseline = session.baseline && !alone ? &session.baseline->checkpoint() : nullptr,
          .base_model = session.base_model ? &session.base_model->checkpoint() : nullptr,
          .pack = given_reference(session),
          .surrogate = session.surrogate ? &session.surrogate->checkpoint() : nullptr,
          .candidate_path = session.candidate->path(),
          .baseline_path = session.baseline ? session.baseline->path() : "",
          .type_k = session.settings.type_k,
          .type_v = session.settings.type_v,
          .cache_assumed = !request.cache_told,
          .server = server,
          .accept = session.accept,
          .runtime = request.runtime,
          .lora = session.lora ? &*session.lora : nullptr,
          .temperature = request.run_with.temperature,
          .repeat_penalty = request.run_with.repeat_penalty,
          .free_memory = free_memory(),
          .memory = memory_of(request),
          .asked_symptom = session.symptoms.named(),
          .look_for_long_context = session.symptoms.wants(probe::SymptomId::long_context),
          .texts_asked = of_texts && session.symptoms.asked && !alone,
          .texts_allowed = of_texts && !alone,
          .read_all = request.full,
          .devices = request.cross_check ? names_in_words(session.settings.devices.names) : "",
          .imatrix = request.imatrix.empty() ? nullptr : &session.imatrix};
}

/// `mismatch`: in words; empty where the vocabularies are one.
void add_vocabularies(const std::string& mismatch, diagnose::FileFacts& files) {
  if (mismatch.empty()) return;
  files.faults.push_back({.kind = FaultKind::vocabulary,
                          .effect = Effect::tokens,
                          .where = "vocabulary",
                          .says = "another vocabulary: " + mismatch});
  files.not_comparable = "an original with the candidate's vocabulary";
}

/// What the files say before anything runs.
Result<void> read_files(Session& session) {
  const diagnose::Given& given = session.facts.given;
  diagnose::FileFacts& files = session.facts.files;
  const std::int32_t threads = session.settings.threads;
  if (session.facts.served_alone()) return {};
  if (session.baseline) {
    add_padding(leave_out_padding(*session.candidate, *session.baseline), session);
    add_vocabularies(diagnose::vocabulary_mismatch(*given.candidate, *given.baseline), files);
  }
  QUALM_TRY(files.integrity,
            weights::check_integrity(*given.candidate, given.baseline, threads, session.progress));
  if (!given.baseline) {
    // Codes that cannot be decoded are told by the integrity check.
    session.facts.read_weights.on_coarser_grid =
        weights::mostly_on_other_grid(*given.candidate).value_or(false);
    return {};
  }
  QUALM_CHECK(refuse_damaged(*given.baseline, threads, session.progress));
  files.differences = diagnose::differences(*given.candidate, *given.baseline);
  if (!model::rotation_key(*given.candidate).empty()) return {};
  QUALM_TRY(session.facts.read_weights.origin,
            weights::provenance(*given.candidate, *given.baseline, given.base_model, threads,
                                session.progress));
  return {};
}

/// Where libllama refuses the candidate and loads the original, the file is at fault; where it
/// loads neither, that says nothing of the file.
Result<void> add_refusal(const Error& refusal, Session& session) {
  if (refusal.code != "ENGINE-001" || !session.baseline) return fail(refusal);
  QUALM_TRY(const auto file, session.baseline->runnable(session.progress));
  if (!session.engine->load(file, session.settings)) return fail(refusal);
  diagnose::FileFacts& files = session.facts.files;
  files.faults.push_back(
      {.kind = FaultKind::not_loaded,
       .effect = Effect::tokens,
       .where = "not_loaded",
       .says = "libllama loads the original and not this file: " + refusal.found});
  files.not_comparable = "a candidate that libllama loads";
  return {};
}

/// Loaded, or refused. Where one model is held at a time only its tokenizer stays.
Result<std::shared_ptr<engine::Model>> load(Session& session, experiment::OpenedModel& model,
                                            const experiment::Weights& weights) {
  QUALM_TRY(const engine::ModelFile file, model.runnable(session.progress));
  QUALM_TRY(auto loaded,
            session.models->get(weights, [&]() -> Result<engine::ModelFile> { return file; }));
  if (session.models->hold() == experiment::Hold::all) return loaded;
  loaded.reset();
  return session.engine->load_tokenizer(file);
}

/// The original, where it is there; the candidate is asked.
Result<bool> load_beside_server(Session& session) {
  if (session.baseline) {
    QUALM_TRY(session.baseline_model,
              load(session, *session.baseline, experiment::baseline_weights()));
  }
  session.candidate_model = served_tokenizer(
      *session.served, session.pack ? &session.pack->texts.front().windows : nullptr,
      session.baseline_model);
  if (!session.baseline_model) return true;
  const auto split =
      probe::compare_splits(*session.candidate_model, *session.baseline_model, probe::split_text());
  if (!split && split.error().code != "REMOTE-009") return std::unexpected(split.error());
  if (split && !split->equal)
    session.facts.files.faults.push_back({.kind = FaultKind::tokenizer,
                                          .effect = Effect::tokens,
                                          .where = "split",
                                          .says = probe::in_words(*split)});
  return true;
}

/// False where the candidate cannot be run.
Result<bool> load_models(Session& session) {
  if (session.facts.served_alone()) return load_beside_server(session);
  auto loaded = load(session, *session.candidate, {});
  if (!loaded) {
    QUALM_CHECK(add_refusal(loaded.error(), session));
    return false;
  }
  session.candidate_model = *std::move(loaded);
  // Tokens of another vocabulary would mean nothing to the candidate, which then runs alone.
  if (!session.baseline || !session.facts.files.not_comparable.empty()) return true;
  QUALM_TRY(auto baseline, load(session, *session.baseline, experiment::baseline_weights()));
  if (baseline->vocab_size() == session.candidate_model->vocab_size()) {
    session.baseline_model = std::move(baseline);
  } else {
    add_vocabularies(fmt::format("the candidate has {} tokens, the original {}",
                                 session.candidate_model->vocab_size(), baseline->vocab_size()),
                     session.facts.files);
  }
  return true;
}

Result<void> measure_split(Session& session) {
  const TextReader own{session.request, *session.candidate_model, *session.engine, session.stores,
                       session.progress};
  auto text = own.read(session.request.text);
  auto cost = text ? experiment::split_cost(*session.runner, **text)
                   : Result<experiment::SplitCost>(std::unexpected(text.error()));
  if (cost) session.facts.files.remarks.push_back(split_evidence(*cost));
  if (!cost && cost.error().kind == Kind::cancelled) return std::unexpected(cost.error());
  return {};
}

/// The text to judge on first, then further ones where they are of use.
Result<std::vector<DomainText>> texts_of(const Session& session, const TextReader& reader) {
  if (session.pack) return texts_of_pack(*session.pack, reader);
  if (session.baseline && !session.facts.served_alone()) return read_texts(reader, reader);
  std::vector<DomainText> texts(1);
  QUALM_TRY(texts.front(), read_main(reader));
  return texts;
}

/// Texts cut, the experiment ready. Without an error and without a runner: nothing can be measured.
Result<void> prepare_experiment(Session& session) {
  QUALM_TRY(const bool loaded, load_models(session));
  if (!loaded) return {};
  diagnose::Facts& facts = session.facts;
  if (!facts.served_alone())
    QUALM_CHECK(compare_tokenizers(session.request, session.pair(), facts.given, facts.files));
  TextReader reader{session.request, session.reader(), *session.engine, session.stores,
                    session.progress};
  reader.stride = stride_of(session);
  auto read = texts_of(session, reader);
  if (!read && read.error().code == "TOKENIZER-001") {
    facts.files.not_comparable = "a tokenizer that can read the text";
    return {};
  }
  QUALM_TRY(session.texts, std::move(read));
  std::vector<experiment::Runner::Text> texts;
  for (const DomainText& one : session.texts) texts.push_back({one.domain, one.text.get()});
  session.runner = std::make_unique<experiment::Runner>(experiment::Runner::Parts{
      *session.models, *session.quantizer, session.progress, session.candidate,
      session.baseline || session.pack ? session.baseline : session.surrogate, session.base_model,
      session.settings, std::move(texts), session.pack ? &*session.pack : nullptr,
      session.pack ? session.surrogate : nullptr,
      session.surrogate ? std::optional(weights::truth_over_estimate(*facts.given.candidate))
                        : std::nullopt,
      session.served.get(), facts.served_alone()});
  facts.texts = session.runner->texts();
  QUALM_CHECK(find_server_settings(session));
  const bool split_differs = facts.files.split && !facts.files.split->equal;
  return session.baseline_model && split_differs ? measure_split(session) : Result<void>();
}

}  // namespace

Result<void> prepare(Session& session) {
  QUALM_CHECK(open_files(session));
  add_surrogate(session);
  shorten_windows(session);
  bound_context(session);
  bound_cache(session);
  QUALM_CHECK(fit_into_memory(session));
  QUALM_CHECK(identify_models(session));
  session.facts.given = given_of(session);
  QUALM_CHECK(read_files(session));
  // Of damaged weights nothing can be estimated.
  if (!session.facts.files.integrity.found.empty()) {
    session.surrogate.reset();
    session.facts.given.surrogate = nullptr;
  }
  release_pages(session);
  QUALM_CHECK(prepare_experiment(session));
  if (!session.facts.has_original())  // an estimate, for want of an original to measure against
    session.facts.read_weights.quantization_error =
        weights::quantization_error_by_class(session.candidate->checkpoint(), session.progress);
  return {};
}

}  // namespace qualm::commands
