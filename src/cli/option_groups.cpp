#include "cli/option_groups.h"

#include <fmt/format.h>

#include <fmt/ranges.h>
#include <array>
#include <utility>

#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/error.h"
#include "cli/help.h"

namespace qualm::cli {

CLI::Option* named(CLI::Option* option, const char* group, const char* type) {
  return option->group(group)->type_name(type);
}

/// The help names the choices in the sentence: the type says no more than NAME.
CLI::Validator one_of(const std::vector<std::string>& names) {
  return {[names](const std::string& word) {
            if (std::ranges::find(names, word) != names.end()) return std::string();
            return fmt::format("expected one of {}, found \"{}\"", fmt::join(names, ", "),
                               printable(word));
          },
          ""};
}
CLI::Validator finite() {
  return {[](const std::string& word) {
            const bool digits = word.find_first_not_of("+-.0123456789eE") == std::string::npos;
            return digits ? std::string()
                          : fmt::format("expected a number, found \"{}\"", printable(word));
          },
          ""};
}

constexpr std::int64_t kMostMebibytes = std::int64_t{1} << 30;

CLI::Validator not_negative() {
  return {[](const std::string& word) {
            return word.starts_with('-') ? word + " is less than 0" : std::string();
          },
          ""};
}

constexpr std::array<std::pair<std::string_view, Format>, 5> kFormats{{{"text", Format::text},
                                                                       {"json", Format::json},
                                                                       {"md", Format::markdown},
                                                                       {"html", Format::html},
                                                                       {"junit", Format::junit}}};

std::optional<Format> format_named(std::string_view name) {
  for (const auto& [known, format] : kFormats)
    if (known == name) return format;
  return std::nullopt;
}

void add_format(CLI::App& command, Options& options) {
  const auto set_format = [&options](const std::string& name) {
    options.format = format_named(name).value_or(Format::text);
  };
  std::vector<std::string> names;
  for (const auto& [name, format] : kFormats) names.emplace_back(name);
  named(command.add_option_function<std::string>(
            "--format", set_format,
            "text (default), json, md, html (a page to look at and share) or junit (for CI)"),
        kOutput, "FORMAT")
      ->check(one_of(names));
}

void add_output(CLI::App& command, Options& options) {
  add_format(command, options);
  named(command.add_option("-o,--output", options.output,
                           "write the report to this file instead of the terminal"),
        kOutput, "FILE");
  command.add_flag("-q,--quiet", options.quiet, "show no progress")->group(kOutput);
  command.add_flag("-v,--verbose", options.verbose, "show all evidence and details")
      ->group(kOutput);
  command.add_flag("--explain", options.explain, "explain the words of the report below it")
      ->group(kOutput);
}

void add_runtime(CLI::App& command, job::Request& request) {
  const auto names = job::known_runtimes();
  named(command.add_option(
            "--runtime", request.runtime,
            fmt::format("check that this runtime can load the model: {}", fmt::join(names, ", "))),
        kModel, "NAME")
      ->check(one_of(names));
}

void add_threads(CLI::App& command, job::Request& request, const char* group) {
  named(command.add_option("-t,--threads", request.settings.threads, "threads (0: all cores)"),
        group, "N")
      ->check(not_negative())
      ->capture_default_str();
}

void add_no_cache(CLI::App& command, job::Request& request) {
  command
      .add_flag_callback(
          "--no-cache", [&request] { request.use_cache = false; },
          "measure everything again; do not use saved results of earlier runs")
      ->group(kOutput);
}

void add_reference(CLI::App& command, job::Request& request) {
  named(command.add_option(
            "--reference-memory", request.reference_memory,
            "MiB of memory for the original's probabilities; the rest is read from disk"),
        kRunAs, "N")
      ->check(CLI::Range(std::int64_t{1}, kMostMebibytes).description(""))
      ->capture_default_str();
  named(command.add_option("--cache-size", request.cache_size,
                           "MiB of disk for saved results of the original (not the KV cache): a "
                           "later run with it does not run it again. When full, the oldest half of "
                           "them is deleted"),
        kRunAs, "N")
      ->check(CLI::Range(std::int64_t{1}, kMostMebibytes).description(""))
      ->capture_default_str();
}

void add_low_memory(CLI::App& command, job::Request& request) {
  command
      .add_flag("--low-memory", request.low_memory,
                "hold one model in memory at a time, and no matrix twice: slower (chosen "
                "automatically if the models do not fit)")
      ->group(kRunAs);
}

/// "8G", "800M", or a number; 1K is 1024 bytes.
static CLI::Validator bytes() {
  constexpr bool kThousandIsK = false;
  CLI::Validator size = CLI::AsSizeValue(kThousandIsK);
  return size.description("");
}

void add_pack(CLI::App& command, job::Request& request) {
  named(
      command.add_option("--reference", request.reference,
                         "instead of --baseline: a pack made with `qualm reference`, or a file of "
                         "llama-perplexity --kl-divergence-base"),
      kModel, "FILE");
}

void add_memory(CLI::App& command, job::Request& request) {
  named(command.add_option("--memory", request.memory,
                           "how much memory your model may take when you use it, for example 8G: "
                           "the report says which candidates fit (default: all of this machine)"),
        kOutput, "SIZE")
      ->transform(bytes());
}

void add_text(CLI::App& command, job::Request& request) {
  named(command.add_option("-f,--file", request.text,
                           "text to measure on, or conversations as .jsonl (default: a bundled "
                           "public-domain novel)"),
        kText, "FILE");
  named(command.add_option("-c,--ctx-size", request.settings.ctx_size,
                           "tokens per window; diagnose without an original takes 256"),
        kText, "N")
      ->each([&request](const std::string&) { request.windows_told = true; })
      ->capture_default_str();
  named(command.add_option("--chunks", request.chunks,
                           "read only the first N windows of the text (-1: all)"),
        kText, "N")
      ->capture_default_str();
  named(
      command.add_option("--seed", request.seed,
                         "another order of the windows: a result near a limit may change with it"),
      kText, "N")
      ->check(not_negative())
      ->capture_default_str();
  const auto set_protocol = [&request](const std::string& name) {
    request.protocol =
        name == "llama.cpp" ? evaluate::Protocol::llama_cpp : evaluate::Protocol::standard;
  };
  named(command.add_option_function<std::string>(
            "--protocol", set_protocol,
            "which positions are scored: default, or llama.cpp for those of llama-perplexity (the "
            "second half of each window)"),
        kText, "NAME")
      ->check(one_of({"default", "llama.cpp"}));
  command.add_flag("--full", request.full, "do not stop early: read all windows")->group(kText);
}

void add_run_as(CLI::App& command, job::Request& request) {
  auto& s = request.settings;
  const auto add = [&](const char* option, auto& value, const char* type, const char* help) {
    named(command.add_option(option, value, help), kRunAs, type)->capture_default_str();
  };
  add("--cache-type-k", s.type_k, "TYPE", "type of the K cache you run with: f16, q8_0, q4_0, ...");
  add("--cache-type-v", s.type_v, "TYPE", "type of the V cache you run with");
  add("--flash-attn", s.flash_attn, "MODE", "flash attention: on, off or auto");
  add_devices(command, request);
  add_threads(command, request);
  add("-b,--batch-size", s.batch, "N", "tokens in one call of libllama, like -b in llama.cpp");
  add("--ubatch-size", s.ubatch, "N", "tokens computed at once, like -ub in llama.cpp");
  add("--logits-memory", s.logits_memory, "N", "MiB for the logits of both models together");
  add_no_cache(command, request);
}

void add_run_with(CLI::App& command, job::Request& request) {
  job::RunWith& with = request.run_with;
  named(command.add_option("--lora", with.lora,
                           "the LoRA adapter that you load with MODEL: checks that it fits"),
        kRunAs, "FILE");
  named(command.add_option("--temp", with.temperature,
                           "the temperature that you sample with (llama.cpp: 0.8)"),
        kRunAs, "N")
      ->check(finite())
      ->check(not_negative());
  named(command.add_option("--repeat-penalty", with.repeat_penalty,
                           "the repeat penalty that you sample with (llama.cpp: 1.0)"),
        kRunAs, "N")
      ->check(finite())
      ->check(not_negative());
}

void add_accept(CLI::App& command, job::Request& request) {
  named(command.add_option(
            "--accept", request.accept,
            "the loss you accept, for example 'kld_mean<0.01' or 'ppl_change<1%' "
            "(without it: 1.5 times the KLD of this model's Q4_K_M, between 0.02 and 0.1)"),
        kText, "CONDITION");
}

void add_model(CLI::App& command, Parser& parser, const char* help) {
  named(command.add_option("MODEL", parser.model, help), kModel, "FILE")->required();
}

void add_base_model(CLI::App& command, job::Request& request) {
  named(command.add_option(
            "--base-model", request.base_model,
            "if the original is a fine-tune: the model before fine-tuning; tells whether MODEL "
            "was made from that by mistake"),
        kModel, "FILE");
}

void add_models(CLI::App& app, Parser& parser) {
  CLI::App* command = app.add_subcommand(
      "models", "list the models that other programs keep here, with the names to give them by");
  add_output(*command, parser.options);
}

void add_serve(CLI::App& app, Parser& parser) {
  Serving& serving = parser.options.serving;
  CLI::App* command = app.add_subcommand(
      "serve", "measure and diagnose from a page in the browser, on this machine");
  named(command->add_option("--root", serving.root,
                            "the folder whose models and texts the page may use, beside those of "
                            "`qualm models`"),
        kModel, "FOLDER")
      ->capture_default_str();
  named(command->add_option("--port", serving.port, "the port to listen on"), kServer, "N")
      ->check(CLI::Range(1, 65535).description(""))
      ->capture_default_str();
  auto* const token = command->add_option(
      "--token", serving.token,
      "the token that the page must know, 16 characters or more (default: a random one)");
  named(token, kServer, "TOKEN");
  named(command->add_option("--host", serving.host,
                            "an address to listen on, so that other machines can reach it; they "
                            "need the token (default: this machine alone)"),
        kServer, "ADDRESS")
      ->needs(token);
}

void add_server(CLI::App& command, job::Request& request) {
  named(command.add_option("--server-file", request.server.file,
                           "where MODEL is the address of a server: the file that it runs"),
        kModel, "FILE");
  command
      .add_flag(
          "--as-run", request.server.as_run,
          "MODEL is a file or a name: ask the server of yours that runs it now (llama-server, "
          "Ollama), not the file")
      ->group(kModel);
  named(command.add_option("--api-key-file", request.server.key_file,
                           "a file with the server's API key (default: QUALM_API_KEY)"),
        kModel, "FILE");
}

}  // namespace qualm::cli
