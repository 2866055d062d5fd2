// Jobs, their events and their reports, as a client sees them.
#include "serve/jobs.h"

#include <sys/stat.h>

#include "client.h"

namespace qualm::serve {
namespace {

using namespace std::chrono_literals;

/// The event stream of a job, until it ends or holds `until`.
std::string stream(const World& world, const std::string& id, const std::string& until = "",
                   const std::string& header = "") {
  Socket socket(world.server->port());
  socket.say(world.head("GET", "/api/jobs/" + id + "/events") + header + "\r\n");
  return socket.hear([&](const std::string& text) {
    return text.ends_with("\r\n0\r\n\r\n") ||
           (!until.empty() && text.find(until) != std::string::npos);
  });
}

std::size_t times(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (auto at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(ServeJobs, one_runs_and_its_report_can_be_read_and_downloaded) {
  World world;
  world.html = [](const Json& document) { return "<p>" + document["verdict"].get<std::string>(); };
  world.start();
  const std::string id = world.diagnose();
  const auto job = world.wait_for(id, "done");
  EXPECT_EQ(job["title"], "diagnose m.gguf");
  EXPECT_EQ(job["verdict"], "problem");
  EXPECT_EQ(job["summary"], "It is <broken>.");
  EXPECT_EQ(job["request"], (nlohmann::json{{"command", "diagnose"}, {"candidate", "m.gguf"}}));
  EXPECT_EQ(job["document"]["command"], "diagnose");
  EXPECT_FALSE(job.contains("error"));
  EXPECT_GT(job["created"], 1700000000);
  const auto list = world.get("/api/jobs").json();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0]["id"], id);
  EXPECT_FALSE(list[0].contains("document"));
  const Heard html = world.get("/api/jobs/" + id + "/report?format=html");
  EXPECT_EQ(html.body, "<p>problem");
  EXPECT_NE(
      html.headers.find("Content-Disposition: attachment; filename=\"qualm-diagnose-m.gguf.html\""),
      std::string::npos)
      << html.headers;
  EXPECT_EQ(world.get("/api/jobs/" + id + "/report?format=json").json()["verdict"], "problem");
  EXPECT_EQ(world.get("/api/jobs/" + id + "/report?format=md").status, 200);
  EXPECT_EQ(world.get("/api/jobs/" + id + "/report?format=exe").status, 404);
}

TEST(ServeJobs, a_hostile_name_is_no_header_of_a_download) {
  World world;
  test::write(world.path("root/a\"\r\nX: y;.gguf"), "GGUF");
  world.start();
  const std::string body = R"({"command":"diagnose","candidate":"a\"\r\nX: y;.gguf"})";
  const Heard made = world.send("POST", "/api/jobs", body);
  ASSERT_EQ(made.status, 201) << made.body;
  const std::string id = made.json()["id"];
  EXPECT_EQ(world.wait_for(id, "done")["title"], "diagnose a\"\\x0d\\x0aX: y;.gguf");
  const Heard heard = world.get("/api/jobs/" + id + "/report");
  EXPECT_NE(heard.headers.find("filename=\"qualm-diagnose-a--x0d-x0aX--y-.gguf.json\""),
            std::string::npos)
      << heard.headers;
}

TEST(ServeJobs, refused_requests_make_no_job) {
  World world;
  world.start();
  const auto post = [&](const std::string& candidate) {
    return world.send("POST", "/api/jobs",
                      R"({"command":"diagnose","candidate":")" + candidate + "\"}");
  };
  EXPECT_EQ(post("../x.gguf").code(), "SERVE-011");
  EXPECT_EQ(post("http://127.0.0.1:8080").code(), "SERVE-013");
  EXPECT_EQ(post("nothing.gguf").status, 404);
  EXPECT_EQ(post("hf:no/such").code(), "LOCATE-002");
  EXPECT_EQ(world.send("POST", "/api/jobs", "{\"command\":").code(), "JSON-002");
  EXPECT_EQ(world.send("POST", "/api/jobs", R"({"command":"diagnose","candidate":"m.gguf","o":1})")
                .code(),
            "SERVE-010");
  EXPECT_EQ(world.get("/api/jobs").json().size(), 0U);
}

