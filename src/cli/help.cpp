#include "cli/help.h"

#include <CLI/CLI.hpp>
#include <array>
#include <memory>
#include <string_view>
#include <utility>

#include "commands/version.h"

namespace qualm::cli {
namespace {

using Names = std::pair<std::string_view, std::string_view>;

/// llama.cpp's short names.
constexpr std::array kShortNames{Names{"-ctk", "--cache-type-k"}, Names{"-ctv", "--cache-type-v"},
                                 Names{"-ngl", "--n-gpu-layers"}, Names{"-ub", "--ubatch-size"},
                                 Names{"-fa", "--flash-attn"},    Names{"-dev", "--device"},
                                 Names{"-ts", "--tensor-split"},  Names{"-sm", "--split-mode"},
                                 Names{"-mg", "--main-gpu"}};

constexpr const char* kExitCodes =
    "Exit codes:\n"
    "  0  no problem found          3  cannot tell, or not examined\n"
    "  1  a problem was found       4  the engine failed\n"
    "  2  wrong usage or bad input  130  stopped by Ctrl-C";

constexpr std::array kExamples{
    Names{"diagnose",
          "  qualm diagnose model-Q2_K.gguf --baseline model-F16.gguf\n"
          "  qualm diagnose hf:ORG/REPO:Q3_K_M -ctk q8_0 -ctv q8_0   (without the original)\n"
          "  qualm diagnose model-Q4_K_M.gguf --baseline model-F16.gguf -ctk q4_0 -ctv q4_0\n"
          "  qualm diagnose model-Q4_K_M.gguf --baseline tune-F16.gguf --base-model base-F16.gguf\n"
          "  qualm diagnose model-IQ3_XXS.gguf --baseline model-F16.gguf --text code=main.c"},
    Names{"measure",
          "  qualm measure a.gguf b.gguf --baseline model-F16.gguf --pick 'kld_mean<0.05' --memory "
          "8G\n"
          "  qualm measure model-Q4_K_M.gguf --baseline model-F16.gguf --fail-if 'ppl_change>1%'\n"
          "  qualm measure model-Q8_0.gguf --baseline model-F16.gguf --kv"},
    Names{"merge",
          "  qualm measure q4.gguf --baseline f16.gguf --windows 0:120 --format json -o a.json\n"
          "  qualm measure q4.gguf --baseline f16.gguf --windows 120:245 --format json -o b.json\n"
          "  qualm merge a.json b.json"},
    Names{"reference",
          "  qualm reference model-F16.gguf -o model.qref\n"
          "  qualm diagnose model-Q3_K_M.gguf --reference model.qref"},
    Names{"inspect",
          "  qualm inspect model.gguf\n"
          "  qualm inspect hf:bartowski/Llama-3.2-1B-Instruct-GGUF:Q4_K_M\n"
          "  qualm inspect ollama:llama3.2:3b\n"
          "  qualm inspect model-awq/ --verify --runtime llama.cpp"},
    Names{"models",
          "  qualm models\n"
          "  qualm models --format json"},
    Names{"compare",
          "  qualm compare model-Q4_K_M.gguf model-F16.gguf\n"
          "  qualm compare model-gptq/ tune-F16.gguf --base-model base-F16.gguf"},
    Names{"repair",
          "  qualm repair model.gguf --set tokenizer.ggml.eos_token_id=2 -o repaired.gguf\n"
          "  qualm repair model.gguf --from model-F16.gguf --copy tokenizer.chat_template -o "
          "repaired.gguf"},
    Names{"demo", "  qualm demo"},
    Names{"clinic",
          "  qualm clinic --list\n"
          "  qualm clinic --only cache/ -c 128"},
    Names{"serve",
          "  qualm serve --root ~/models\n"
          "  qualm serve --host 192.168.1.5 --token \"$(openssl rand -hex 16)\""},
    Names{"explain",
          "  qualm explain kld_mean\n"
          "  qualm explain --schema > report.schema.json"}};

constexpr std::size_t kNameWidth = 34;
constexpr std::size_t kTextWidth = 64;

/// Shows llama.cpp's short name beside the long one.
class HelpFormatter final : public CLI::Formatter {
 public:
  HelpFormatter() { column_width(kNameWidth); }
  std::string make_option_name(const CLI::Option* option, bool is_positional) const override {
    std::string name = CLI::Formatter::make_option_name(option, is_positional);
    for (const auto& [from, to] : kShortNames)
      if (!is_positional && name == to) return std::string(from) + "," + name;
    return name;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return wrapped(option->get_description());
  }

 private:
  /// Broken at spaces; the formatter indents what follows a line break.
  static std::string wrapped(std::string text) {
    std::size_t begin = 0;
    while (text.size() - begin > kTextWidth) {
      const std::size_t space = text.rfind(' ', begin + kTextWidth);
      if (space == std::string::npos || space <= begin) break;
      text[space] = '\n';
      begin = space + 1;
    }
    return text;
  }
};

}  // namespace

void set_help(CLI::App& app) {
  app.set_version_flag("--version", commands::version);
  const auto formatter = std::make_shared<HelpFormatter>();
  app.formatter(formatter);
  app.footer(std::string("Start with `qualm demo`. `qualm COMMAND --help` has the options and "
                         "examples.\n\n") +
             kExitCodes);
  for (const auto& [name, examples] : kExamples) {
    CLI::App* command = app.get_subcommand(std::string(name));
    command->formatter(formatter);
    const bool many = examples.find('\n') != std::string_view::npos;
    command->footer((many ? "Examples:\n" : "Example:\n") + std::string(examples));
  }
}

std::vector<std::string> with_llama_names(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  for (std::string& word : words)
    for (const auto& [from, to] : kShortNames) {
      if (word == from) word = to;
      if (word.starts_with(std::string(from) + "="))
        word = std::string(to) + word.substr(from.size());
    }
  return words;
}

}  // namespace qualm::cli
