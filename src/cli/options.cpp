#include "cli/options.h"

#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <sstream>
#include <thread>

#include "base/error.h"
#include "clinic/cases.h"
#include "commands/written_texts.h"

namespace qualm::cli {
namespace {

constexpr const char* kDescription =
    "qualm: finds out why a quantized language model got worse, with measured evidence, and hands "
    "over the fix.";

constexpr const char* kFooter =
    "Examples:\n"
    "  qualm demo                                                  the first minute: a tiny model "
    "made ill, diagnosed\n"
    "  qualm diagnose model-Q2_K.gguf --baseline model-F16.gguf    what is wrong with it, and what "
    "fixes it\n"
    "  qualm diagnose model-Q4_K_M.gguf --baseline model-F16.gguf -ctk q4_0 -ctv q4_0\n"
    "  qualm measure a.gguf b.gguf --baseline model-F16.gguf --fail-if 'ppl_change>1%'\n"
    "  qualm inspect model.gguf --verify\n"
    "  qualm compare model-Q4_K_M.gguf model-F16.gguf --base-model base-F16.gguf\n"
    "Exit codes: 0 healthy, 1 a quality problem (or a --fail-if holds), 2 wrong usage or "
    "unreadable input,\n"
    "            3 cannot tell or not examined, 4 the engine failed, 130 stopped by Ctrl-C.";

void add_presentation(CLI::App& command, Options& options) {
  command
      .add_option_function<std::string>(
          "--format",
          [&options](const std::string& name) {
            options.format = name == "json" ? Format::json
                             : name == "md" ? Format::markdown
                                            : Format::text;
          },
          "text (default), json or md")
      ->check(CLI::IsMember({"text", "json", "md"}));
  command.add_option("-o,--output", options.output,
                     "write the report to this file instead of the terminal");
  command.add_flag("-q,--quiet", options.quiet, "no progress");
  command.add_flag("-v,--verbose", options.verbose, "all the evidence");
}

void add_runtime(CLI::App& command, job::Request& request) {
  command
      .add_option("--runtime", request.runtime, "what you run it with: does that load this format?")
      ->check(CLI::IsMember(job::known_runtimes()));
}

void add_run_options(CLI::App& command, job::Request& request) {
  auto& s = request.settings;
  command.add_option("-f,--file", request.text,
                     "text to measure on (default: a bundled public-domain novel)");
  command.add_option("-c,--ctx-size", s.ctx_size, "tokens per window")->capture_default_str();
  command
      .add_option("--chunks", request.chunks, "read only the first N windows of the text (-1: all)")
      ->capture_default_str();
  command
      .add_option_function<std::string>(
          "--protocol",
          [&request](const std::string& name) {
            request.protocol =
                name == "llama.cpp" ? evaluate::Protocol::llama_cpp : evaluate::Protocol::standard;
          },
          "default, or llama.cpp for llama-perplexity's positions and order")
      ->check(CLI::IsMember({"default", "llama.cpp"}));
  command.add_flag("--full", request.full,
                   "read the whole text, also when the answer is already certain");
  command.add_flag("!--no-cache", request.use_cache,
                   "measure again what earlier runs have measured");
  command
      .add_option("--cache-type-k", s.type_k,
                  "(-ctk) K cache type you run with: f16, q8_0, q4_0, ...")
      ->capture_default_str();
  command.add_option("--cache-type-v", s.type_v, "(-ctv) V cache type you run with")
      ->capture_default_str();
  command.add_option("--flash-attn", s.flash_attn, "(-fa) flash attention: on, off or auto")
      ->capture_default_str();
  command.add_option("-t,--threads", s.threads, "threads (0: all cores)")->capture_default_str();
  command.add_option("-b,--batch-size", s.batch, "tokens per call")->capture_default_str();
  command.add_option("--ubatch-size", s.ubatch, "(-ub) tokens per graph")->capture_default_str();
  command.add_option("--n-gpu-layers", request.gpu_layers, "(-ngl) layers on the GPU")
      ->capture_default_str();
}

/// CLI11 knows options of one letter and of words; llama.cpp's -ctk and the like are neither. They
/// become the long names here.
std::vector<std::string> with_llama_names(int argc, const char* const* argv) {
  static constexpr std::pair<std::string_view, std::string_view> kLong[] = {
      {"-ctk", "--cache-type-k"},
      {"-ctv", "--cache-type-v"},
      {"-ngl", "--n-gpu-layers"},
      {"-ub", "--ubatch-size"},
      {"-fa", "--flash-attn"}};
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::string& word : words)
    for (const auto& [from, to] : kLong) {
      if (word == from) word = to;
      if (word.starts_with(std::string(from) + "="))
        word = std::string(to) + word.substr(from.size());
    }
  return words;
}

}  // namespace

