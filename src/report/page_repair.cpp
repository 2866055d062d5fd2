#include "report/page_parts.h"

namespace qualm::report {

Page compose_repair(const nlohmann::ordered_json& document) {
  const auto shown = [](const Json& change, std::string_view key) {
    const std::string value = string_at(change, key);
    return value.empty() ? std::string("(none)") : value;
  };
  Page page;
  page.emplace_back(Paragraph{{{file_name(string_at(document, "output")), Tone::strong},
                               {"written: " + file_name(string_at(at(document, "model"), "path")) +
                                " with these changes"}}});
  Table table{.columns = {{"Key"}, {"Before"}, {"Now"}}, .rows = {}, .headed = true, .wraps = true};
  for (const Json& change : at(document, "changes"))
    table.rows.push_back(
        {{string_at(change, "key")}, {shown(change, "was")}, {shown(change, "now")}});
  page.emplace_back(std::move(table));
  return page;
}

}  // namespace qualm::report