TEST(ServeJobs, a_stream_begins_with_what_was_said_goes_on_and_ends) {
  World world;
  world.job.events = {{{"event", "plan"}, {"text", "two\nlines"}},
                      {{"event", "progress"}, {"step", "s"}, {"done", 1}, {"total", 9}},
                      {{"event", "progress"}, {"step", "s"}, {"done", 2}, {"total", 9}},
                      {{"event", "of_a_later_version"}, {"x", 1}}};
  const std::string id = world.start_held();
  const std::string begun = stream(world, id, "of_a_later_version");
  EXPECT_NE(begun.find("Content-Type: text/event-stream"), std::string::npos);
  EXPECT_NE(begun.find("event: plan\ndata: {\"text\":\"two\\nlines\"}\n\n"), std::string::npos);
  EXPECT_EQ(times(begun, "event: progress"), 1U) << "the last alone";
  EXPECT_NE(begun.find("\"done\":2"), std::string::npos);
  EXPECT_NE(begun.find("event: of_a_later_version\ndata: {\"x\":1}"), std::string::npos);
  EXPECT_NE(begun.find("event: status\ndata: {\"status\":\"running\"}"), std::string::npos);
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    world.job.release();
  });
  const std::string whole = stream(world, id);
  later.join();
  EXPECT_NE(whole.find("event: result\ndata: {\"exit_code\":1,\"document\":{"), std::string::npos)
      << whole;
  EXPECT_TRUE(whole.ends_with("data: {\"status\":\"done\"}\n\n\r\n0\r\n\r\n")) << whole;
}

TEST(ServeJobs, a_stream_goes_on_after_the_last_event_that_was_heard) {
  World world;
  for (int i = 0; i < 5; ++i) world.job.events.push_back({{"event", "note"}, {"line", i}});
  world.start();
  const std::string id = world.diagnose();
  static_cast<void>(world.wait_for(id, "done"));
  const std::string whole = stream(world, id);
  EXPECT_EQ(times(whole, "event: note"), 5U);
  const auto at = whole.find("event: note\ndata: {\"line\":2}");
  ASSERT_NE(at, std::string::npos);
  const auto number = whole.rfind("id: ", at);
  const std::string last = whole.substr(number + 4, whole.find('\n', number) - number - 4);
  const std::string rest = stream(world, id, "", "Last-Event-ID: " + last + "\r\n");
  EXPECT_EQ(times(rest, "event: note"), 2U) << rest;
  EXPECT_EQ(times(stream(world, id, "", "Last-Event-ID: 99999\r\n"), "event: note"), 5U)
      << "of another run of the server";
}

TEST(ServeJobs, a_silent_stream_has_a_heartbeat) {
  World world;
  world.job.held = true;
  world.limits.heartbeat = 50ms;
  world.start();
  const std::string id = world.diagnose();
  EXPECT_NE(stream(world, id, ": still here").find(": still here\n\n"), std::string::npos);
  world.job.release();
}

TEST(ServeJobs, a_stream_of_a_client_that_went_stops_nothing) {
  World world;
  world.job.held = true;
  world.limits.heartbeat = 20ms;
  world.start();
  const std::string id = world.diagnose();
  for (int i = 0; i < 20; ++i) {
    Socket socket(world.server->port());
    socket.say(world.head("GET", "/api/jobs/" + id + "/events") + "\r\n");
  }
  std::this_thread::sleep_for(100ms);
  world.job.release();
  EXPECT_EQ(world.wait_for(id, "done")["status"], "done");
}

TEST(ServeJobs, one_that_runs_is_cancelled_and_can_be_resumed_as_the_same) {
  World world;
  const std::string id = world.start_held();
  EXPECT_EQ(world.send("DELETE", "/api/jobs/" + id).status, 409);
  EXPECT_EQ(world.send("POST", "/api/jobs/" + id + "/resume").status, 409);
  EXPECT_EQ(world.send("POST", "/api/jobs/" + id + "/cancel").status, 200);
  EXPECT_EQ(world.wait_for(id, "cancelled")["error"]["code"], "JOB-002");
  EXPECT_EQ(world.send("POST", "/api/jobs/" + id + "/cancel").status, 409);
  world.job.release();
  EXPECT_EQ(world.send("POST", "/api/jobs/" + id + "/resume").status, 200);
  const auto job = world.wait_for(id, "done");
  EXPECT_FALSE(job.contains("error"));
  EXPECT_EQ(times(stream(world, id), "event: error"), 0U) << "of the run before";
  EXPECT_EQ(world.send("POST", "/api/jobs/" + id + "/resume").status, 409) << "done";
}