std::variant<Options, Leave> parse(int argc, const char* const* argv) {
  Options options;
  job::Request& request = options.request;
  CLI::App app{kDescription, "qualm"};
  app.footer(kFooter);
  app.set_version_flag("--version", "qualm " QUALM_VERSION);
  app.require_subcommand(1);
  app.option_defaults()->take_last();  // as llama.cpp does: a script may add to its defaults

  std::string model;
  CLI::App* diagnose = app.add_subcommand(
      "diagnose", "what is wrong with MODEL: every check of the guide, measured");
  diagnose->add_option("MODEL", model, "the quantized model: a GGUF, or the folder of a model")
      ->required();
  diagnose->add_option("--baseline", request.baseline,
                       "the model it was made from (F16, BF16, ...)");
  diagnose->add_option("--base-model", request.base_model,
                       "the model its original was tuned from: is this a quant of that one?");
  diagnose
      ->add_option("--symptom", request.symptom,
                   "what you see (default: all, for models up to 1 B weights)")
      ->check(CLI::IsMember(commands::symptom_options()));
  add_runtime(*diagnose, request);
  diagnose->add_option("--prompts", request.prompts,
                       "texts to be gone on with, one a line (default: bundled openings)");
  diagnose->add_option("--text", request.texts,
                       "NAME=FILE: a further domain the quant must serve; may be repeated");
  diagnose->add_option("--imatrix", request.imatrix,
                       "the importance matrix MODEL was made with, to look for gaps in it");
  add_run_options(*diagnose, request);
  add_presentation(*diagnose, options);

  CLI::App* measure = app.add_subcommand(
      "measure", "perplexity, kl divergence and flips of MODEL... against a baseline");
  measure->add_option("MODEL", request.models, "one or more candidates")->required();
  measure->add_option("--baseline", request.baseline, "what they are compared with")->required();
  measure->add_flag("--kv", request.kv_grid, "also the grid of K and V cache types, same weights");
  measure->add_option("--fail-if", request.fail_if,
                      "exit code 1 if this certainly holds: 'ppl_change>1%', 'kld_mean>0.02'");
  add_run_options(*measure, request);
  add_presentation(*measure, options);

  CLI::App* inspect = app.add_subcommand(
      "inspect", "what MODEL is: format, bits by class, provenance, risks, integrity");
  inspect->add_option("MODEL", model, "a GGUF, or the folder of a model")->required();
  inspect->add_flag("--verify", request.verify,
                    "decode every block: NaN, infinities, rows of one value");
  add_runtime(*inspect, request);
  add_presentation(*inspect, options);

  CLI::App* compare = app.add_subcommand(
      "compare", "the weights of MODEL against those of BASELINE, tensor by tensor");
  compare->add_option("MODEL", model, "a GGUF, or the folder of a model")->required();
  compare->add_option("BASELINE", request.baseline, "what it is compared with, in any format")
      ->required();
  compare->add_option("--base-model", request.base_model,
                      "the model BASELINE was tuned from: which of the two is this a quant of?");
  compare->add_option("--top", request.top, "how many of the worst tensors to name")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  compare->add_option("-t,--threads", request.settings.threads, "threads (0: all cores)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_presentation(*compare, options);

  CLI::App* demo =
      app.add_subcommand("demo", "makes the bundled model ill in four ways and diagnoses each");
  add_presentation(*demo, options);
  demo->add_option("-t,--threads", request.settings.threads, "threads (0: all cores)");
  demo->add_flag("!--no-cache", request.use_cache, "measure again what earlier runs have measured");

  CLI::App* clinic = app.add_subcommand(
      "clinic", "tests the diagnosis itself: patients with known causes, truth beside finding");
  clinic->add_option("--baseline", request.baseline,
                     "the model to make patients of (default: the bundled pair)");
  clinic->add_option("--finetune", request.finetune, "a model tuned from it");
  clinic->add_option("--moe", request.moe, "a mixture of experts to make patients of as well");
  clinic->add_option("--only", request.only, "the patients whose name holds this");
  clinic->add_flag("--list", request.list, "name the patients, and how each is made");
  add_run_options(*clinic, request);
  add_presentation(*clinic, options);

  app.add_subcommand("job", "")->group("");  // for qualm's own use; not in the help

  // CLI11 would only miss a command and not name what it found instead.
  if (argc > 1 && argv[1][0] != '-' &&
      app.get_subcommands([&](const CLI::App* c) { return c->get_name() == argv[1]; }).empty())
    return Leave{fmt::format("{} is no command of qualm\nRun with --help for more information.\n",
                             printable(argv[1])),
                 2};

  try {
    auto words = with_llama_names(argc, argv);
    std::reverse(words.begin(), words.end());
    app.parse(std::move(words));
  } catch (const CLI::ParseError& said) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(said, out, err);
    return Leave{out.str() + err.str(), code == 0 ? 0 : 2};
  }
  request.command = app.get_subcommands().front()->get_name();
  if (request.list) return Leave{clinic::list_of_cases(request.only), 0};
  if (!model.empty()) request.models = {model};
  return options;
}

}  // namespace qualm::cli
