#include "report/sample_reports.h"

#include <limits>

#include "clinic/judge.h"
#include "report/document.h"

namespace qualm::report::testing {

Tool sample_tool() { return {.version = "0.1.0", .libllama = "libllama 0.7.0, ggml 0.27.0"}; }

engine::Settings sample_settings() { return {.ctx_size = 32, .batch = 32, .ubatch = 32}; }

ModelCard tiny_f16() {
  return {.path = "models/tiny-F16.gguf",
          .format = "GGUF v3",
          .arch = "llama",
          .type = "F16",
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
          .type = "Q2_K",
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
          .type = "Q8_0",
          .name = "",
          .parameters = 5'770'000,
          .file_bytes = 6'300'000,
          .bpw = 8.503,
          .top_types = {{"Q8_0", 0.9996}, {"F32", 0.0004}},
          .context_length = std::nullopt};
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
      .risks = {{"below_floor",
                 "The matrices of the layers have 3.35 bits per weight, without the "
                 "embedding. The usual minimum is 4.0."}},
      .integrity = {Integrity::Status::whole, {}},
      .runtime = "vllm",
      .loads = true};
}

InspectReport inspect_hostile() {
  InspectReport report = inspect_sample();
  report.model.path = "a\x1b[31m/evil|name`\n# <b>.gguf";
  report.model.name = "[x](javascript:alert) ``` \xff\xfe *bold*";
  report.model.bpw = std::numeric_limits<double>::quiet_NaN();
  report.experts = Experts{64, 8};
  report.runtime = "";
  report.types[0].name = "Q2|K";
  report.provenance = {{"key\r\n| a | b |", "value\x07"}};
  report.integrity = {
      Integrity::Status::damaged,
      {{"tensor blk.0.attn_q.weight", "3 blocks have a scale that is not a number"}}};
  return report;
}

namespace {

/// A case as the clinic reports it, with the figures of its diagnosis.
ClinicCase judged(const clinic::ClinicCase& made, const clinic::Truth& truth,
                  const DiagnoseReport& found) {
  ClinicCase result = clinic::judge(made, truth, found.diagnosis);
  result.windows = found.windows;
  result.spent = found.spent;
  return result;
}

/// One that a pack judges alike, one that it judges otherwise.
std::vector<ClinicCase> with_packs(std::vector<ClinicCase> cases) {
  cases[0].alone = {.found = "none_found", .answer = "none"};
  cases[1].alone = {.found = "architecture", .answer = "wrong"};
  cases[0].with_pack = {
      .cause = {"healthy", "none"}, .loss = "below", .cache = "cleared", .agrees = true};
  cases[1].with_pack = {
      .cause = {"tier", "wrong"}, .loss = "not_separated", .cache = "cause", .agrees = false};
  return cases;
}

}  // namespace

DemoReport demo_sample() {
  return {.tool = sample_tool(),
          .cases = {{.title = "As it should be",
                     .made = "Q6_K, f16 cache",
                     .truth = "",
                     .found = "",
                     .right = true,
                     .command = "qualm diagnose q6.gguf",
                     .diagnosis = to_json(diagnose_healthy())}}};
}

ClinicReport clinic_sample() {
  using clinic::Matters;
  const clinic::Truth healthy{.loss = Matters::no, .cache = {}, .shares = {}, .windows = 24};
  const clinic::Truth both{.loss = Matters::yes,
                           .cache = Matters::yes,
                           .shares = clinic::TrueShares{.weights = {0.75, 0.74, 0.76},
                                                        .cache = numeric::Estimate{0.3, 0.29, 0.31},
                                                        .tensors = {}},
                           .windows = 24};
  const std::vector<ClinicCase> cases{
      judged({.name = "healthy/Q6_K", .mix = "Q6_K"}, healthy, diagnose_healthy()),
      judged({.name = "two/Q2_K + q4_0/q4_0",
              .mix = "Q2_K",
              .type_k = "q4_0",
              .type_v = "q4_0",
              .cause = "tier",
              .also = "kv_cache"},
             both, diagnose_sample()),
      judged({.name = "files/chat template",
              .edit = clinic::Edit::chat_template,
              .cause = "not_quant",
              .also = "architecture",
              .or_as = {"tier"},
              .why = "a made-up reason"},
             healthy, diagnose_cache())};
  return {.tool = sample_tool(),
          .baseline = "models/tiny-F16.gguf",
          .text = "bundled: frankenstein.txt",
          .cases = with_packs(cases),
          .left_out = {"moe/tier Q2_K"},
          .seconds = 34.5};
}

