// Options that several commands share, in the groups that --help shows.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/options.h"

namespace qualm::cli {

inline constexpr const char* kModel = "Model";
inline constexpr const char* kText = "Text";
inline constexpr const char* kRunAs = "Run as";
inline constexpr const char* kOutput = "Output";
inline constexpr const char* kServer = "Server";

/// The commands and what each of them fills.
struct Parser {
  Options& options;
  std::string model = {};
  bool list_cases = false;
  bool print_schema = false;
  std::vector<std::string> words = {};

  [[nodiscard]] job::Request& request() const noexcept { return options.request; }
};

/// The option under a heading, with the name of what it takes: FILE, N, TYPE.
CLI::Option* named(CLI::Option* option, const char* group, const char* type);
[[nodiscard]] CLI::Validator one_of(const std::vector<std::string>& names);
/// A number in digits: no inf, no nan.
[[nodiscard]] CLI::Validator finite();
[[nodiscard]] CLI::Validator not_negative();
/// "json", "html", ...: what --format takes.
[[nodiscard]] std::optional<Format> format_named(std::string_view name);
void add_format(CLI::App& command, Options& options);
void add_output(CLI::App& command, Options& options);
void add_runtime(CLI::App& command, job::Request& request);
void add_threads(CLI::App& command, job::Request& request, const char* group = kRunAs);
void add_no_cache(CLI::App& command, job::Request& request);
void add_pack(CLI::App& command, job::Request& request);
/// For the ladder of measure and of diagnose.
void add_memory(CLI::App& command, job::Request& request);
void add_text(CLI::App& command, job::Request& request);
void add_reference(CLI::App& command, job::Request& request);
void add_low_memory(CLI::App& command, job::Request& request);
void add_run_as(CLI::App& command, job::Request& request);
/// Where the model lies: -ngl, --device, --rpc, ...
void add_devices(CLI::App& command, job::Request& request);
/// --cross-check
void add_cross_check(CLI::App& command, job::Request& request);
void add_run_with(CLI::App& command, job::Request& request);
void add_accept(CLI::App& command, job::Request& request);
void add_model(CLI::App& command, Parser& parser,
               const char* help =
                   "the quantized model: a GGUF file, a Hugging Face folder, or a "
                   "name as in `qualm models`");
void add_base_model(CLI::App& command, job::Request& request);
/// The commands `measure` and `merge`.
void add_measure(CLI::App& app, Parser& parser);
void add_merge(CLI::App& app, Parser& parser);
/// The command `models`.
void add_models(CLI::App& app, Parser& parser);
/// The command `serve`.
void add_serve(CLI::App& app, Parser& parser);

/// Where MODEL is the address of a server.
void add_server(CLI::App& command, job::Request& request);

}  // namespace qualm::cli
