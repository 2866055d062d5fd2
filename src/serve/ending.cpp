#include "serve/ending.h"

#include "job/events.h"

namespace qualm::serve {
namespace {

using Json = nlohmann::ordered_json;

std::string member_of(const Json& document, const char* name) {
  const auto found = document.find(name);
  return found != document.end() && found->is_string() ? found->get<std::string>() : "";
}

}  // namespace

std::string text_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Json take_outcome(const Result<job::Outcome>& outcome, Record& record) {
  record.document = outcome ? text_of(outcome->document) : "";
  if (!outcome) {
    const Json error = job::error_to_json(outcome.error());
    record.error = text_of(error);
    record.summary = describe(outcome.error());
    return {{"event", "error"}, {"error", error}};
  }
  record.verdict = member_of(outcome->document, "verdict");
  record.summary = member_of(outcome->document, "summary");
  return {{"event", "result"}, {"exit_code", outcome->exit_code}, {"document", outcome->document}};
}

void clear_outcome(Record& record) {
  record.document = record.error = record.verdict = record.summary = "";
  record.seconds = 0;
}

}  // namespace qualm::serve