PlanReport plan_sample() {
  return {.tool = sample_tool(),
          .model = tiny_q2(),
          .baseline = tiny_f16(),
          .steps = {{2, "loss", {{"original", 16, 45.1}, {"candidate", 16, 16.2}}},
                    {6, "fix, if a loss is found", {{"Q4_K_M", 8, 9.5}}}},
          .seconds = 70.8,
          .memory = {1'200'000'000, 8'000'000'000, false}};
}

PackReport pack_sample() {
  PackReport report;
  report.tool = sample_tool();
  report.reference = {.path = "packs/tiny.qref",
                      .original = "tiny-F16.gguf",
                      .content_hash = "0123456789abcdef",
                      .made_with = "qualm 0.1.0, libllama 0.7.0, ggml 0.27.0",
                      .types = {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"}};
  report.original.emplace();
  report.original->name = "qualm tiny";
  report.original->arch = "llama";
  report.original->type = "F16";
  report.original->parameters = 5'770'000;
  report.original->file_bytes = 11'600'000;
  report.bytes = 28'900'000;
  report.vocab_size = 4096;
  report.tokenizer_hash = std::string(64, 'a');
  const auto ppl = [](double value) {
    return numeric::Metric{
        .estimate = numeric::Estimate{value, 0.9 * value, 1.1 * value}, .unit = "1", .absent = ""};
  };
  report.texts = {{"prose", "frankenstein.txt", 81'920, 48, 512, ppl(78)},
                  {"code", "code.txt", 14'000, 8, 512, ppl(38)}};
  const evaluate::Metrics measured = measure_sample().results.back().measurement.metrics;
  report.types = {{"Q4_K_M", 3'740'000, measured}};
  report.noise_floor = {
      .estimate = numeric::Estimate{1.6e-7, 1.4e-7, 1.8e-7}, .unit = "nat/token", .absent = ""};
  report.error = {"Q4_K_M",
                  {2, 0.0045, 0.00450002, {numeric::Estimate{2e-8, -1e-8, 5e-8}, "nat/token", ""}}};
  return report;
}

ModelsReport models_sample() {
  ModelsReport report{.tool = sample_tool(), .models = {}, .stores = {}};
  report.models = {
      {.name = "hf:qualm/tiny-GGUF:F16",
       .store = "Hugging Face",
       .path = "/home/me/.cache/huggingface/hub/models--qualm--tiny-GGUF/tiny-F16.gguf",
       .card = tiny_f16(),
       .is_original = true},
      {.name = "hf:qualm/tiny-GGUF:Q2_K",
       .store = "Hugging Face",
       .path = "/home/me/.cache/huggingface/hub/models--qualm--tiny-GGUF/tiny-Q2_K.gguf",
       .card = tiny_q2(),
       .original = "hf:qualm/tiny-GGUF:F16"},
      {.name = "lms:qualm/other/other-Q8_0.gguf",
       .store = "LM Studio",
       .path = "/home/me/.lmstudio/models/qualm/other/other-Q8_0.gguf",
       .card = tiny_q8(),
       .pack = "packs/other.qref"},
      {.name = "ollama:broken:latest",
       .store = "Ollama",
       .path = "/home/me/.ollama/models/manifests/registry.ollama.ai/library/broken",
       .problem = "no finished download of it"}};
  report.stores = {{"Hugging Face", "/home/me/.cache/huggingface/hub", true},
                   {"llama.cpp", "/home/me/.cache/llama.cpp", false},
                   {"Ollama", "/home/me/.ollama/models", true}};
  return report;
}

std::vector<NamedModel> named_sample() {
  return {{.name = "ollama:tiny",
           .store = "Ollama",
           .path = "/home/me/.ollama/models/blobs/sha256-" + std::string(64, '0'),
           .notes = {{"ollama_temperature", "Ollama runs it with temperature 1.9."},
                     {"ollama_num_ctx",
                      "Ollama runs it with a context of 4096 tokens (num_ctx): it drops the "
                      "beginning of longer chats."}}},
          {.name = "hf:qualm/tiny-GGUF:F16",
           .store = "Hugging Face",
           .path = "/home/me/.cache/huggingface/hub/models--qualm--tiny-GGUF/tiny-F16.gguf"}};
}

ErrorReport error_sample() {
  return {.tool = sample_tool(),
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
