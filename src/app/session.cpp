#include "app/session.h"

#include <fmt/format.h>
#include <sched.h>

#include <algorithm>
#include <array>
#include <map>

#include "app/data.h"
#include "app/fingerprint.h"
#include "assemble/recipe.h"
#include "probe/readable.h"

namespace qualm::app {
namespace {

constexpr std::uint64_t kOrderSeed =
    20260101;  // fixed: the same text is read in the same order by everyone

constexpr double kMostLeftOut = 0.1;  // of a text's characters: more, and it is another text

constexpr std::array<std::pair<std::string_view, std::string_view>, 3> kBundled{
    {{"prose", "frankenstein.txt"}, {"code", "code.txt"}, {"languages", "languages.txt"}}};

/// Cores this process may run on, which in a container are fewer than the machine has.
std::int32_t available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof(set), &set) != 0) return 1;
  return std::max(1, CPU_COUNT(&set));
}

/// Characters that the tokenizer throws at are left out, with a note; TOKENIZER-001 where they are
/// more than a few.
Result<std::vector<engine::Token>> tokenize(const std::string& text, engine::Model& reference,
                                            Progress& progress) {
  auto tokens = reference.tokenize(text, true);
  if (tokens || tokens.error().code != "TOKENIZER-001") return tokens;
  const auto part = probe::readable(reference, text);
  if (!part ||
      static_cast<double>(part->count()) > kMostLeftOut * static_cast<double>(part->characters))
    return tokens;
  progress.note(fmt::format("{} of the text have no token and are left out",
                            probe::left_out_in_words(*part)));
  return reference.tokenize(part->text, true);
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

Result<std::shared_ptr<PatientFile>> open_patient(const std::string& path, Progress& progress) {
  QUALM_TRY(auto patient, PatientFile::open(path));
  QUALM_TRY(auto identity, fingerprint(patient->checkpoint(), progress));
  if (!patient->runs_as_it_is())
    identity += fmt::format("/assembled-{}", assemble::kAssembleVersion);
  patient->set_identity(std::move(identity));
  return patient;
}

Result<engine::Settings> settings_of(const Request& request) {
  engine::Settings settings = request.settings;
  const auto refuse = [](const char* option, const char* expected, std::int64_t found) {
    return fail({Kind::input, "REQUEST-003", "", option, expected, fmt::format("{}", found), ""});
  };
  if (settings.ctx_size < 16) return refuse("--ctx-size", "at least 16 tokens", settings.ctx_size);
  if (settings.ctx_size > (1 << 24))
    return refuse("--ctx-size", "at most 16777216 tokens", settings.ctx_size);
  if (settings.batch < 1) return refuse("--batch-size", "at least 1", settings.batch);
  if (settings.ubatch < 1) return refuse("--ubatch-size", "at least 1", settings.ubatch);
  if (request.chunks < -1)
    return refuse("--chunks", "a number of windows, or -1 for all", request.chunks);
  if (settings.threads <= 0) settings.threads = available_cores();
  return settings;
}

Result<std::unique_ptr<Workbench>> prepare_bench(const Request& request, engine::Model& reference,
                                                 const engine::Engine& engine,
                                                 evaluate::WindowStore& store, Progress& progress) {
  if (reference.trained_context() > 0 && request.settings.ctx_size > reference.trained_context())
    progress.note(fmt::format(
        "{} was trained for {} tokens: windows of {} measure more than the quantization",
        request.baseline.empty() ? request.models.front() : request.baseline,
        reference.trained_context(), request.settings.ctx_size));
  QUALM_TRY(const std::string text, read_text(request.text));
  progress.update("tokenizing the text", 0, 0);
  QUALM_TRY(auto tokens, tokenize(text, reference, progress));
  QUALM_TRY(auto windows,
            evaluate::cut(std::move(tokens), request.settings.ctx_size, request.protocol,
                          reference.window_start(), request.chunks, kOrderSeed));
  return std::make_unique<Workbench>(std::move(windows), engine.version(), store, progress);
}

Result<std::vector<std::pair<std::string, std::string>>> named_texts(const Request& request) {
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

Result<std::vector<DomainBench>> prepare_domains(const Request& request, engine::Model& reference,
                                                 const engine::Engine& engine,
                                                 evaluate::WindowStore& store, Progress& progress) {
  QUALM_TRY(const auto given, named_texts(request));
  std::vector<DomainBench> domains;
  const auto add = [&](const std::string& name, const std::string& path,
                       bool by_user) -> Result<void> {
    Request one = request;
    one.text = path;
    QUALM_TRY(auto bench, prepare_bench(one, reference, engine, store, progress));
    domains.push_back({{name, bench->text().count(), by_user, path}, std::move(bench)});
    return {};
  };
  for (const auto& [name, file] : kBundled) {
    const bool is_first = request.text.empty() && name == kBundled.front().first;
    if (is_first ||
        std::ranges::find(given, name, [](const auto& g) { return g.first; }) != given.end())
      continue;
    QUALM_TRY(const std::string path, data_file(fmt::format("corpora/{}", file)));
    if (const auto added = add(std::string(name), path, false); !added)
      progress.note(fmt::format("{} is not read: {}", file, added.error().found));
  }
  for (const auto& [name, path] : given) QUALM_CHECK(add(name, path, true));
  return domains;
}

}  // namespace qualm::app
