#include "report/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <utility>
#include <vector>

#include "base/error_codes.h"
#include "base/text.h"
#include "diagnose/checks.h"
#include "evaluate/metrics.h"
#include "model/encoding.h"
#include "model/file_type.h"
#include "probe/figures.h"
#include "report/glossary.h"

namespace qualm::report {
namespace {

Section checks() {
  Section section{"Checks, in the order of a report", {}};
  for (const diagnose::CheckRow& row : diagnose::kChecks)
    section.words.push_back({std::string(row.name),
                             fmt::format("{}. {}", row.title, row.meaning),
                             {std::string(row.title)}});
  return section;
}

Section metrics() {
  Section section{"Metrics (--fail-if takes their names)", {}};
  for (const evaluate::MetricRow& row : evaluate::metric_rows())
    section.words.push_back(
        {std::string(row.name),
         fmt::format(
             "{}{}", row.meaning,
             row.unit == "1" || row.unit == "fraction" ? "" : fmt::format(" In {}.", row.unit)),
         {std::string(row.label)}});
  return section;
}

Section symptoms() {
  Section section{"Symptoms (--symptom takes their names) and their metrics", {}};
  for (const probe::SymptomRow& row : probe::kSymptoms) {
    section.words.push_back({std::string(row.name), std::string(row.meaning)});
    for (const probe::FigureRow& figure : probe::kFigures)
      if (figure.symptom == row.id)
        section.words.push_back(
            {std::string(figure.name), std::string(figure.meaning), {std::string(figure.label)}});
  }
  return section;
}

Section encodings() {
  Section section{"How weights are stored", {}};
  for (const model::EncodingType& type : model::encoding_types()) {
    std::string text = type.stored_bits > 0
                           ? fmt::format("{:.4g} bits per weight", type.stored_bits)
                           : std::string("Bits per weight differ from tensor to tensor");
    if (type.needs_importance) text += "; needs an importance matrix";
    text += ".";
    if (type.weights_alone) text += " The tool reads the weights only, so no text calibrates it.";
    section.words.push_back({std::string(type.name), text});
  }
  return section;
}

/// Those that are no type of a tensor as well.
Section quant_types() {
  constexpr std::int64_t kIds = 256;  // of llama_ftype, with room for new ones
  Section section{"Quant types of llama-quantize", {}};
  for (std::int64_t id = 0; id < kIds; ++id) {
    const auto type = model::file_type_label(id);
    if (!type || std::ranges::any_of(model::encoding_types(),
                                     [&](const auto& one) { return one.name == type->name; }))
      continue;
    section.words.push_back(
        {std::string(type->name),
         fmt::format("Most weights are {}; some tensors have other types.", type->main_type)});
  }
  return section;
}

Section errors() {
  Section section{"Error codes", {}};
  for (const ErrorRow& row : error_rows())
    section.words.push_back(
        {std::string(row.code),
         fmt::format("{}{}{}", row.meaning, row.advice.empty() ? "" : " ", row.advice)});
  return section;
}

std::vector<Section> sections() {
  std::vector<Section> all{checks(), metrics(), symptoms(), encodings(), quant_types()};
  for (Section& section : glossary()) all.push_back(std::move(section));
  all.push_back(errors());
  return all;
}

std::string line_of(const Word& word) {
  return fmt::format("  {:<14} {}\n", word.name, word.meaning);
}

/// The word, with blanks for its underscores, between letters of other words.
bool stands_in(const std::string& text, std::string_view word) {
  std::string name = lower_case(word);
  std::ranges::replace(name, '_', ' ');
  const auto letter = [&](std::size_t at) {
    return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])) != 0;
  };
  for (auto at = text.find(name); at != std::string::npos; at = text.find(name, at + 1))
    if (!letter(at - 1) && !letter(at + name.size())) return true;
  return false;
}

std::string everything() {
  std::string text;
  for (const Section& section : sections()) {
    text += (text.empty() ? "" : "\n") + section.title + "\n";
    for (const Word& word : section.words) text += line_of(word);
  }
  return text;
}

}  // namespace

std::string explain_words_of(std::string_view report) {
  const std::string text = lower_case(report);
  std::vector<Section> terms{checks(), metrics(), symptoms()};
  for (Section& section : glossary()) terms.push_back(std::move(section));
  std::string lines;
  for (const Section& section : terms)
    for (const Word& word : section.words) {
      const bool said = stands_in(text, word.name) ||
                        std::ranges::any_of(word.also, [&](const std::string& other) {
                          return stands_in(text, other);
                        });
      if (said) lines += line_of(word);
    }
  return lines.empty() ? "" : "Words of this report\n" + lines;
}

std::optional<std::string> explain(std::string_view word) {
  if (word.empty()) return everything();
  std::string exact;
  std::string family;  // kld_mean_* is asked for only where no word has the whole name
  for (const Section& section : sections())
    for (const Word& one : section.words)
      if (is_named(one, word)) (one.name.ends_with('*') ? family : exact) += line_of(one);
  if (exact.empty()) exact = family;
  return exact.empty() ? std::nullopt : std::optional(exact);
}

}  // namespace qualm::report
