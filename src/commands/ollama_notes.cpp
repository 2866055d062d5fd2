#include "commands/ollama_notes.h"

#include <fmt/format.h>

#include <optional>

#include "formats/read.h"

namespace qualm::commands {
namespace {

using Notes = std::vector<std::pair<std::string, std::string>>;

constexpr std::size_t kShownStop = 40;  // bytes of a text at which an answer ends

std::size_t count(const std::string& text, const std::string& part) {
  std::size_t found = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + part.size()))
    ++found;
  return found;
}

void add_template(const std::string& text, const std::optional<model::Checkpoint>& file,
                  Notes& notes) {
  const bool own = file && file->metadata.string("tokenizer.chat_template").has_value();
  notes.emplace_back("ollama_template",
                     own ? "Ollama uses its own prompt template in place of the one in the file. "
                           "qualm reads and uses the one in the file."
                         : "The file has no prompt template. Ollama has one of its own.");
  if (text.find(".Prompt") == std::string::npos && text.find(".Messages") == std::string::npos)
    notes.emplace_back("ollama_template_prompt",
                       "Ollama's template has no place for the prompt (.Prompt or .Messages): the "
                       "model does not see the question.");
  if (count(text, "{{") != count(text, "}}"))
    notes.emplace_back("ollama_template_braces",
                       "In Ollama's template {{ and }} are not in pairs.");
}

/// A number of the sampling, as Ollama has it and as the user said.
struct Sampling {
  const char* name;
  const char* option;
  std::optional<double> ollamas;
  std::optional<double> users;
};

void add_sampling(const Sampling& one, const job::Request& request, Notes& notes) {
  if (!one.ollamas) return;
  std::string says = fmt::format("Ollama runs it with {} {:.4g}", one.name, *one.ollamas);
  if (request.command == "diagnose")
    says += one.users
                ? fmt::format(", but {} says {:.4g}: that is examined", one.option, *one.users)
                : fmt::format(": examined as if {} said so", one.option);
  notes.emplace_back(fmt::format("ollama_{}", one.name), says + ".");
}

void add_context(std::int64_t tokens, const std::optional<model::Checkpoint>& file,
                 const job::Request& request, Notes& notes) {
  std::string says = fmt::format(
      "Ollama runs it with a context of {} tokens (num_ctx): it drops the beginning of longer "
      "chats.",
      tokens);
  if (request.command == "diagnose" || request.command == "measure")
    says += fmt::format(" qualm measures with {} (-c).", request.settings.ctx_size);
  const auto trained = file ? file->arch_integer("context_length") : std::nullopt;
  if (trained && *trained > 0 && tokens > *trained)
    says += fmt::format(" The model was trained for {}: later text breaks.", *trained);
  notes.emplace_back("ollama_num_ctx", std::move(says));
}

void add_stop(const std::vector<std::string>& stop, Notes& notes) {
  if (stop.empty()) return;
  std::string all;
  for (const std::string& one : stop)
    all += fmt::format("{}\"{}\"", all.empty() ? "" : ", ", printable(one.substr(0, kShownStop)));
  notes.emplace_back("ollama_stop", fmt::format("Ollama ends an answer at {} (stop).", all));
}

}  // namespace

Notes ollama_notes(const locate::Overrides& overrides, const std::string& path,
                   const job::Request& request) {
  std::optional<model::Checkpoint> file;
  if (auto read = formats::read_header(path)) file = *std::move(read);
  const job::RunWith& with = request.run_with;
  Notes notes;
  if (overrides.prompt_template) add_template(*overrides.prompt_template, file, notes);
  if (overrides.system && !overrides.system->empty())
    notes.emplace_back("ollama_system",
                       fmt::format("Ollama adds a system message of {} bytes to every chat.",
                                   overrides.system->size()));
  add_sampling({"temperature", "--temp", overrides.temperature, with.temperature}, request, notes);
  add_sampling(
      {"repeat_penalty", "--repeat-penalty", overrides.repeat_penalty, with.repeat_penalty},
      request, notes);
  if (overrides.num_ctx) add_context(*overrides.num_ctx, file, request, notes);
  add_stop(overrides.stop, notes);
  if (!overrides.adapter.empty())
    notes.emplace_back("ollama_adapter",
                       fmt::format("Ollama loads an adapter with it. Check that it fits with "
                                   "qualm diagnose --lora {}",
                                   overrides.adapter));
  return notes;
}

}  // namespace qualm::commands
