#include "commands/session.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "assemble/recipe.h"
#include "base/platform.h"
#include "base/text.h"
#include "commands/bundled.h"
#include "commands/chat_text.h"
#include "diagnose/weights_in_words.h"
#include "engine/llama_engine.h"
#include "experiment/content_hash.h"
#include "model/cache.h"
#include "model/file_type.h"
#include "model/padding.h"
#include "probe/readable.h"
#include "weights/integrity.h"

namespace qualm::commands {
namespace {

constexpr double kMostLeftOut = 0.1;  // of a text's characters: more, and it is another text

constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kBundled{
    {{"prose", "frankenstein.txt"},
     {"code", "code.txt"},
     {"languages", "languages.txt"},
     {"chat", "chat.jsonl"}}};

/// Characters that the tokenizer throws at are left out, with a note; TOKENIZER-001 where they are
/// more than a few.
Result<std::vector<engine::Token>> tokenize(const std::string& text, engine::Model& reference,
                                            Progress& progress) {
  auto tokens = reference.tokenize(text, engine::SpecialTokens::parsed);
  if (tokens || tokens.error().code != "TOKENIZER-001") return tokens;
  const auto part = probe::readable(reference, text);
  if (!part ||
      static_cast<double>(part->count()) > kMostLeftOut * static_cast<double>(part->characters))
    return tokens;
  progress.note(fmt::format("{} of the text have no token and are left out",
                            probe::left_out_in_words(*part)));
  return reference.tokenize(part->text, engine::SpecialTokens::parsed);
}

}  // namespace

report::ModelCard card(const model::Checkpoint& checkpoint) {
  report::ModelCard card;
  card.path = checkpoint.path;
  card.format = checkpoint.format;
  card.arch = checkpoint.architecture();
  card.name = checkpoint.metadata.string("general.name").value_or("");
  card.parameters = checkpoint.parameters();
  card.file_bytes = checkpoint.file_bytes();
  card.bpw = checkpoint.bits_per_weight();
  card.type = model::type_of(checkpoint);
  card.context_length = checkpoint.arch_integer("context_length");
  std::map<std::string, std::int64_t> by_type;
  for (const model::Tensor& tensor : checkpoint.tensors)
    by_type[tensor.encoding.name] += tensor.parameters();
  for (const auto& [type, count] : by_type)
    card.top_types.emplace_back(
        type, static_cast<double>(count) /
                  static_cast<double>(std::max<std::int64_t>(1, card.parameters)));
  std::ranges::stable_sort(card.top_types, std::greater<>(),
                           [](const auto& entry) { return entry.second; });
  return card;
}

Result<void> identify(experiment::OpenedModel& model, Progress& progress) {
  QUALM_TRY(auto identity, experiment::content_hash(model.checkpoint(), progress));
  if (!model.runs_as_it_is()) identity += fmt::format("/assembled-{}", assemble::kAssembleVersion);
  model.set_identity(std::move(identity));
  return {};
}

Result<std::shared_ptr<experiment::OpenedModel>> open_model(const std::string& path,
                                                            Progress& progress) {
  QUALM_TRY(auto opened, experiment::OpenedModel::open(path));
  QUALM_CHECK(identify(*opened, progress));
  return opened;
}

std::string leave_out_padding(experiment::OpenedModel& candidate,
                              experiment::OpenedModel& baseline) {
  const auto common = model::common_vocabulary(candidate.checkpoint(), baseline.checkpoint());
  if (!common) return {};
  if (common->padding_a > 0) candidate.keep_tokens(common->tokens);
  if (common->padding_b > 0) baseline.keep_tokens(common->tokens);
  return fmt::format(
      "the same {} tokens; after them the file has {} unused entries of padding, the original {}: "
      "they are left out here",
      common->tokens, common->padding_a, common->padding_b);
}

std::string leave_out_padding(experiment::OpenedModel& candidate, std::int64_t tokens) {
  const std::int64_t padding = model::padding_after(candidate.checkpoint(), tokens);
  if (padding == 0) return {};
  candidate.keep_tokens(tokens);
  return fmt::format(
      "after the {} tokens of the original the file has {} unused entries of padding: they are "
      "left "
      "out here",
      tokens, padding);
}

Result<void> refuse_damaged(const model::Checkpoint& baseline, std::int32_t threads,
                            Progress& progress) {
  QUALM_TRY(const auto integrity, weights::check_integrity(baseline, nullptr, threads, progress));
  if (integrity.found.empty()) return {};
  const weights::IntegrityFault& first = integrity.found.front();
  return fail({Kind::input, "DIAGNOSE-001", baseline.path, "tensor " + first.tensor,
               "an original without damage", diagnose::in_words(first),
               "The original itself is damaged: download it again, or name another."});
}

Result<engine::Settings> settings_of(const job::Request& request) {
  engine::Settings settings = request.settings;
  const auto refuse = [](const char* option, const char* expected, std::int64_t found) {
    return fail({Kind::input, "REQUEST-003", "", option, expected, fmt::format("{}", found), ""});
  };
  if (settings.ctx_size < 16) return refuse("--ctx-size", "at least 16 tokens", settings.ctx_size);
  if (settings.ctx_size > (1 << 24))
    return refuse("--ctx-size", "at most 16777216 tokens", settings.ctx_size);
  if (settings.batch < 1) return refuse("--batch-size", "at least 1", settings.batch);
  if (settings.ubatch < 1) return refuse("--ubatch-size", "at least 1", settings.ubatch);
  if (request.chunks < -1 || request.chunks == 0)
    return refuse("--chunks", "at least 1 window, or -1 for all", request.chunks);
  if (settings.logits_memory < 1)
    return refuse("--logits-memory", "at least 1 MiB", settings.logits_memory);
  QUALM_CHECK(engine::check_names(settings));
  if (settings.flash_attn == "off" && model::is_quantized_cache(settings.type_v))
    return fail({Kind::input, "REQUEST-006", "", "--cache-type-v",
                 "f16, bf16 or f32 without flash attention", settings.type_v,
                 "A quantized V cache needs flash attention: leave -fa off away."});
  if (settings.threads <= 0) settings.threads = available_cores();
  return settings;
}

std::int64_t memory_of(const job::Request& request) noexcept {
  return request.memory > 0 ? request.memory : total_memory();
}

Result<std::string> TextReader::contents(const std::string& path) const {
  return read_text_as({engine, model}, path);
}

Result<std::unique_ptr<experiment::MeasuredText>> TextReader::read(const std::string& path) const {
  const std::int32_t length = request.settings.ctx_size;
  if (model.trained_context() > 0 && length > model.trained_context())
    progress.note(fmt::format(
        "{} was trained for {} tokens: windows of {} measure more than the quantization",
        request.baseline.empty() ? request.models.front() : request.baseline,
        model.trained_context(), length));
  QUALM_TRY(const std::string text, contents(path));
  return split(text);
}

Result<std::unique_ptr<experiment::MeasuredText>> TextReader::split(const std::string& text) const {
  progress.update("tokenizing the text", 0, 0);
  QUALM_TRY(auto tokens, tokenize(text, model, progress));
  QUALM_TRY(auto windows,
            evaluate::cut(std::move(tokens),
                          {.ctx_size = request.settings.ctx_size,
                           .protocol = request.protocol,
                           .start = model.window_start(),
                           .limit = request.chunks,
                           .seed = evaluate::kOrderSeed + static_cast<std::uint64_t>(request.seed),
                           .stride = stride}));
  return std::make_unique<experiment::MeasuredText>(std::move(windows), engine.version(), stores,
                                                    progress);
}

Result<std::vector<std::pair<std::string, std::string>>> named_texts(const job::Request& request) {
  std::vector<std::pair<std::string, std::string>> given;
  for (const std::string& text : request.texts) {
    const auto at = text.find('=');
    if (at == 0 || at == std::string::npos || at + 1 == text.size())
      return fail({Kind::input, "REQUEST-004", "", "--text", "NAME=FILE", text,
                   "For example --text code=main.c"});
    given.emplace_back(text.substr(0, at), text.substr(at + 1));
  }
  return given;
}

Result<DomainText> read_main(const TextReader& reader) {
  const bool bundled = reader.request.text.empty();
  std::string path = reader.request.text;
  if (bundled) {
    QUALM_TRY(path, data_file("corpora/frankenstein.txt"));
  }
  QUALM_TRY(auto text, reader.read(path));
  return DomainText{{.name = bundled ? "prose" : "text",
                     .windows = text->windows().count(),
                     .given = true,
                     .path = path,
                     .ctx_size = reader.request.settings.ctx_size},
                    std::move(text)};
}

Result<std::vector<DomainText>> read_domains(const TextReader& reader) {
  QUALM_TRY(const auto given, named_texts(reader.request));
  std::vector<DomainText> domains;
  const auto add = [&](experiment::Domain domain) -> Result<void> {
    QUALM_TRY(auto text, reader.read(domain.path));
    domain.windows = text->windows().count();
    domain.ctx_size = text->windows().ctx_size;
    domains.push_back({std::move(domain), std::move(text)});
    return {};
  };
  for (const auto& [name, file] : kBundled) {
    const bool is_first = reader.request.text.empty() && name == kBundled.front().first;
    const bool of_no_use = is_chat(file) && reader.model.chat_template().text.empty();
    if (is_first || of_no_use ||
        std::ranges::find(given, name, [](const auto& g) { return g.first; }) != given.end())
      continue;
    QUALM_TRY(const std::string path, data_file(fmt::format("corpora/{}", file)));
    if (const auto added = add({.name = std::string(name), .given = false, .path = path}); !added)
      reader.progress.note(fmt::format("{} is not read: {}", file, added.error().found));
  }
  for (const auto& [name, path] : given)
    QUALM_CHECK(add({.name = name, .given = true, .path = path}));
  return domains;
}

Result<std::vector<DomainText>> read_texts(const TextReader& main, const TextReader& domains) {
  std::vector<DomainText> texts(1);
  QUALM_TRY(texts.front(), read_main(main));
  QUALM_TRY(auto more, read_domains(domains));
  std::ranges::move(more, std::back_inserter(texts));
  return texts;
}

std::string command_line_of(const job::Request& request) {
  std::string line = request.words.empty() ? "" : "qualm";
  for (const std::string& word : request.words) line += " " + shell_word(word);
  return line;
}

std::string text_label(const job::Request& request) {
  return request.text.empty() ? "bundled: frankenstein.txt" : request.text;
}

}  // namespace qualm::commands
