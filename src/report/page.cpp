#include "report/page.h"

#include "report/page_parts.h"

namespace qualm::report {
namespace {

Page compose_command(const Json& document, bool verbose) {
  const std::string command = string_at(document, "command");
  if (command == "measure") return compose_measure(document, verbose);
  if (command == "diagnose") return compose_diagnose(document, verbose);
  if (command == "inspect") return compose_inspect(document, verbose);
  if (command == "compare") return compose_compare(document, verbose);
  if (command == "demo") return compose_demo(document, verbose);
  if (command == "clinic") return compose_clinic(document, verbose);
  if (command == "repair") return compose_repair(document);
  if (command == "plan") return compose_plan(document);
  if (command == "reference") return compose_pack(document);
  if (command == "models") return compose_models(document);
  return {Paragraph{{{"This document is no report that can be shown (command \"" + command +
                      "\"); its JSON is whole."}}}};
}

}  // namespace

Page compose(const Json& document, bool verbose) {
  const Json& error = at(document, "error");
  if (error.is_object()) return {Paragraph{{{string_at(error, "message"), Tone::bad}}}};
  Page page = compose_command(document, verbose);
  show_names(at(document, "named"), page);
  return page;
}

}  // namespace qualm::report
