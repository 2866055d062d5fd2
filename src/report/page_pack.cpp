#include <fmt/format.h>

#include "base/units.h"
#include "report/page_parts.h"

namespace qualm::report {
namespace {

std::string original_line(const Json& document) {
  const Json& original = at(document, "original");
  if (const auto why = why_absent(original)) return "original: not known, " + *why;
  return fmt::format("of {}: {}, {}, {:.3g} M weights, {}",
                     string_at(at(document, "reference"), "original"), string_at(original, "arch"),
                     string_at(original, "type"),
                     static_cast<double>(integer_at(original, "parameters")) / 1e6,
                     bytes_at(original, "file_bytes"));
}

Table texts_table(const Json& texts) {
  Table table{.columns = {{"Text"},
                          {"Text file"},
                          {"Windows", true},
                          {"Tokens each", true},
                          {"Original's perplexity", true}},
              .rows = {}};
  for (const Json& text : texts)
    table.rows.push_back({{string_at(text, "name")},
                          {string_at(text, "source")},
                          {std::to_string(integer_at(text, "windows"))},
                          {std::to_string(integer_at(text, "ctx_size"))},
                          metric_cell("ppl_baseline", at(text, "original_ppl"))});
  return table;
}

Table types_table(const Json& types) {
  Table table{.columns = {{"Type"}, {"Size", true}, {"KLD", true}, {"Perplexity change", true}},
              .rows = {}};
  for (const Json& type : types) {
    const Json& metrics = at(type, "metrics");
    table.rows.push_back({{string_at(type, "name")},
                          {bytes_at(type, "file_bytes")},
                          metric_cell("kld_mean", at(metrics, "kld_mean")),
                          metric_cell("ppl_change", at(metrics, "ppl_change"))});
  }
  return table;
}

const char* what_it_holds(const Json& texts) {
  const bool with_text = std::ranges::any_of(
      texts, [](const Json& text) { return at(text, "bytes").get<std::uint64_t>() > 0; });
  return with_text ? "The pack holds the texts themselves: pass it on only if you may pass them on."
                   : "It holds the text as tokens: pass it on only if you may pass the text on.";
}

}  // namespace

Page compose_pack(const nlohmann::ordered_json& document) {
  const Json& reference = at(document, "reference");
  Page page;
  page.emplace_back(Paragraph{{{file_name(string_at(reference, "path")), Tone::strong},
                               {"reference pack, " + bytes_at(document, "bytes")}}});
  page.emplace_back(Paragraph{{{original_line(document)}}});
  page.emplace_back(texts_table(at(document, "texts")));
  if (!at(document, "types").empty()) {
    page.emplace_back(Heading{"Loss of quant types made from the original, on the first text"});
    page.emplace_back(types_table(at(document, "types")));
  } else {
    page.emplace_back(Paragraph{
        {{"Without quant types: whether a KLD between 0.02 and 0.1 is acceptable, it cannot "
          "say.",
          Tone::warning}}});
  }
  page.emplace_back(Gap{});
  page.emplace_back(Paragraph{{{reference_error_line(at(document, "reference_error"))}}});
  page.emplace_back(Paragraph{{{what_it_holds(at(document, "texts")), Tone::warning}}});
  page.emplace_back(Paragraph{{{fmt::format("Made with {}. qualm cannot check that a pack really "
                                            "comes from this original: trust it if you trust its "
                                            "maker.",
                                            string_at(reference, "made_with")),
                                Tone::dim}}});
  return page;
}

}  // namespace qualm::report
