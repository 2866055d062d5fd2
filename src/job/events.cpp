#include "job/events.h"

#include <array>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "job/interrupt.h"

namespace qualm::job {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<Kind, const char*>, 4> kKinds{{{Kind::input, "input"},
                                                              {Kind::undecided, "undecided"},
                                                              {Kind::engine, "engine"},
                                                              {Kind::cancelled, "cancelled"}}};

constexpr const char* name_of(News kind) noexcept { return kind == News::plan ? "plan" : "so_far"; }

Error error_from_json(const Json& json) {
  Error error{Kind::engine,        json.at("code"),  json.at("file"),  json.at("place"),
              json.at("expected"), json.at("found"), json.at("advice")};
  for (const auto& [value, name] : kKinds)
    if (json.at("kind") == name) error.kind = value;
  return error;
}

std::vector<Answer> answers_of(const Json& list) {
  std::vector<Answer> all;
  for (const Json& one : list)
    all.push_back(
        {one.at("id"), one.at("title"), one.at("status"), one.at("says"), one.at("likely")});
  return all;
}

}  // namespace

Json error_to_json(const Error& error) {
  const char* kind = "engine";
  for (const auto& [value, name] : kKinds)
    if (value == error.kind) kind = name;
  return {{"kind", kind},          {"code", error.code},         {"file", error.file},
          {"place", error.place},  {"expected", error.expected}, {"found", error.found},
          {"advice", error.advice}};
}

void EventWriter::send(const Json& event) {
  // Names from files may hold any bytes; an event is UTF-8 whatever they hold.
  const std::string line = event.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  // Where nobody listens any more, what is finished is in the store.
  static_cast<void>(write_all(descriptor_, line));
}

void EventWriter::update(std::string_view step, std::int64_t done, std::int64_t total) {
  const auto now = std::chrono::steady_clock::now();
  const bool soon = now - sent_ < std::chrono::milliseconds(100);
  if (soon && step == step_ && done < total) return;
  sent_ = now;
  step_ = step;
  send({{"event", "progress"}, {"step", step_}, {"done", done}, {"total", total}});
}

void EventWriter::begin(const Step& step) {
  send({{"event", "step"},
        {"number", step.number},
        {"count", step.count},
        {"seconds_after", step.seconds_after}});
}

void EventWriter::note(std::string_view line) { send({{"event", "note"}, {"line", line}}); }

void EventWriter::news(News kind, std::string_view text) {
  send({{"event", name_of(kind)}, {"text", text}});
}

void EventWriter::answers(std::span<const Answer> all) {
  Json list = Json::array();
  for (const Answer& one : all)
    list.push_back({{"id", one.id},
                    {"title", one.title},
                    {"status", one.status},
                    {"says", one.says},
                    {"likely", one.likely}});
  send({{"event", "answers"}, {"answers", std::move(list)}});
}

bool EventWriter::cancelled() const { return interrupts() > 0; }

void EventWriter::finish(const Result<Outcome>& result) {
  if (result)
    send({{"event", "result"}, {"exit_code", result->exit_code}, {"document", result->document}});
  else
    send({{"event", "error"}, {"error", error_to_json(result.error())}});
}

void EventReader::feed(std::string_view bytes) {
  pending_ += bytes;
  std::size_t begin = 0;
  for (auto end = pending_.find('\n'); end != std::string::npos; end = pending_.find('\n', begin)) {
    take(pending_.substr(begin, end - begin));
    begin = end + 1;
  }
  pending_.erase(0, begin);
}

void EventReader::take(const std::string& line) {
  // The writer is our own program: a line that is no event means a mixed installation, and ends as
  // a job that never said how it ended.
  try {
    Json event = Json::parse(line);
    const std::string kind = event.at("event");
    if (heard_ && kind != "result" && kind != "error") heard_(event);
    if (kind == "progress") {
      step_ = event.at("step");
      progress_.update(step_, event.at("done"), event.at("total"));
    } else if (kind == "step") {
      progress_.begin({event.at("number"), event.at("count"), event.at("seconds_after")});
    } else if (kind == "note") {
      progress_.note(event.at("line").get_ref<const std::string&>());
    } else if (kind == name_of(News::plan)) {
      progress_.news(News::plan, event.at("text").get_ref<const std::string&>());
    } else if (kind == name_of(News::so_far)) {
      progress_.news(News::so_far, event.at("text").get_ref<const std::string&>());
    } else if (kind == "answers") {
      progress_.answers(answers_of(event.at("answers")));
    } else if (kind == "result") {
      ending_ = Outcome{std::move(event.at("document")), event.at("exit_code")};
    } else if (kind == "error") {
      ending_ = fail(error_from_json(event.at("error")));
    }
  } catch (const nlohmann::json::exception&) {
    progress_.note("not an event of a job: " + printable(line));
  }
}

}  // namespace qualm::job
