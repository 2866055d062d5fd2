#include "report/explain.h"

#include <fmt/format.h>

#include <vector>

#include "base/error_codes.h"
#include "diagnose/checks.h"
#include "evaluate/metrics.h"
#include "model/encoding.h"
#include "probe/figures.h"

namespace qualm::report {
namespace {

struct Word {
  std::string name;
  std::string meaning;
};

struct Section {
  std::string title;
  std::vector<Word> words;
};

Section checks() {
  Section section{"Checks, most likely cause first", {}};
  for (const diagnose::CheckRow& row : diagnose::kChecks)
    section.words.push_back({std::string(row.name), fmt::format("{}. {}", row.title, row.meaning)});
  return section;
}

Section metrics() {
  Section section{"Metrics (--fail-if takes their names)", {}};
  for (const evaluate::MetricRow& row : evaluate::metric_rows())
    section.words.push_back(
        {std::string(row.name),
         fmt::format(
             "{}{}", row.meaning,
             row.unit == "1" || row.unit == "fraction" ? "" : fmt::format(" In {}.", row.unit))});
  return section;
}

Section answers() {
  return {
      "Answers",
      {{"cause", "To blame, more than anything else that was found."},
       {"contributes", "To blame as well, but not the main cause."},
       {"cleared", "Examined, and not to blame."},
       {"not_examined", "Not looked at: the report says what to give. It does not mean fine."},
       {"cannot_tell", "Looked at, and the text or the files do not decide it."},
       {"[low, high]", "The 95 % interval of the number before it."},
       {"noise_floor", "KLD of the same model run twice in two ways: less means nothing here."},
       {"selection, holdout", "Windows of text that choose a remedy, and others that prove it."}}};
}

Section symptoms() {
  Section section{"Symptoms (--symptom takes their names) and their metrics", {}};
  for (const probe::SymptomRow& row : probe::kSymptoms) {
    section.words.push_back({std::string(row.name), std::string(row.meaning)});
    for (const probe::FigureRow& figure : probe::kFigures)
      if (figure.symptom == row.id)
        section.words.push_back({std::string(figure.name), std::string(figure.meaning)});
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
    if (type.weights_alone) text += "; never calibrated";
    section.words.push_back({std::string(type.name), text + "."});
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
  return {checks(), metrics(), symptoms(), encodings(), answers(), errors()};
}

std::string line_of(const Word& word) {
  return fmt::format("  {:<14} {}\n", word.name, word.meaning);
}

}  // namespace

std::optional<std::string> explain(std::string_view word) {
  std::string text;
  for (const Section& section : sections()) {
    if (word.empty()) text += (text.empty() ? "" : "\n") + section.title + "\n";
    for (const Word& one : section.words)
      if (word.empty() || one.name == word) text += line_of(one);
  }
  if (text.empty()) return std::nullopt;
  return text;
}

}  // namespace qualm::report
