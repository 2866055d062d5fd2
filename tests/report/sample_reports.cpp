#include "report/sample_reports.h"

#include <limits>

#include "model/layer_name.h"

namespace qualm::report::testing {
namespace {

using numeric::Metric;

Metric known(double value, double low, double high, std::string unit = "nat/token") {
  return {numeric::Estimate{value, low, high}, std::move(unit), ""};
}

Metric unknown(std::string reason, std::string unit = "nat/token") {
  return {std::nullopt, std::move(unit), std::move(reason)};
}

Tool tool() { return {.version = "0.1.0", .libllama = "libllama 0.7.0, ggml 0.27.0"}; }

ModelCard tiny_f16() {
  return {.path = "models/tiny-F16.gguf",
          .format = "GGUF v3",
          .arch = "llama",
          .name = "qualm tiny",
          .parameters = 5'770'000,
          .file_bytes = 11'600'000,
          .bpw = 16.004,
          .top_types = {{"F16", 0.9996}, {"F32", 0.0004}},
          .context_length = 2048};
}

ModelCard tiny_q2() {
  return {.path = "models/tiny-Q2_K.gguf",
          .format = "GGUF v3",
          .arch = "llama",
          .name = "qualm tiny",
          .parameters = 5'770'000,
          .file_bytes = 2'610'000,
          .bpw = 3.352,
          .top_types = {{"Q2_K", 0.61}, {"Q3_K", 0.24}, {"Q6_K", 0.149}, {"F32", 0.001}},
          .context_length = 2048};
}

ModelCard tiny_q8() {
  return {.path = "models/tiny-Q8_0.gguf",
          .format = "GGUF v3",
          .arch = "llama",
          .name = "",
          .parameters = 5'770'000,
          .file_bytes = 6'300'000,
          .bpw = 8.503,
          .top_types = {{"Q8_0", 0.9996}, {"F32", 0.0004}},
          .context_length = std::nullopt};
}

std::map<std::string, Metric> q2_metrics() {
  return {{"ppl", known(7.412, 7.1, 7.73, "1")},
          {"ppl_baseline", known(6.966, 6.68, 7.27, "1")},
          {"ppl_change", known(0.0641, 0.0581, 0.0702, "fraction")},
          {"kld_mean", known(0.05734, 0.0566, 0.0581)},
          {"kld_median", known(0.0312, 0.0306, 0.0318)},
          {"kld_p90", known(0.131, 0.128, 0.134)},
          {"kld_p95", known(0.189, 0.184, 0.195)},
          {"kld_p99", known(0.361, 0.342, 0.38)},
          {"kld_p999", known(0.81, 0.72, 0.97)},
          {"kld_max", known(2.137, 2.137, 2.137)},
          {"delta_p_mean", known(-0.0121, -0.0133, -0.0109, "fraction")},
          {"delta_p_rms", known(0.0643, 0.0631, 0.0655, "fraction")},
          {"same_top", known(0.8716, 0.8684, 0.8748, "fraction")}};
}

std::map<std::string, Metric> q8_metrics() {
  auto metrics = q2_metrics();
  metrics["ppl_change"] = known(0.0002, -0.0004, 0.0008, "fraction");
  metrics["kld_mean"] = known(2.1e-5, 2.02e-5, 2.18e-5);
  metrics["same_top"] = known(0.9967, 0.9961, 0.9973, "fraction");
  metrics["delta_p_mean"] = known(0, 0, 0, "fraction");
  metrics["kld_p999"] = unknown("fewer than 1,000 positions");
  return metrics;
}

std::vector<evaluate::Bucket> positions() {
  return {{64, 128, 1472, known(0.0601, 0.0588, 0.0614), known(0.069, 0.061, 0.077, "fraction")},
          {128, 256, 2944, known(0.0569, 0.0561, 0.0577), known(0.063, 0.057, 0.069, "fraction")}};
}

std::vector<evaluate::Bucket> confidences() {
  return {
      {0, 0.2, 801, known(0.0702, 0.068, 0.0724), known(0.071, 0.06, 0.082, "fraction")},
      {0.8, 1, 0, unknown("no position is in it"), unknown("no position is in it", "fraction")}};
}

evaluate::WindowScores window(std::int32_t index) {
  return {index,
          {{2.0, 2.125, 0.0625F, -0.25F, 0.5F, 64, true, true},
           {1.0, 1.5, 0.125F, -0.5F, 0.75F, 65, false, true},
           {0, 0, 0, 0, 0, 66, false, false}}};
}

std::vector<KvCell> kv_grid() {
  const auto cell = [](const char* k, const char* v, Metric kld, std::int64_t bytes,
                       std::optional<std::int64_t> departs) {
    return KvCell{
        k,
        v,
        {{"kld_mean", std::move(kld)}, {"ppl_change", known(0.001, -0.001, 0.003, "fraction")}},
        bytes,
        departs,
        {}};
  };
  return {cell("f16", "q4_0", known(0.000612, 0.00059, 0.000634), 1'007'616, 128),
          cell("q4_0", "f16", known(0.00411, 0.00398, 0.00424), 1'007'616, 96),
          {"q4_0",
           "q4_0",
           {{"kld_mean", unknown("the engine refuses this pair")}},
           std::nullopt,
           std::nullopt,
           {}}};
}

engine::Settings settings() { return {}; }

MeasureResult measured(ModelCard card, std::map<std::string, Metric> metrics) {
  MeasureResult result{.candidate = std::move(card),
                       .text = "corpora/prose.txt",
                       .protocol = "qualm",
                       .settings = settings(),
                       .measurement = {},
                       .resolution_kld = known(3.1e-6, 2.9e-6, 3.3e-6),
                       .kv = {}};
  evaluate::Measurement& m = result.measurement;
  m.windows = {window(3), window(17)};
  m.windows_total = 410;
  m.stopped_early = true;
  m.tokens_scored = 4;
  m.not_finite = 2;
  m.metrics = std::move(metrics);
  m.by_position = positions();
  m.by_confidence = confidences();
  return result;
}

}  // namespace

MeasureReport measure_sample() {
  MeasureReport report{.tool = tool(), .baseline = tiny_f16(), .results = {}, .gates = {}};
  report.results = {measured(tiny_q2(), q2_metrics()), measured(tiny_q8(), q8_metrics())};
  report.results[0].kv = kv_grid();
  report.results[1].measurement.stopped_early = false;
  report.results[1].measurement.windows_total = 2;
  report.results[1].measurement.not_finite = 0;
  report.gates = {{"ppl_change>1%", "models/tiny-Q2_K.gguf", Gate::Outcome::holds},
                  {"ppl_change>1%", "models/tiny-Q8_0.gguf", Gate::Outcome::does_not_hold}};
  return report;
}

MeasureReport measure_without_intervals() {
  MeasureReport report{.tool = tool(), .baseline = tiny_f16(), .results = {}, .gates = {}};
  auto metrics = q2_metrics();
  for (auto& [name, metric] : metrics) metric = unknown("fewer than 2 windows were read");
  metrics["kld_max"] = known(2.137, 2.137, 2.137);
  report.results = {measured(tiny_q2(), metrics)};
  report.results[0].measurement.cancelled = true;
  report.results[0].resolution_kld = unknown("stopped before it was measured");
  return report;
}

namespace {

probe::Symptom symptom(probe::SymptomId kind, std::optional<probe::FigureId> figure,
                       probe::Symptom::Finding finding, std::string says) {
  probe::Symptom s;
  s.symptom = kind;
  s.figure = figure;
  s.finding = finding;
  s.says = std::move(says);
  s.candidate = s.control = s.difference = unknown("not examined here");
  return s;
}

std::vector<probe::Symptom> symptoms() {
  using enum probe::Symptom::Finding;
  using enum probe::SymptomId;
  auto loops = symptom(repetition, probe::FigureId::loops_greedy, worse,
                       "Greedy: 19 of 24 texts end in a loop, of the control's 7 of 24");
  loops.candidate = known(0.792, 0.595, 0.908, "fraction");
  loops.control = known(0.292, 0.149, 0.492, "fraction");
  loops.difference = known(0.5, 0.25, 0.67, "fraction");
  loops.p_value = 0.00049;
  auto rep =
      symptom(repetition, probe::FigureId::rep_4, alike,
              "Share of groups of 4 tokens that a text has had before: 0.03, the control's 0.02");
  rep.candidate = known(0.03, 0.01, 0.05, "ratio");
  rep.control = known(0.02, 0.01, 0.03, "ratio");
  rep.difference = known(0.01, -0.01, 0.03, "ratio");
  rep.p_value = 0.41;
  return {loops, rep, symptom(off_topic, std::nullopt, not_examined, "Not examined: no baseline")};
}

}  // namespace

DiagnoseReport diagnose_sample() {
  using diagnose::Status;
  DiagnoseReport report{.tool = tool(),
                        .model = tiny_q2(),
                        .baseline = tiny_f16(),
                        .text = "corpora/prose.txt",
                        .protocol = "qualm",
                        .settings = settings(),
                        .diagnosis = {},
                        .windows = {23, 410},
                        .stopped_early = true,
                        .resolution_kld = known(3.1e-6, 2.9e-6, 3.3e-6),
                        .spent = {.seconds = 94.2, .passes = 512, .variants = 7}};
  report.settings.type_k = "q4_0";
  report.diagnosis = {
      .evidence_level = "L3",
      .checks = {{"not_quant",
                  "Is it the quant?",
                  Status::cleared,
                  std::nullopt,
                  "tokenizer and template equal, file whole, baseline does not loop",
                  {{"tokenizer", std::nullopt, "",
                    "vocabulary, merges and special ids equal by sha256"}},
                  {}},
                 {"tier",
                  "Tier too aggressive",
                  Status::cause,
                  numeric::Estimate{0.78, 0.71, 0.84},
                  "ppl +21.4 % [19.8, 23.1]   kld 0.231 [0.222, 0.240]",
                  {{"bits_per_weight", numeric::Estimate{3.352, 3.352, 3.352}, "bit",
                    "3.35 bits per weight, below the floor of 4.0"},
                   {"ppl_change", numeric::Estimate{0.214, 0.198, 0.231}, "fraction",
                    "with an F16 cache"}},
                  {}},
                 {"kv_cache",
                  "KV cache",
                  Status::contributes,
                  numeric::Estimate{0.17, 0.12, 0.22},
                  "K q4_0: kld 0.041 from position 96 on; V is fine",
                  {},
                  {}},
                 {"architecture",
                  "Architecture",
                  Status::cleared,
                  std::nullopt,
                  "no class carries over 1.3x its share",
                  {},
                  {}},
                 {"calibration",
                  "Calibration",
                  Status::cannot_tell,
                  std::nullopt,
                  "code within 4 % of the calibration-free counterpart",
                  {},
                  {"a longer text: 64 windows instead of 23"}},
                 {"provenance",
                  "Quant of another model",
                  Status::not_examined,
                  std::nullopt,
                  "",
                  {},
                  {"--base-model"}}},
      .principal_cause = "tier",
      .verdict = "problem",
      .summary = "Q2_K is too small for this model: it carries 78 % of the loss.",
      .remedies = {{"tier",
                    "llama-quantize tiny-F16.gguf tiny-Q4_K_M.gguf Q4_K_M",
                    "2.6 MB to 3.7 MB",
                    3'700'000,
                    {{"ppl_change", known(0.214, 0.198, 0.231, "fraction")},
                     {"kld_mean", known(0.231, 0.222, 0.24)}},
                    {{"ppl_change", known(0.009, 0.005, 0.013, "fraction")},
                     {"kld_mean", known(0.012, 0.0114, 0.0126)}},
                    64,
                    true},
                   {"kv_cache",
                    "--cache-type-k q8_0",
                    "0.2 MB more at 2048 tokens",
                    std::nullopt,
                    {},
                    {},
                    0,
                    false}}};
  report.diagnosis.symptoms = symptoms();
  return report;
}

DiagnoseReport diagnose_file_only() {
  using diagnose::Status;
  DiagnoseReport report{.tool = {.version = "0.1.0", .libllama = ""},
                        .model = tiny_q8(),
                        .baseline = std::nullopt,
                        .text = "",
                        .protocol = "",
                        .settings = settings(),
                        .diagnosis = {},
                        .windows = {},
                        .stopped_early = false,
                        .resolution_kld = unknown("nothing was run"),
                        .spent = {}};
  report.diagnosis.evidence_level = "L0";
  report.diagnosis.verdict = "cannot_tell";
  report.diagnosis.summary = "Nothing was run: give a baseline.";
  for (const char* id :
       {"not_quant", "tier", "kv_cache", "architecture", "calibration", "provenance"})
    report.diagnosis.checks.push_back(
        {id, id, Status::not_examined, std::nullopt, "", {}, {"--baseline"}});
  return report;
}

InspectReport inspect_sample() {
  return {
      .tool = {.version = "0.1.0", .libllama = ""},
      .model = tiny_q2(),
      .tied_embeddings = true,
      .experts = std::nullopt,
      .tokenizer = TokenizerCard{"gpt2", "llama-bpe", 4096, std::string(64, 'a')},
      .types = {{"Q2_K", 40, 1'100'000, 3'520'000},
                {"Q3_K", 20, 600'000, 1'385'000},
                {"F32", 13, 8'000, 2'000}},
      .classes = {{"token_embd",
                   1,
                   700'000,
                   860'000,
                   6.5625,
                   {"Q6_K"},
                   {numeric::Estimate{0.0193, 0.0154, 0.0214}, "fraction", ""}},
                  {"attn_v",
                   6,
                   300'000,
                   700'000,
                   3.4375,
                   {"Q3_K", "Q4_K"},
                   {std::nullopt, "fraction", "IQ3_S has no uniform grid"}}},
      .provenance = {{"general.quantized_by", "someone"}, {"quantize.imatrix.file", "imatrix.dat"}},
      .risks = {{"below_floor", "3.35 bits per weight are below the floor of 4.0."}},
      .integrity = {Integrity::Status::whole, {}}};
}

InspectReport inspect_hostile() {
  InspectReport report = inspect_sample();
  report.model.path = "a\x1b[31m/evil|name`\n# <b>.gguf";
  report.model.name = "[x](javascript:alert) ``` \xff\xfe *bold*";
  report.model.bpw = std::numeric_limits<double>::quiet_NaN();
  report.experts = Experts{64, 8};
  report.types[0].name = "Q2|K";
  report.provenance = {{"key\r\n| a | b |", "value\x07"}};
  report.integrity = {
      Integrity::Status::damaged,
      {{"tensor blk.0.attn_q.weight", "3 blocks have a scale that is not a number"}}};
  return report;
}

weights::TensorComparison tensor_sample(const std::string& name, const std::string& type,
                                        double error, bool gridded) {
  weights::TensorComparison tensor;
  tensor.name = name;
  tensor.tensor_class = model::tensor_class(name);
  tensor.layer = model::layer_of(name);
  tensor.dims = {256, 16};
  tensor.encoding = type;
  tensor.baseline_encoding = "F16";
  tensor.model_bytes = 2304;
  tensor.baseline_bytes = 8192;
  tensor.sums = {.weights = 4096,
                 .skipped = 0,
                 .error = error,
                 .model = 10 + error,
                 .baseline = 10,
                 .product = 10,
                 .max_error = error / 8,
                 .max_row = error > 0 ? 3 : 0,
                 .max_column = 17,
                 .gridded = gridded ? 4096 : 0,
                 .within = gridded ? 4000 : 0};
  return tensor;
}

weights::WeightComparison weights_sample(const std::vector<weights::TensorComparison>& tensors) {
  weights::WeightComparison weights;
  weights.tensors = tensors;
  for (const auto& tensor : tensors) {
    weights.whole.add(tensor);
    weights.classes[tensor.tensor_class].add(tensor);
    if (tensor.layer) weights.layers[*tensor.layer].add(tensor);
  }
  return weights;
}

CompareReport compare_sample() {
  CompareReport report{
      .tool = {.version = "0.1.0", .libllama = ""},
      .model = tiny_q2(),
      .baseline = tiny_q8(),
      .base_model = tiny_q8(),
      .weights = weights_sample({tensor_sample("token_embd.weight", "Q6_K", 0.01, true),
                                 tensor_sample("blk.0.attn_q.weight", "Q2_K", 1.2, true),
                                 tensor_sample("blk.1.ffn_up.weight", "IQ2_S", 0.8, false),
                                 tensor_sample("output_norm.weight", "F32", 0, false)}),
      .provenance = std::nullopt,
      .top = 2};
  report.weights.tensors[0].note = "the first 16 rows: the model has 16, the baseline 20";
  report.weights.tensors[2].note = "folded scales undone";
  report.weights.tensors[1].sums.skipped = 3;
  report.weights.whole.sums.skipped = 3;
  report.weights.offenders = {1, 2, 0};
  report.weights.only_in_model = {"blk.0.extra.weight"};
  report.weights.only_in_baseline = {"output.weight"};
  report.weights.not_compared = {{"rope_freqs.weight", "[16] in the model, [32] in the baseline"}};
  weights::Provenance found;
  found.alpha = numeric::Estimate{0.004, -0.012, 0.02};
  found.alpha_tensors = 3;
  found.chi2_per_df = 0.9;
  found.delta = 0.131;
  found.smallest_delta = 0.0004;
  found.residual_share = 0.04;
  found.residual_over_step = 0.8;
  found.within_fine_tune = numeric::Estimate{0.77, 0.75, 0.79};
  found.within_base = numeric::Estimate{0.995, 0.994, 0.996};
  found.within_difference = numeric::Estimate{-0.225, -0.25, -0.2};
  found.unquantized.base = 13;
  found.tensors = {
      {"blk.0.attn_q.weight", "Q2_K", 16, 16, numeric::Estimate{0.01, -0.02, 0.04}, 0.98, 0.05,
       0.8},
      {"blk.1.ffn_up.weight", "IQ2_S", 16, 16, std::nullopt, 0.97, 0.08, std::nullopt}};
  found.mismatched = {{"blk.1.attn_k.weight",
                      "99 % of its power is unexplained: it holds the baseline's "
                      "blk.0.attn_k.weight"}};
  weights::decide(found, true);
  report.provenance = found;
  return report;
}

CompareReport compare_equal() {
  return {.tool = {.version = "0.1.0", .libllama = ""},
          .model = tiny_q8(),
          .baseline = tiny_q8(),
          .base_model = std::nullopt,
          .weights = weights_sample({tensor_sample("output_norm.weight", "F32", 0, false)}),
          .provenance = std::nullopt,
          .top = 10};
}

ClinicReport clinic_sample() {
  ClinicCase control{.name = "healthy/Q6_K",
                        .made = "Q6_K",
                        .right_answers = {"healthy"},
                        .harm = "below",
                        .truth_windows = 24,
                        .found = "healthy",
                        .right = true,
                        .windows = {16, 245},
                        .spent = {3.2, 60, 1},
                        .summary = "No loss that matters was found on this text."};
  ClinicCase two{.name = "two/Q2_K + q4_0/q4_0",
                    .made = "Q2_K, q4_0/q4_0 cache",
                    .made_cause = "tier",
                    .made_also = "kv_cache",
                    .right_answers = {"tier"},
                    .harm = "above",
                    .truth_windows = 24,
                    .found = "tier",
                    .right = true,
                    .shares = {{"tier", {0.85, 0.84, 0.86}, {0.855, 0.845, 0.865}, true},
                               {"kv_cache", {0.15, 0.14, 0.16}, {0.12, 0.11, 0.13}, false}},
                    .windows = {16, 245},
                    .spent = {21.4, 384, 8},
                    .summary = "Tier too aggressive: it loses too much."};
  ClinicCase wrong{.name = "files/chat template",
                      .made = "Q8_0, another chat template",
                      .made_cause = "not_quant",
                      .right_answers = {"not_quant", "tier"},
                      .why = "made up",
                      .found = "healthy",
                      .missed = {"kv_cache"},
                      .false_alarms = {"tier", "calibration"},
                      .windows = {48, 245},
                      .spent = {9.9, 200, 2},
                      .summary = "No loss that matters was found on this text."};
  return {.tool = tool(),
          .baseline = "models/tiny-F16.gguf",
          .text = "bundled: frankenstein.txt",
          .patients = {control, two, wrong},
          .left_out = {"moe/tier Q2_K"},
          .seconds = 34.5};
}

ErrorReport error_sample() {
  return {.tool = tool(),
          .command = "measure",
          .error = {.kind = Kind::input,
                    .code = "GGUF-012",
                    .file = "tiny.gguf",
                    .place = "byte 8, tensor count",
                    .expected = "at most 42 entries",
                    .found = "9223372036854775807",
                    .advice = "Download the file again."}};
}

}  // namespace qualm::report::testing
