#include "cli/options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <sstream>
#include <string_view>

#include "base/error.h"
#include "cli/help.h"
#include "cli/option_groups.h"
#include "clinic/cases.h"
#include "commands/written_texts.h"
#include "report/explain.h"

namespace qualm::cli {
namespace {

void add_named_texts(CLI::App& command, job::Request& request) {
  named(command.add_option("--text", request.texts,
                           "another text the model must be good at, for example code=main.c; "
                           "may be repeated"),
        kText, "NAME=FILE")
      ->take_all();
}

/// "30s", "5m", "1h", or a number of seconds; more than none.
CLI::Validator duration() {
  return {[](std::string& word) {
            double unit = 1;
            std::string number = word;
            if (!word.empty() && std::string_view("smh").contains(word.back())) {
              unit = word.back() == 'm' ? 60 : word.back() == 'h' ? 3600 : 1;
              number.pop_back();
            }
            double value = 0;
            const char* const last = number.data() + number.size();
            const auto [end, error] = std::from_chars(number.data(), last, value);
            if (error != std::errc() || end != last || !(value > 0 && std::isfinite(unit * value)))
              return fmt::format("expected a time such as 30s, 5m or 1h, found \"{}\"",
                                 printable(word));
            word = fmt::format("{}", unit * value);
            return std::string();
          },
          ""};
}

void add_diagnose(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command =
      app.add_subcommand("diagnose", "find out why MODEL got worse, and what fixes it");
  add_model(*command, parser);
  named(command->add_option("--baseline", request.baseline,
                            "the original model it was made from (F16, BF16, ...)"),
        kModel, "FILE");
  add_pack(*command, request);
  add_base_model(*command, request);
  named(command->add_option("--imatrix", request.imatrix,
                            "the importance matrix of MODEL: lists what is missing in it"),
        kModel, "FILE");
  add_runtime(*command, request);
  add_text(*command, request);
  add_named_texts(*command, request);
  named(
      command->add_option(
          "--symptom", request.symptom,
          fmt::format("what is wrong with the answers: {} (default: all, and the model "
                      "writes texts only if a loss was found and it has at most 1 billion weights)",
                      fmt::join(commands::symptom_options(), ", "))),
      kText, "NAME")
      ->check(one_of(commands::symptom_options()));
  named(command->add_option("--prompts", request.prompts,
                            "prompts to continue, one per line (default: bundled ones)"),
        kText, "FILE");
  add_accept(*command, request);
  command->add_flag("--plan", request.plan_only, "say what it would read, and how long that takes")
      ->group(kOutput);
  named(command->add_option("--budget", request.budget,
                            "how long it may take: 30s, 5m, 1h. What does not fit is left out, and "
                            "the report says what (default: no limit)"),
        kOutput, "TIME")
      ->transform(duration());
  add_run_as(*command, request);
  add_reference(*command, request);
  add_low_memory(*command, request);
  add_cross_check(*command, request);
  add_run_with(*command, request);
  add_server(*command, request);
  add_memory(*command, request);
  command->parse_complete_callback([command, &request] {
    request.cache_told = command->count("--cache-type-k") + command->count("--cache-type-v") > 0;
  });
  add_output(*command, parser.options);
}

void add_reference_pack(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command = app.add_subcommand(
      "reference",
      "run the original MODEL once and write a reference pack, for those who do not have it");
  add_model(*command, parser, "the original (F16, BF16, ...)");
  named(command->add_option("-f,--file", request.text,
                            "text to judge on, or conversations as .jsonl (default: a bundled "
                            "public-domain novel)"),
        kText, "FILE");
  add_named_texts(*command, request);
  named(command->add_option("--windows", request.pack.windows,
                            "windows of the text of -f; of each other text at most 8"),
        kText, "N")
      ->check(CLI::Range(std::int64_t{1}, std::int64_t{1} << 20).description(""))
      ->capture_default_str();
  named(command->add_option("-c,--ctx-size", request.settings.ctx_size, "tokens per window"), kText,
        "N")
      ->capture_default_str();
  const auto no_ladder = [&request] { request.pack.ladder = false; };
  command
      ->add_flag_callback(
          "--no-ladder", no_ladder,
          "do not make and measure Q4_K_M, Q5_K_M, Q6_K and Q8_0 of MODEL: faster, but a KLD "
          "between 0.02 and 0.1 cannot be judged with the pack")
      ->group(kText);
  add_threads(*command, request);
  add_devices(*command, request);
  add_reference(*command, request);
  add_no_cache(*command, request);
  add_format(*command, parser.options);
  named(command->add_option("-o,--output", request.pack.output, "the pack, for example model.qref"),
        kOutput, "FILE")
      ->required();
  command->add_flag("-q,--quiet", parser.options.quiet, "show no progress")->group(kOutput);
}

void add_inspect(CLI::App& app, Parser& parser) {
  CLI::App* command = app.add_subcommand(
      "inspect", "show what MODEL is: format, bits, tokenizer, origin, risks; runs nothing");
  add_model(*command, parser);
  command
      ->add_flag("--verify", parser.request().verify,
                 "read every weight: NaN, infinities, rows of one value")
      ->group(kModel);
  add_runtime(*command, parser.request());
  add_output(*command, parser.options);
}

void add_compare(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command =
      app.add_subcommand("compare", "compare the weights of MODEL with ORIGINAL, tensor by tensor");
  add_model(*command, parser);
  named(command->add_option("ORIGINAL", request.baseline,
                            "the model it is compared with, in any format"),
        kModel, "FILE")
      ->required();
  add_base_model(*command, request);
  named(command->add_option("--top", request.top, "how many of the worst tensors to list"), kOutput,
        "N")
      ->check(not_negative())
      ->capture_default_str();
  add_threads(*command, request, "Computing");
  add_output(*command, parser.options);
}

void add_repair(CLI::App& app, Parser& parser) {
  job::Repair& repair = parser.request().repair;
  CLI::App* command = app.add_subcommand(
      "repair", "write a copy of MODEL (GGUF) with other metadata: special tokens, rope, template");
  add_model(*command, parser, "a GGUF file");
  const auto list = [&](const char* option, auto& value, const char* type, const char* help) {
    named(command->add_option(option, value, help), "Change", type)->take_all();
  };
  list("--set", repair.set, "KEY=VALUE", "set this key, in the type it has; may be repeated");
  list("--copy", repair.copy, "KEY", "take this key from the file of --from; may be repeated");
  list("--remove", repair.remove, "KEY", "remove this key; may be repeated");
  named(command->add_option("--from", repair.from, "the model that --copy copies from"), "Change",
        "FILE");
  add_format(*command, parser.options);
  named(command->add_option("-o,--output", repair.output, "the new GGUF file"), kOutput, "FILE")
      ->required();
}

void add_demo(CLI::App& app, Parser& parser) {
  CLI::App* command =
      app.add_subcommand("demo", "quantize the bundled model in four ways and diagnose each");
  add_threads(*command, parser.request());
  add_no_cache(*command, parser.request());
  add_output(*command, parser.options);
}

void add_clinic(CLI::App& app, Parser& parser) {
  job::Request& request = parser.request();
  CLI::App* command = app.add_subcommand(
      "clinic", "make models with known faults, and test whether diagnose finds them");
  const auto add = [&](const char* option, std::string& value, const char* type, const char* help) {
    named(command->add_option(option, value, help), kModel, type);
  };
  add("--baseline", request.baseline, "FILE",
      "the model that the test cases are made from (default: bundled)");
  add("--finetune", request.clinic.finetune, "FILE",
      "a fine-tune of that model (default: bundled)");
  add("--moe", request.clinic.moe, "FILE", "a mixture-of-experts model; adds its cases");
  add("--only", request.clinic.only, "NAME", "only cases whose name contains this");
  command
      ->add_flag("--packs", request.clinic.with_packs,
                 "diagnose each case again by a reference pack of its original, and compare")
      ->group(kModel);
  command
      ->add_flag("--alone", request.clinic.alone,
                 "diagnose each case again without its original, and judge")
      ->group(kModel);
  command->add_flag("--list", parser.list_cases, "list the cases and how each is made")
      ->group(kModel);
  add_text(*command, request);
  add_accept(*command, request);
  add_run_as(*command, request);
  add_reference(*command, request);
  add_low_memory(*command, request);
  add_output(*command, parser.options);
}

void add_explain(CLI::App& app, Parser& parser) {
  CLI::App* command = app.add_subcommand(
      "explain", "explain a word of a report: a metric, a check, an error code, ...");
  named(command->add_option("WORD", parser.words,
                            "kld_mean, tier, Q4_K, GGUF-004, ... (default: all)"),
        "Word", "NAME")
      ->take_all();
  command->add_flag("--schema", parser.print_schema, "print the JSON schema of the reports")
      ->group("Word");
}

Leave wrong_usage(const std::string& what, const std::string& command) {
  const std::string help =
      command.empty() ? "qualm --help" : fmt::format("qualm {} --help", command);
  Leave leave{.error = Error{Kind::input, "USAGE-001", "", "command line", "", what,
                             fmt::format("Run `{}`.", help)}};
  leave.options.request.command = command;
  return leave;
}

/// Where a report was to go, from a command line that could not be parsed. -o of repair and
/// reference is none.
void find_output(const std::vector<std::string>& words, Options& options) {
  const auto take = [&](std::size_t i, std::string_view name) -> std::string {
    if (words[i] == name) return i + 1 < words.size() ? words[i + 1] : std::string();
    const std::string with = std::string(name) + "=";
    return words[i].starts_with(with) ? words[i].substr(with.size()) : std::string();
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (const auto format = format_named(take(i, "--format"))) options.format = *format;
    for (const char* name : {"-o", "--output"})
      if (options.request.command != "repair" && options.request.command != "reference")
        if (auto file = take(i, name); !file.empty()) options.output = std::move(file);
  }
}

/// A file whose name begins with a dash, which was read as an option.
std::string dashed_file(const std::vector<std::string>& words) {
  std::error_code ignored;
  for (const std::string& word : words)
    if (word.size() > 1 && word.front() == '-' && std::filesystem::is_regular_file(word, ignored))
      return word;
  return {};
}

/// What CLI11 says, and where the report of it is to go.
Leave not_parsed(const std::string& said, const std::string& command,
                 const std::vector<std::string>& words) {
  Leave leave = wrong_usage(said, command);
  find_output(words, leave.options);
  if (const std::string file = dashed_file(words); !file.empty())
    leave.error->advice =
        fmt::format("The file {0} was read as an option: write ./{0} for it.", file);
  return leave;
}

/// The word that would be the command, or "".
std::string command_word(int argc, const char* const* argv) {
  return argc > 1 && argv[1][0] != '-' ? argv[1] : "";
}

bool known(const CLI::App& app, const std::string& command) {
  return !app.get_subcommands([&](const CLI::App* c) { return c->get_name() == command; }).empty();
}

/// What is answered without running anything; nothing: go on.
std::optional<Leave> answer(const Parser& parser) {
  if (parser.list_cases) return Leave{.text = clinic::list_of_cases(parser.request().clinic.only)};
  if (parser.request().command != "explain") return std::nullopt;
  if (parser.print_schema) return Leave{.text = report::schema()};
  const std::string word = fmt::format("{}", fmt::join(parser.words, " "));
  if (auto text = report::explain(word)) return Leave{.text = *std::move(text)};
  return wrong_usage(fmt::format("\"{}\" is not a word of qualm's reports", printable(word)),
                     "explain");
}

void add_commands(CLI::App& app, Parser& parser) {
  for (const auto add :
       {add_diagnose, add_measure, add_merge, add_reference_pack, add_inspect, add_models,
        add_compare, add_repair, add_demo, add_clinic, add_serve, add_explain})
    add(app, parser);
  app.add_subcommand("job", "")->group("");  // for qualm's own use; not in the help
  set_help(app);
}

}  // namespace

std::variant<Options, Leave> parse(int argc, const char* const* argv) {
  Options options;
  Parser parser{options};
  CLI::App app{kDescription, "qualm"};
  app.require_subcommand(1);
  app.option_defaults()->take_last();  // as llama.cpp does: a script may add to its defaults
  add_commands(app, parser);
  const std::string command = command_word(argc, argv);
  // CLI11 would only miss a command and not name what it found instead.
  if (!command.empty() && !known(app, command))
    return wrong_usage(fmt::format("\"{}\" is not a command", printable(command)), "");
  const auto words = with_llama_names(argc, argv);
  try {
    app.parse(std::vector(words.rbegin(), words.rend()));
  } catch (const CLI::ParseError& said) {
    if (said.get_exit_code() != 0) return not_parsed(said.what(), command, words);
    std::ostringstream out;
    app.exit(said, out, out);
    return Leave{.text = out.str()};
  }
  options.request.command = app.get_subcommands().front()->get_name();
  options.request.words.assign(argv + 1, argv + argc);
  if (options.format == Format::html) options.request.shown_windows = job::kShownWindows;
  if (auto leave = answer(parser)) return *std::move(leave);
  const job::Request& asked = options.request;
  if (asked.command == "measure" && asked.baseline.empty() && asked.reference.empty())
    return not_parsed("--baseline or --reference is required", command, words);
  if (!parser.model.empty()) options.request.models = {parser.model};
  return options;
}

}  // namespace qualm::cli
