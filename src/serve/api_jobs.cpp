// The part of the API that is about jobs.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "report/render.h"
#include "serve/api.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

constexpr std::size_t kLongestName = 80;  // bytes of a file's name, without its extension

Json in_list(const Record& record) {
  return {{"id", record.id},
          {"title", record.title},
          {"status", to_string(record.status)},
          {"verdict", record.verdict},
          {"summary", record.summary},
          {"created", record.created},
          {"seconds", record.seconds}};
}

/// Of the history's own texts; null where there is none.
Json parsed(const std::string& text) {
  constexpr bool kThrows = false;
  Json json = Json::parse(text, nullptr, kThrows);
  return json.is_discarded() ? Json() : json;
}

/// "qualm-diagnose-model-Q2_K.gguf": nothing that a system could take for a path or an option.
std::string file_name(const Record& record) {
  std::string name = "qualm-" + record.title.substr(0, kLongestName);
  std::ranges::replace_if(
      name,
      [](char c) {
        return !((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                 c == '.' || c == '_');
      },
      '-');
  return name;
}

std::int64_t number_in(const std::string& text) {
  std::int64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, number);
  return error == std::errc() && at == end ? number : 0;
}

/// The end of a job that ran before the server was started.
EventSource end_of(const Record& record) {
  Json event{{"event", "status"}, {"status", to_string(record.status)}};
  if (!record.document.empty())
    event = {{"event", "result"}, {"exit_code", Json()}, {"document", parsed(record.document)}};
  else if (!record.error.empty())
    event = {{"event", "error"}, {"error", parsed(record.error)}};
  return [text = as_stream(1, event)](std::int64_t after) {
    return EventChunk{after >= 1 ? "" : text, 1, true};
  };
}

}  // namespace

Result<Reply> Api::list(const Asked&) const {
  Json all = Json::array();
  for (const Record& record : jobs_.list()) all.push_back(in_list(record));
  return json_reply(all);
}

Result<Reply> Api::create(const Asked& asked) const {
  QUALM_TRY(const Wish wish, parse_wish(asked.message.body));
  QUALM_TRY(const std::string id, jobs_.create(wish));
  Reply reply = json_reply({{"id", id}});
  reply.status = 201;
  return reply;
}

Result<Reply> Api::show(const Asked& asked) const {
  const auto record = jobs_.find(asked.id);
  if (!record) return fail(no_such_page(asked.id));
  Json json = in_list(*record);
  json["request"] = parsed(record->request);
  if (!record->document.empty()) json["document"] = parsed(record->document);
  if (!record->error.empty()) json["error"] = parsed(record->error);
  return json_reply(json);
}

Result<Reply> Api::remove(const Asked& asked) const {
  QUALM_CHECK(jobs_.remove(asked.id));
  return json_reply(Json::object());
}

Result<Reply> Api::cancel(const Asked& asked) const {
  QUALM_CHECK(jobs_.cancel(asked.id));
  return json_reply(Json::object());
}

Result<Reply> Api::resume(const Asked& asked) const {
  QUALM_CHECK(jobs_.resume(asked.id));
  return json_reply(Json::object());
}

Result<Reply> Api::events(const Asked& asked) const {
  const auto record = jobs_.find(asked.id);
  if (!record) return fail(no_such_page(asked.id));
  Reply reply{.type = "text/event-stream",
              .events_after = number_in(asked.message.header("last-event-id"))};
  reply.events = end_of(*record);
  if (events_.knows(record->id))
    reply.events = [this, id = record->id](std::int64_t after) { return events_.after(id, after); };
  return reply;
}

Result<Reply> Api::report(const Asked& asked) const {
  const auto record = jobs_.find(asked.id);
  if (!record) return fail(no_such_page(asked.id));
  if (record->document.empty()) return fail(no_report("a job without a report"));
  const auto said = asked.target.query.find("format");
  const std::string format = said == asked.target.query.end() ? "json" : said->second;
  const Json document = parsed(record->document);
  Reply reply;
  if (format == "json") {
    reply.body = report::json(document);
  } else if (format == "md") {
    reply.type = "text/markdown; charset=utf-8";
    reply.body = report::markdown(document);
  } else if (format == "html" && made_.html) {
    reply.type = "text/html; charset=utf-8";
    reply.body = made_.html(document);
  } else {
    return fail(no_report(printable(format.substr(0, 20))));
  }
  reply.headers.emplace_back("Content-Disposition", fmt::format("attachment; filename=\"{}.{}\"",
                                                                file_name(*record), format));
  return reply;
}

}  // namespace qualm::serve