TEST(ServeJobs, one_at_a_time_runs_and_one_that_waits_can_be_cancelled) {
  World world;
  const std::string first = world.start_held();
  const std::string second = world.diagnose();
  const std::string third = world.diagnose();
  EXPECT_EQ(world.get("/api/state").json()["queued"], 2);
  EXPECT_EQ(world.job_of(second)["status"], "queued");
  EXPECT_EQ(world.send("POST", "/api/jobs/" + second + "/cancel").status, 200);
  EXPECT_EQ(world.job_of(second)["status"], "cancelled");
  world.job.release();
  static_cast<void>(world.wait_for(third, "done"));
  EXPECT_EQ(world.job_of(second)["status"], "cancelled");
  EXPECT_EQ(world.job.requests.size(), 2U);
  const auto list = world.get("/api/jobs").json();
  ASSERT_EQ(list.size(), 3U);
  EXPECT_EQ(list[0]["id"], third) << "newest first";
}

TEST(ServeJobs, no_more_wait_than_allowed) {
  World world;
  static_cast<void>(world.start_held());
  const std::string body = R"({"command":"diagnose","candidate":"m.gguf"})";
  for (std::size_t i = 0; i < Jobs::kMostQueued; ++i)
    EXPECT_EQ(world.send("POST", "/api/jobs", body).status, 201);
  EXPECT_EQ(world.send("POST", "/api/jobs", body).status, 429);
}

TEST(ServeJobs, one_that_fails_or_throws_is_told_and_the_next_one_runs) {
  World world;
  world.job.throws = true;
  world.start();
  const std::string id = world.diagnose();
  EXPECT_EQ(world.wait_for(id, "failed")["error"]["code"], "SERVE-008");
  EXPECT_NE(stream(world, id).find("event: error\ndata: {\"error\":{\"kind\":\"engine\""),
            std::string::npos);
  world.job.throws = false;
  world.job.outcome = fail({Kind::engine, "JOB-001", "m.gguf", "", "", "killed by signal 6", ""});
  const auto job = world.wait_for(world.diagnose(), "failed");
  EXPECT_EQ(job["error"]["code"], "JOB-001");
  EXPECT_NE(job["summary"].get<std::string>().find("killed by signal 6"), std::string::npos);
  EXPECT_EQ(world.send("DELETE", "/api/jobs/" + id).status, 200);
  EXPECT_EQ(world.get("/api/jobs/" + id).status, 404);
  EXPECT_EQ(world.get("/api/jobs").json().size(), 1U);
}

TEST(ServeJobs, a_server_that_ends_interrupts_what_runs_and_waits_and_ends_streams) {
  World world;
  const std::string first = world.start_held();
  const std::string second = world.diagnose();
  Socket socket(world.server->port());
  socket.say(world.head("GET", "/api/jobs/" + second + "/events") + "\r\n");
  static_cast<void>(socket.hear(
      [](const std::string& text) { return text.find("queued") != std::string::npos; }));
  const auto begin = std::chrono::steady_clock::now();
  world.server.reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_NE(socket.hear().find("interrupted"), std::string::npos);
  world.job.release();
  world.start();
  EXPECT_EQ(world.job_of(first)["status"], "interrupted");
  EXPECT_EQ(world.job_of(second)["status"], "interrupted");
  EXPECT_NE(stream(world, first).find("JOB-002"), std::string::npos) << "how it ended is told";
  EXPECT_EQ(world.send("POST", "/api/jobs/" + first + "/resume").status, 200);
  EXPECT_EQ(world.wait_for(first, "done")["verdict"], "problem");
}

}  // namespace
}  // namespace qualm::serve
