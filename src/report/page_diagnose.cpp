#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"
#include "probe/symptom.h"
#include "report/page_parts.h"
#include "report/status_word.h"

namespace qualm::report {
namespace {

std::string finding(const Json& check) {
  std::string text;
  if (const Json& share = at(check, "share"); !why_absent(share))
    text = metric_cell("share", share).text + " of the loss;";
  const std::string headline = string_at(check, "headline");
  if (!text.empty() && !headline.empty()) text += " ";
  text += headline;
  for (const Json& need : at(check, "needs"))
    if (need.is_string()) text += (text.empty() ? "needs " : "; needs ") + need.get<std::string>();
  return text;
}

Table check_table(const Json& document) {
  Table table{.columns = {{"#", true}, {"Check"}, {"Status"}, {"Finding"}},
              .rows = {},
              .headed = false,
              .wraps = true};
  int index = 0;
  for (const Json& check : at(document, "checks")) {
    const std::string id = string_at(check, "id");
    const Cell status = status_word(id, string_at(check, "status"),
                                    flag_at(check, "estimated") ? Sure::likely : Sure::certain);
    table.rows.push_back({{std::to_string(index++), Tone::dim},
                          {string_at(check, "title")},
                          status,
                          {finding(check), status.tone == Tone::dim ? Tone::dim : Tone::plain}});
  }
  return table;
}

void add_evidence(Page& page, const Json& checks) {
  for (const Json& check : checks) {
    const Json& evidence = at(check, "evidence");
    if (evidence.empty()) continue;
    page.emplace_back(Heading{"Evidence: " + string_at(check, "title")});
    Table table{
        .columns = {{"Figure"}, {"Value"}, {"Says"}}, .rows = {}, .headed = false, .wraps = true};
    for (const Json& one : evidence) {
      const std::string name = string_at(one, "name");
      const bool valued = number_at(one, "value").has_value();
      table.rows.push_back({{name, Tone::dim},
                            valued ? metric_cell(name, one) : Cell{""},
                            {string_at(one, "says")}});
    }
    page.emplace_back(std::move(table));
  }
}

/// The control of the texts was the candidate with an F16 cache, no original.
bool beside_same_weights(const Json& symptoms) {
  return std::ranges::any_of(symptoms, [](const Json& one) {
    return string_at(one, "says").find(probe::kSameWeights) != std::string::npos;
  });
}

Cell symptom_word(const std::string& finding, bool same_weights) {
  if (finding == "worse") return {"WORSE", Tone::bad};
  if (finding == "shared") return {same_weights ? "F16 too" : "original too", Tone::warning};
  if (finding == "alike") return {"not worse", Tone::good};
  if (finding == "no_control") return {"not compared", Tone::dim};
  return {"not examined", Tone::dim};
}

bool of_texts(const Json& symptom) {
  const auto figure = probe::figure_named(string_at(symptom, "id"));
  return !figure || probe::row_of(*figure).source != probe::Source::measurement;
}

/// What was looked for under one heading; without the details those that are worse or shared, and
/// in a sentence that the others are not.
void add_symptoms(Page& page, const char* heading, const std::vector<Json>& symptoms,
                  bool verbose) {
  Table table{
      .columns = {{"Symptom"}, {"Finding"}, {"Says"}}, .rows = {}, .headed = false, .wraps = true};
  const bool same_weights = beside_same_weights(symptoms);
  std::size_t alike = 0;
  for (const Json& one : symptoms) {
    const std::string finding = string_at(one, "finding");
    const bool quiet = finding == "alike" && !verbose;
    alike += quiet ? 1 : 0;
    if (!quiet)
      table.rows.push_back({{string_at(one, "symptom")},
                            symptom_word(finding, same_weights),
                            {string_at(one, "says")}});
  }
  if (symptoms.empty()) return;
  page.emplace_back(Heading{heading});
  if (!table.rows.empty()) page.emplace_back(std::move(table));
  if (alike == 0) return;
  const std::string sentence =
      of_texts(symptoms.front())
          ? fmt::format("{} text {} not significantly worse than {}.", alike,
                        alike == 1 ? "metric is" : "metrics are",
                        same_weights ? probe::kSameWeights : probe::kOriginal)
          : "No significant growth of the loss within a window; longer contexts were not examined "
            "(-c).";
  page.emplace_back(Paragraph{{{sentence, Tone::dim}}});
}

void add_symptoms(Page& page, const Json& symptoms, bool verbose) {
  std::vector<Json> texts;
  std::vector<Json> measured;
  for (const Json& one : symptoms) (of_texts(one) ? texts : measured).push_back(one);
  add_symptoms(page, "Written texts", texts, verbose);
  add_symptoms(page, "Long context", measured, verbose);
}

std::string measured_on(const Json& remedy, const Json& document) {
  const auto windows = integer_at(remedy, "windows");
  if (windows == 0) return "Not measured here.";
  if (flag_at(document, "estimated")) return fmt::format("Estimated on {} windows.", windows);
  return flag_at(remedy, "fresh")
             ? fmt::format("Measured again on {} holdout windows (not used to choose it).", windows)
             : fmt::format("Measured on {} windows; some of them were used to choose it.", windows);
}

void add_remedy(Page& page, const Json& remedy, const Json& document) {
  if (const std::string command = string_at(remedy, "command"); !command.empty())
    page.emplace_back(Command{command});
  const std::string effect = string_at(remedy, "effect");
  page.emplace_back(Paragraph{{{fmt::format(
      "{}: {}", string_at(remedy, "name"), effect.empty() ? bytes_at(remedy, "bytes") : effect)}}});
  const Json& before = at(remedy, "before");
  Table table{.columns = {{""}, {"before"}, {"after"}}, .rows = {}};
  for (const auto& [name, after] : at(remedy, "after").items())
    if (!flag_at(document, "estimated") || !why_absent(after))  // what is never known then
      table.rows.push_back(
          {{metric_label(name)}, metric_words(name, at(before, name)), metric_words(name, after)});
  if (!table.rows.empty()) page.emplace_back(std::move(table));
  std::string proof = measured_on(remedy, document);
  const bool measured = integer_at(remedy, "windows") > 0;
  if (measured && string_at(remedy, "acceptable") == "no")
    proof += " Better, but the loss is still larger than acceptable.";
  if (measured && string_at(remedy, "acceptable") == "cannot_tell")
    proof += fmt::format(" {} cannot show whether the remaining loss is acceptable.",
                         flag_at(document, "estimated") ? "An estimate" : "This text");
  page.emplace_back(Paragraph{{{std::move(proof)}}});
}

bool by_pack(const Json& document) { return at(document, "reference").contains("original"); }

std::string heading_of_fixes(std::size_t remedies, bool by_pack) {
  if (remedies == 1) return "Fix";
  return by_pack ? "Fixes, each measured by itself" : "Fixes, one after the other";
}

void add_remedies(Page& page, const Json& document) {
  const Json& remedies = at(document, "remedies");
  if (remedies.empty()) return;
  page.emplace_back(Heading{heading_of_fixes(remedies.size(), by_pack(document))});
  bool first = true;
  for (const Json& remedy : remedies) {
    if (!first) page.emplace_back(Gap{});
    first = false;
    add_remedy(page, remedy, document);
  }
}

/// What it was compared with, and what that cannot show: a GGUF original went through the converter
/// that the candidate went through.
std::string level_in_words(const Json& document) {
  const std::string level = string_at(document, "evidence_level");
  const bool gguf = string_at(at(document, "baseline"), "format").starts_with("GGUF");
  const char* converter =
      gguf ? " If the conversion to GGUF made a fault, both files have it, and this cannot show "
             "it: to examine that as well, give the Hugging Face folder with --baseline."
           : "";
  if (level == "L3+")
    return std::string("Compared with the original and its base model.") + converter;
  if (level == "L3") return std::string("Compared with the original model.") + converter;
  if (level == "L2" && !by_pack(document))
    return "Compared with the original model. Of the candidate only its server's answers are "
           "known.";
  if (level == "L2")
    return "Compared with a reference pack. qualm cannot check that it really comes from this "
           "original.";
  if (flag_at(document, "estimated"))
    return "Estimated without an original, from the rounding steps in the file. In 9 of 10 trials "
           "the true KLD was within such an interval.";
  if (level == "L1") return "Run without an original model.";
  return "";
}

std::string spent_in_words(const Json& spent) {
  const auto passes = integer_at(spent, "passes"), variants = integer_at(spent, "variants");
  std::string text =
      fmt::format("Took {}.", format_seconds(number_at(spent, "seconds").value_or(-1)));
  text += passes > 0 ? fmt::format(" Windows run through a model: {}.", passes)
                     : " All windows came from earlier runs.";
  if (variants > 0) text += fmt::format(" Test models made: {}.", variants);
  return text;
}

/// What --budget had no time for.
void add_left_out(Page& page, const Json& left_out) {
  if (left_out.empty()) return;
  page.emplace_back(Heading{"Not done: no time left (--budget)"});
  Table table{.columns = {{"For"}, {"Not measured"}}, .rows = {}, .headed = false, .wraps = true};
  for (const Json& one : left_out)
    table.rows.push_back({{string_at(one, "for")}, {string_at(one, "what")}});
  page.emplace_back(std::move(table));
  page.emplace_back(Command{string_at(left_out.front(), "command")});
}

/// --cross-check runs the candidate also where there is nothing to compare it with.
bool ran_on_cpu(const Json& document) {
  return std::ranges::any_of(at(document, "checks"), [](const Json& check) {
    return std::ranges::any_of(at(check, "evidence"), [](const Json& one) {
      return string_at(one, "name") == "cross_check_candidate";
    });
  });
}

/// "Read 8 of 361 windows."; where the windows may be shorter than usual, how long they are too.
std::string reading_line(const Json& document) {
  std::string line =
      windows_line(at(document, "windows"), {.stopped_early = flag_at(document, "stopped_early")});
  if (flag_at(document, "estimated"))
    line += fmt::format(" Each has {} tokens.", integer_at(document, "ctx_size"));
  return line;
}

void add_closing(Page& page, const Json& document, bool verbose) {
  const std::string level = level_in_words(document);
  const bool read = integer_at(at(document, "windows"), "read") > 0;
  page.emplace_back(Gap{});
  if (!read && ran_on_cpu(document)) return;
  page.emplace_back(Paragraph{
      {{read ? reading_line(document)
        : why_absent(at(document, "baseline"))
            ? "The model was not run: without --baseline there is nothing to compare it with."
            : "The model was not run."}}});
  if (!read) {
    page.emplace_back(Paragraph{{{"Only the files were examined.", Tone::dim}}});
    return;
  }
  if (const auto every = integer_at(document, "scored_every"); every > 1)
    page.emplace_back(Paragraph{{{fmt::format(
        "One of every {} tokens was compared, because the large vocabulary makes each one slow.",
        every)}}});
  if (const std::string original = string_at(document, "original"); !original.empty())
    page.emplace_back(Paragraph{{{original}}});
  page.emplace_back(Paragraph{{{noise_floor_line(at(document, "resolution"))}}});
  if (verbose)
    page.emplace_back(Paragraph{{{reference_error_line(at(document, "reference_error"))}}});
  page.emplace_back(
      Paragraph{{{level, Tone::dim}, {spent_in_words(at(document, "spent")), Tone::dim}}});
}

Cell verdict_word(const Json& document) {
  const std::string verdict = string_at(document, "verdict");
  if (verdict == "healthy") return {"HEALTHY", Tone::good};
  if (verdict == "none_found") return {"NO PROBLEM FOUND", Tone::good};
  if (verdict != "problem") return {"CANNOT TELL", Tone::warning};
  // A fault of the file is there, however the loss is known.
  const bool likely =
      flag_at(document, "estimated") && string_at(document, "principal_cause") != "not_quant";
  return {likely ? "LIKELY PROBLEM" : "PROBLEM", Tone::bad};
}

std::string baseline_line(const Json& document) {
  const Json& baseline = at(document, "baseline");
  if (const Json& reference = at(document, "reference"); reference.contains("original"))
    return fmt::format("original: {}, by the reference pack {} (not verified)",
                       string_at(reference, "original"), file_name(string_at(reference, "path")));
  if (flag_at(document, "estimated"))
    return "original: not given (--baseline); its weights are estimated from this file";
  if (why_absent(baseline)) return "original: not given (--baseline)";
  return "original: " + file_name(string_at(baseline, "path"));
}

/// "http://127.0.0.1:8080 (llama-server b11669) runs it"; empty where the model is a file, or
/// nothing but its server.
std::string server_line(const Json& document) {
  const Json& server = at(document, "server");
  const std::string address = string_at(server, "address");
  if (address.empty() || address == string_at(at(document, "model"), "path")) return "";
  const std::string build = string_at(server, "build");
  return fmt::format("{} ({}{}{}) runs it", address, string_at(server, "kind"),
                     build.empty() ? "" : " ", build);
}

}  // namespace

Page compose_diagnose(const Json& document, bool verbose) {
  const Json& model = at(document, "model");
  const Json& checks = at(document, "checks");
  Page page;
  page.emplace_back(
      Paragraph{{{file_name(string_at(model, "path")), Tone::strong}, {card_line(model)}}});
  if (const std::string line = server_line(document); !line.empty())
    page.emplace_back(Paragraph{{{line}}});
  page.emplace_back(Paragraph{{{baseline_line(document)}}});
  if (const Json& accept = at(document, "accept"); accept.is_string())
    page.emplace_back(Paragraph{{{"you accept: " + accept.get<std::string>(), Tone::dim}}});
  page.emplace_back(check_table(document));
  page.emplace_back(Paragraph{{verdict_word(document), {string_at(document, "summary")}}});
  add_remedies(page, document);
  add_ladder(page, at(document, "ladder"),
             flag_at(document, "estimated") ? LadderOf::estimated_types : LadderOf::types);
  add_symptoms(page, at(document, "symptoms"), verbose);
  if (verbose) add_evidence(page, checks);
  add_left_out(page, at(document, "left_out"));
  add_closing(page, document, verbose);
  return page;
}

}  // namespace qualm::report
