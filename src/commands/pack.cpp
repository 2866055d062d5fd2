#include "commands/pack.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/platform.h"

#include "evaluate/summary.h"
#include "experiment/base_file.h"

namespace qualm::commands {
namespace {

using experiment::PackText;
using experiment::ReferencePack;

Error another_tokenizer(const TextReader& reader, const std::string& place, std::string expected,
                        std::string found) {
  return {Kind::input,
          "PACK-006",
          reader.request.models.front(),
          place,
          std::move(expected),
          std::move(found),
          "The pack is of another model's original; or the file's tokenizer is not the original's "
          "(scores, merges or tokenizer.ggml.pre); or the original has padding at the end of its "
          "vocabulary, and this file has not."};
}

/// The first token at which the model splits the text otherwise.
Result<void> compare_tokens(const PackText& text, std::span<const engine::Token> own,
                            const TextReader& reader) {
  const auto& packed = text.windows.tokens;
  const auto [a, b] = std::ranges::mismatch(packed, own);
  if (a == packed.end()) return {};
  const auto shown = [&](const auto& at, const auto& end) {
    return at == end ? std::string("the end of the text")
                     : fmt::format("{} \"{}\"", *at, printable(reader.model.piece(*at)));
  };
  return fail(another_tokenizer(
      reader, fmt::format("token {} of the text {}", a - packed.begin(), text.name),
      shown(a, packed.end()), shown(b, own.end())));
}

/// A base file of llama-perplexity has tokens alone, and leaves the first of a window to the model.
evaluate::TextWindows with_starts(evaluate::TextWindows windows, engine::Token start) {
  if (start < 0) return windows;
  for (std::size_t at = 0; at < windows.tokens.size();
       at += static_cast<std::size_t>(windows.ctx_size))
    windows.tokens[at] = start;
  return windows;
}

Result<void> check_split(const PackText& text, const TextReader& reader) {
  if (text.text.empty()) {
    reader.progress.note(
        "The reference has no text, only its tokens: whether this model splits "
        "the text into the same ones is not checked.");
    return {};
  }
  auto split = reader.split(text.text);
  if (!split && split.error().code == "REMOTE-009") {
    reader.progress.note(
        "The server does not split texts: whether its model splits the text into the reference's "
        "tokens is not checked.");
    return {};
  }
  if (!split)
    return fail(
        another_tokenizer(reader, "text " + text.name, "the pack's tokens", split.error().found));
  return compare_tokens(text, (*split)->windows().tokens, reader);
}

Result<DomainText> ready(const PackText& text, const TextReader& reader) {
  QUALM_CHECK(check_split(text, reader));
  auto windows =
      text.text.empty() ? with_starts(text.windows, reader.model.window_start()) : text.windows;
  return DomainText{
      {.name = text.name,
       .windows = text.windows.count(),
       .given = text.given,
       .path = text.source},
      std::make_unique<experiment::MeasuredText>(std::move(windows), reader.engine.version(),
                                                 reader.stores, reader.progress)};
}

/// The original's perplexity, from its own scores alone.
numeric::Metric original_ppl(const PackText& text) {
  evaluate::Measurement measurement;
  for (const auto& window : text.kept) {
    evaluate::WindowScores scores{.window = static_cast<std::int32_t>(measurement.windows.size()),
                                  .scores = {}};
    for (const evaluate::KeptRow& row : window->rows)
      scores.scores.push_back({.nll_p = row.nll, .nll_q = row.nll, .finite = row.finite});
    measurement.windows.push_back(std::move(scores));
  }
  evaluate::summarize(measurement);
  return measurement.metrics[evaluate::MetricId::ppl_baseline];
}

evaluate::Metrics metrics_of(const std::vector<evaluate::WindowScores>& scores) {
  evaluate::Measurement measurement;
  measurement.windows = scores;
  evaluate::summarize(measurement);
  return measurement.metrics;
}

}  // namespace

Result<void> check_goes_with_pack(const job::Request& request) {
  if (request.reference.empty()) return {};
  const job::Request usual;
  const auto refuse = [](const char* option) {
    return fail({Kind::input, "PACK-008", "", option, "--reference without it", option,
                 "Leave it away: the pack brings the original, the text and its windows."});
  };
  if (!request.baseline.empty()) return refuse("--baseline");
  if (!request.base_model.empty()) return refuse("--base-model");
  if (!request.text.empty()) return refuse("--file");
  if (!request.texts.empty()) return refuse("--text");
  if (request.chunks != usual.chunks) return refuse("--chunks");
  if (request.seed != usual.seed) return refuse("--seed");
  if (request.protocol != usual.protocol) return refuse("--protocol");
  if (request.settings.ctx_size != usual.settings.ctx_size) return refuse("--ctx-size");
  return {};
}

bool is_reference(const std::string& path) {
  const auto file = map_file(path);
  return file && (experiment::looks_like_pack(**file) || experiment::looks_like_base_file(**file));
}

Result<ReferencePack> open_pack(const std::string& path) {
  QUALM_TRY(const auto file, map_file(path));
  if (experiment::looks_like_base_file(*file))
    return experiment::read_base_file(file, available_cores());
  return experiment::read_pack(file);
}

Result<std::vector<DomainText>> texts_of_pack(const ReferencePack& pack, const TextReader& reader) {
  const std::int64_t own = reader.model.vocab_size();  // 0: a server does not tell
  if (own != 0 && own != pack.vocab_size)
    return fail(another_tokenizer(reader, "vocabulary", fmt::format("{} tokens", pack.vocab_size),
                                  fmt::format("{} tokens", own)));
  std::vector<DomainText> texts;
  for (const PackText& text : pack.texts) {
    QUALM_TRY(DomainText one, ready(text, reader));
    texts.push_back(std::move(one));
  }
  texts.front().domain.given = true;  // it is what the candidate is judged on
  return texts;
}

diagnose::GivenPack given_pack(const ReferencePack& pack) {
  diagnose::GivenPack given{
      .original = pack.original.file, .types = {}, .has_text = !pack.texts.front().text.empty()};
  for (const experiment::PackType& type : pack.types) given.types.push_back(type.name);
  return given;
}

std::string label_of(const ReferencePack& pack) {
  return "of the pack: " + pack.texts.front().source;
}

std::optional<report::ModelCard> original_card(const ReferencePack& pack) {
  const experiment::PackOriginal& original = pack.original;
  if (original.parameters <= 0) return std::nullopt;
  report::ModelCard card;
  card.path = original.file;
  card.format = "reference pack";
  card.arch = original.architecture;
  card.name = original.name;
  card.parameters = original.parameters;
  card.file_bytes = static_cast<std::uint64_t>(original.bytes);
  card.bpw = 8.0 * static_cast<double>(original.bytes) / static_cast<double>(original.parameters);
  card.type = original.type;
  return card;
}

report::ReferenceCard reference_card(const ReferencePack& pack, const std::string& path) {
  return {path, pack.original.file, pack.original.content_hash, pack.made_with,
          given_pack(pack).types};
}

std::optional<report::ReferenceError> error_of(const ReferencePack& pack) {
  if (!pack.error) return std::nullopt;
  return report::ReferenceError{pack.error->type, pack.error->kld};
}

report::PackReport report_of_pack(const ReferencePack& pack, const std::string& path) {
  std::error_code ignored;
  report::PackReport report{
      .reference = reference_card(pack, path),
      .original = original_card(pack),
      .bytes = static_cast<std::int64_t>(std::filesystem::file_size(path, ignored)),
      .vocab_size = pack.vocab_size,
      .tokenizer_hash = pack.tokenizer_hash,
      .noise_floor = pack.noise_floor,
      .error = error_of(pack)};
  for (const PackText& text : pack.texts)
    report.texts.push_back({text.name, text.source, static_cast<std::int64_t>(text.text.size()),
                            text.windows.count(), text.windows.ctx_size, original_ppl(text)});
  for (std::size_t i = 0; i < pack.types.size(); ++i)
    report.types.push_back(
        {pack.types[i].name, pack.types[i].bytes, metrics_of(pack.texts.front().scores[i])});
  return report;
}

}  // namespace qualm::commands
