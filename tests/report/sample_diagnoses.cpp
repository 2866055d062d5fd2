// What `qualm diagnose` reports, of real diagnoses over experiments whose figures are made up.
#include <chrono>
#include <utility>

#include "commands/session.h"
#include "commands/where_lost.h"
#include "diagnose/class_study.h"
#include "diagnose/remedy_command.h"
#include "report/sample_reports.h"
#include "support/class_experiment.h"
#include "support/world.h"

namespace qualm::report::testing {
namespace {

using diagnose::Facts;
using test::World;

void name(model::Checkpoint& checkpoint, const std::string& path) {
  checkpoint.path = path;
  checkpoint.metadata.set("general.architecture", std::string("llama"));
  checkpoint.metadata.set("general.name", std::string("qualm tiny"));
  checkpoint.metadata.set("llama.context_length", std::int64_t{2048});
}

/// The report of these facts as commands/diagnose.cpp makes it; null: nothing runs.
DiagnoseReport report_of(Facts& facts, experiment::Experiment* experiment,
                         std::vector<probe::Symptom> written = {}, commands::Budget budget = {}) {
  auto diagnosis = test::examined(facts, experiment, std::move(written), budget);
  DiagnoseReport report{.tool = sample_tool(),
                        .model = commands::card(*facts.given.candidate),
                        .baseline = {},
                        .text = "",
                        .protocol = "",
                        .settings = {},
                        .diagnosis = diagnosis.value(),
                        .windows = {},
                        .stopped_early = facts.stopped_early(),
                        .noise_floor = {},
                        .left_out = facts.left_out,
                        .spent = {}};
  if (facts.given.baseline) report.baseline = commands::card(*facts.given.baseline);
  report.settings.type_k = facts.given.type_k;
  report.settings.type_v = facts.given.type_v;
  if (!experiment) return report;
  report.text = "bundled: frankenstein.txt";
  report.protocol = evaluate::to_string(evaluate::Protocol::standard);
  const auto selected = facts.selected();
  report.windows = {selected ? selected->count() : 0, facts.texts.front().windows};
  report.noise_floor.original.estimate = numeric::Estimate{1.61e-7, 1.4e-7, 1.9e-7};
  report.noise_floor.candidate.estimate = numeric::Estimate{0.00034, 0.00031, 0.00037};
  if (const auto as_run = facts.measured(facts.reference(), facts.as_run()))
    report.as_run = (*as_run)->metrics;
  report.reference_error = {
      "candidate",
      {2, 0.0801, 0.0802, {numeric::Estimate{0.0001, -0.0003, 0.0005}, "nat/token", ""}}};
  report.spent = {.seconds = 94.2, .passes = 512, .variants = 7};
  report.where = commands::where_known(facts);
  report.command_line = "qualm diagnose " + facts.given.candidate_path;
  return report;
}

constexpr double kSpread = 0.3;  // of what windows cost, so that intervals are as wide as real ones
const std::vector<experiment::Domain> kProse{
    {.name = "prose", .windows = 100, .given = true, .path = "frankenstein.txt"}};

/// A World whose models have names and norms.
struct Named : World {
  Named() {
    for (model::Checkpoint* one : {&candidate, &baseline})
      one->tensors.push_back(
          test::plain_tensor("output_norm.weight", 256, test::plain_values(256)));
    name(candidate, given.candidate_path);
    name(baseline, given.baseline_path);
    files.integrity.weights_read = candidate.parameters();
    experiment.domains = kProse;
    experiment.set_candidate({0.002, 0.001, kSpread});
  }
  void lossy_weights() { experiment.set_candidate({0.06, 0.06, kSpread}); }
  void lossy_cache() {
    cache("q4_0", "q4_0");
    for (auto& [types, cost] : experiment.caches) cost.spread = kSpread;
  }
  DiagnoseReport report(std::vector<probe::Symptom> shown = {}) {
    Facts known = facts();
    return report_of(known, &experiment, std::move(shown));
  }
};

/// As probe/ finds them, in its own words.
std::vector<probe::Symptom> symptoms() {
  std::vector<bool> own(24);
  std::vector<bool> control(24);
  for (std::size_t i = 0; i < own.size(); ++i) {
    own[i] = i % 5 != 0;
    control[i] = i % 3 == 0;
  }
  auto loops = probe::of_shares(probe::FigureId::loops_greedy, own, control);
  loops.says = "Greedy: 19 of 24 texts end in a loop, the original: 8 of 24";
  probe::Symptom alike = probe::of_shares(probe::FigureId::loops_sampled, control, control);
  alike.says = "Sampled: 8 of 24 texts end in a loop, the original: 8 of 24";
  probe::Symptom topic;
  topic.symptom = probe::SymptomId::off_topic;
  topic.candidate = topic.control = topic.difference = {std::nullopt, "nat", "too few texts"};
  topic.says = "Not examined: too few texts";
  std::vector<probe::Symptom> all{loops, alike, topic};
  probe::settle(all);
  return all;
}

/// One window of five tokens.
TokenView token_sample() {
  using evaluate::Score;
  const Score scored{.nll_p = 0.7, .nll_q = 1.1, .kld = 0.25F, .delta_p = -0.16F, .position = 1};
  Score flipped = scored;
  flipped.position = 2;
  flipped.kld = 2.5F;
  Score lost{.position = 3, .finite = false, .lost = true};
  const evaluate::Tops tops{{2, 0.5F}, {3, 0.25F}};
  Score kept = scored;
  kept.same_top = true;
  return {
      .text = "prose",
      .reference = "the original",
      .windows_read = 16,
      .floor = 0.00034,
      .study = {.kld_bands = {0.01, 0.05, 0.2, 1, 2},
                .delta_p_bands = {0.01, 0.02, 0.1, 0.2, 0.3},
                .share_bands = {0.2, 0.25, 0.3, 1, 2.5},
                .worst = {{7, 3, 2.5, 0.9}},
                .worst_share = 0.9,
                .classes = {{evaluate::TokenClass::digits,
                             12,
                             0.1,
                             {numeric::Estimate{0.9, 0.8, 0.95}, "fraction", ""},
                             {numeric::Estimate{0.5, 0.4, 0.6}, "nat/token", ""}}}},
      .windows = {{7, {1, 2, 3, 2, 4}, {kept, flipped, lost}, {tops, tops, {}}, {tops, {}, {}}}},
      .pieces = {{1, "<s>"}, {2, " the"}, {3, "<script>"}, {4, "\n"}}};
}

probe::WrittenText text_sample() {
  probe::WrittenText text{.prompt = "Once", .greedy = true};
  text.candidate = {"é a a a", probe::WrittenSide::Place{2, 2}};
  text.control = probe::WrittenSide{"é b", {}};
  text.parts_at = 3;
  return text;
}

}  // namespace

DiagnoseReport diagnose_sample() {
  return once([] {
    Named world;
    world.lossy_weights();
    world.lossy_cache();
    DiagnoseReport report = world.report(symptoms());
    Progress progress;
    report.where.weights =
        weights::map_weights(world.candidate, &world.baseline, 1, progress).value();
    report.where.tokens = token_sample();
    report.texts = {text_sample()};
    return report;
  });
}

DiagnoseReport diagnose_out_of_time() {
  return once([] {
    Named world;
    world.lossy_weights();
    Facts known = world.facts();
    auto report = report_of(
        known, &world.experiment, {},
        {.start = commands::Budget::Clock::now() - std::chrono::seconds(2), .seconds = 1});
    report.noise_floor = known.noise_floor().value();
    report.again = "qualm diagnose tiny-Q2_K.gguf --baseline tiny-F16.gguf";
    return report;
  });
}

DiagnoseReport diagnose_healthy() {
  return once([] {
    Named world;
    world.given.look_for_long_context = true;
    return world.report();
  });
}

DiagnoseReport diagnose_by_pack() {
  return once([] {
    Named world;
    world.given.baseline = nullptr;
    world.given.pack = diagnose::GivenPack{"tiny-F16.gguf", {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
    world.given.surrogate = &world.baseline;
    world.experiment.beside_pack = true;
    world.experiment.truth_over_estimate = numeric::Estimate{0.95, 0.7, 1.3};
    world.lossy_weights();
    DiagnoseReport report = world.report();
    report.reference = pack_sample().reference;
    return report;
  });
}

DiagnoseReport diagnose_served() {
  return once([] {
    Named world;
    world.given.baseline = nullptr;
    world.given.pack = diagnose::GivenPack{"tiny-F16.gguf", {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
    world.given.server = diagnose::GivenServer{"http://127.0.0.1:8080", "llama-server", false};
    world.lossy_weights();
    DiagnoseReport report = world.report();
    report.reference = pack_sample().reference;
    report.model = {};
    report.model.path = "http://127.0.0.1:8080";
    report.model.format = "llama-server b11669";
    report.server = ServerCard{"http://127.0.0.1:8080", "llama-server", "b11669",
                               "models/tiny-Q2_K.gguf", "tiny",         4};
    return report;
  });
}

DiagnoseReport diagnose_estimated() {
  return once([] {
    Named world;
    world.given.baseline = nullptr;
    world.given.surrogate = &world.baseline;
    world.experiment.truth_over_estimate = numeric::Estimate{0.95, 0.7, 1.3};
    world.lossy_weights();
    DiagnoseReport report = world.report();
    report.truth_over_estimate = world.experiment.truth_over_estimate;
    report.scored_every = 4;
    report.noise_floor = world.facts_and_texts().noise_floor().value_or(report.noise_floor);
    return report;
  });
}

DiagnoseReport diagnose_symptom() {
  return once([] {
    Named world;
    world.given.asked_symptom = probe::SymptomId::repetition;
    world.given.texts_asked = true;
    const std::vector<bool> texts{true, true, true, true, false, false, false, false};
    auto loops = probe::of_shares(probe::FigureId::loops_greedy, texts, texts);
    loops.says = "Greedy texts that end in a loop: 4 of 8; the original: 4 of 8";
    probe::settle(std::span(&loops, 1));
    return world.report({loops});
  });
}

DiagnoseReport diagnose_cache() {
  return once([] {
    Named world;
    world.lossy_cache();
    return world.report();
  });
}

DiagnoseReport diagnose_class() {
  return once([] {
    model::Checkpoint candidate = test::tied_model(2.6, 6.6);
    model::Checkpoint baseline = test::tied_model(16, 16);
    name(candidate, "models/tiny-Q6_K.gguf");
    name(baseline, "models/tiny-F16.gguf");
    test::FakeExperiment experiment;
    experiment.domains = kProse;
    experiment.set_candidate({0.101, 0.1, kSpread});
    experiment.set_type("Q4_K_M", {0.004, 0.004, kSpread});
    for (const diagnose::ClassGroup& group : diagnose::class_groups(candidate, &baseline)) {
      const bool blamed = group.id == "token_embd";
      experiment.set(diagnose::with_restored(group).weights,
                     {blamed ? 0.001 : 0.101, 0.001, kSpread});
      experiment.set(diagnose::with_alone(group).weights, {blamed ? 0.1 : 0, 0.1, kSpread});
      for (const experiment::Weights& remade : diagnose::overrides_for(candidate, group))
        experiment.set(remade, {0.0015, 0.001, kSpread});
    }
    Facts facts;
    facts.given = {.candidate = &candidate,
                   .baseline = &baseline,
                   .candidate_path = candidate.path,
                   .baseline_path = baseline.path,
                   .memory = std::int64_t{8} << 30};
    test::read_files(facts);
    return report_of(facts, &experiment);
  });
}

DiagnoseReport diagnose_files() {
  return once([] {
    Named world;
    world.lossy_weights();
    world.candidate.metadata.set("llama.rope.freq_base", 1000000.0);
    world.baseline.metadata.set("llama.rope.freq_base", 10000.0);
    world.candidate.metadata.set("tokenizer.chat_template", std::string("{{ other }}"));
    world.baseline.metadata.set("tokenizer.chat_template", std::string("{{ messages }}"));
    return world.report();
  });
}

DiagnoseReport diagnose_file_only() {
  return once([] {
    Named world;
    world.given.baseline = nullptr;
    Facts known = world.facts();
    DiagnoseReport report = report_of(known, nullptr);
    report.tool.libllama = "";
    return report;
  });
}

}  // namespace qualm::report::testing
