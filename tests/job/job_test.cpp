// The watcher's side of a job, with shell scripts as jobs.
#include "job/job.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>

#include "job/interrupt.h"
#include "support/notes.h"
#include "support/places.h"

namespace qualm::job {
namespace {

struct Played {
  std::string error;
  int exit_code = 0;
  std::vector<std::string> updates;
  std::vector<std::string> notes;
};

/// run_job with this script in place of `qualm job`.
Played play(const std::string& script, const std::string& model = "m.gguf",
            const std::string& rpc = "") {
  catch_interrupts();
  const test::Scratch scratch;
  const std::string path = scratch.file("job", "#!/bin/sh\n" + script);
  ::chmod(path.c_str(), 0755);
  test::Notes notes;
  Request request;
  request.command = "measure";
  request.models = {model};
  if (!rpc.empty()) request.settings.devices.rpc = {rpc};
  const auto outcome = run_job(request, notes, path);
  return {outcome ? "" : describe(outcome.error()),
          outcome ? outcome->exit_code : exit_code(outcome.error().kind), notes.updates,
          notes.notes};
}

TEST(Job, its_events_are_handed_on_and_its_answer_returned) {
  const Played played = play(
      "cat >/dev/null\n"
      "echo '{\"event\":\"progress\",\"step\":\"s\",\"done\":1,\"total\":2}'\n"
      "echo '{\"event\":\"note\",\"line\":\"n\"}'\n"
      "echo '{\"event\":\"result\",\"exit_code\":3,\"document\":{}}'\n");
  EXPECT_EQ(played.error, "");
  EXPECT_EQ(played.exit_code, 3);
  EXPECT_EQ(played.updates, std::vector<std::string>{"s 1/2"});
  EXPECT_EQ(played.notes, std::vector<std::string>{"n"});
}

TEST(Job, that_died_when_its_rpc_server_did_names_the_server) {
  const std::string nobody = "127.0.0.1:1";
  const Played played = play("cat >/dev/null\nkill -ABRT $$\n", "m.gguf", nobody);
  EXPECT_EQ(played.exit_code, 4);
  EXPECT_NE(played.error.find("JOB-006"), std::string::npos) << played.error;
  EXPECT_NE(played.error.find(nobody), std::string::npos) << played.error;
}

TEST(Job, reads_its_request_from_stdin) {
  const Played played = play(
      "LC_ALL=C grep -aq m.gguf && [ \"$1\" = job ] &&\n"
      "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n");
  EXPECT_EQ(played.error, "");
}

TEST(Job, its_threads_share_one_heap_without_large_blocks_unless_the_user_chose) {
  const auto heaps = [] {
    return play(
               "cat >/dev/null\n"
               "echo "
               "'{\"event\":\"note\",\"line\":\"'$MALLOC_ARENA_MAX,$MALLOC_MMAP_THRESHOLD_'\"}'\n"
               "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n")
        .notes;
  };
  ::unsetenv("MALLOC_ARENA_MAX");
  EXPECT_EQ(heaps(), std::vector<std::string>{"1,1048576"});
  ::setenv("MALLOC_ARENA_MAX", "4", 1);
  EXPECT_EQ(heaps(), std::vector<std::string>{"4,1048576"});
  ::unsetenv("MALLOC_ARENA_MAX");
}

/// What OpenMP is told in a job, whose watcher has this variable ("": none).
std::vector<std::string> wait_policy_of_a_job(const char* variable, const char* value) {
  ::unsetenv("OMP_WAIT_POLICY");
  ::unsetenv("GOMP_SPINCOUNT");
  if (*variable != '\0') ::setenv(variable, value, 1);
  const Played played = play(
      "cat >/dev/null\n"
      "echo '{\"event\":\"note\",\"line\":\"'$OMP_WAIT_POLICY,$GOMP_SPINCOUNT'\"}'\n"
      "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n");
  if (*variable != '\0') ::unsetenv(variable);
  return played.notes;
}

TEST(Job, its_threads_spin_a_moment_before_they_sleep_unless_the_user_chose) {
  EXPECT_EQ(wait_policy_of_a_job("", ""), std::vector<std::string>{",3000"});
  EXPECT_EQ(wait_policy_of_a_job("OMP_WAIT_POLICY", "active"), std::vector<std::string>{"active,"});
  EXPECT_EQ(wait_policy_of_a_job("GOMP_SPINCOUNT", "100"), std::vector<std::string>{",100"});
}

TEST(Job, a_path_that_is_no_utf_8_reaches_it_byte_for_byte) {
  const Played played = play(
      "LC_ALL=C grep -aq \"$(printf 'a\\377\\303b.gguf')\" &&\n"
      "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n",
      "a\xff\xc3"
      "b.gguf");
  EXPECT_EQ(played.error, "");
}

TEST(Job, a_signal_that_kills_it_is_told_with_the_step_and_its_last_lines) {
  const Played played = play(
      "cat >/dev/null\n"
      "echo '{\"event\":\"progress\",\"step\":\"measuring m.gguf\",\"done\":3,\"total\":9}'\n"
      "for i in 1 2 3 4 5 6 7 8 9 10; do echo \"line $i\" >&2; done\n"
      "kill -ABRT $$\n");
  EXPECT_EQ(played.error,
            "error[JOB-001] m.gguf, while measuring m.gguf: expected the engine's process to "
            "answer, found killed by signal 6 (Aborted); its last lines: line 3 | line 4 | line 5 "
            "| line 6 | line 7 | line 8 | line 9 | line 10. The engine gave up on a check of its "
            "own: its last lines say which.");
  EXPECT_EQ(played.exit_code, 4);
}

TEST(Job, killed_for_memory_it_says_what_to_try) {
  const Played played = play("kill -KILL $$\n");
  EXPECT_EQ(played.error,
            "error[JOB-001] m.gguf, at the start: expected the engine's process to answer, found "
            "killed by signal 9 (Killed). Probably memory ran out: close other programs, or take a "
            "smaller -c or -b.");
}

TEST(Job, one_that_ends_without_an_answer_is_an_error_of_the_engine) {
  const Played played = play("cat >/dev/null; echo oops >&2; exit 7\n");
  EXPECT_EQ(played.error,
            "error[JOB-001] m.gguf, at the start: expected the engine's process to answer, found "
            "exit code 7; its last lines: oops. Run it again with -v, and report it with the last "
            "lines.");
  EXPECT_EQ(played.exit_code, 4);
}

TEST(Job, an_answer_counts_however_the_process_ends_after_it) {
  const Played played = play(
      "cat >/dev/null\n"
      "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n"
      "kill -SEGV $$\n");
  EXPECT_EQ(played.error, "");
  EXPECT_EQ(played.exit_code, 0);
}

TEST(Job, last_lines_are_kept_of_a_process_that_says_too_much) {
  const Played played = play(
      "cat >/dev/null\n"
      "i=0; while [ $i -lt 3000 ]; do echo \"line $i of very many\" >&2; i=$((i+1)); done\n"
      "exit 1\n");
  EXPECT_NE(played.error.find("line 2992 of very many | line 2993"), std::string::npos)
      << played.error;
}

TEST(Job, a_program_that_is_not_there_is_said_so) {
  test::Notes notes;
  const auto outcome = run_job({}, notes, "/no/such/program");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(
      describe(outcome.error()),
      "error[JOB-005] /no/such/program: expected to start the engine's process, found No such "
      "file or directory. Check the limits of this account (ulimit -u, ulimit -n).");
}

TEST(Job, an_interrupt_reaches_it_and_what_it_has_is_the_answer) {
  const Played played = play(
      "trap 'echo \"{\\\"event\\\":\\\"result\\\",\\\"exit_code\\\":130,\\\"document\\\":{}}\"; "
      "exit "
      "0' INT\n"
      "cat >/dev/null\n"
      "kill -INT $PPID\n"
      "while :; do sleep 0.05; done\n");
  EXPECT_EQ(played.error, "");
  EXPECT_EQ(played.exit_code, 130);
}

TEST(Job, an_interrupt_before_there_is_anything_to_show) {
  const Played played = play(
      "trap 'exit 1' INT\n"
      "cat >/dev/null\n"
      "kill -INT $PPID\n"
      "while :; do sleep 0.05; done\n");
  EXPECT_EQ(played.error,
            "error[JOB-002]: expected an answer, found stopped on request. What was measured is "
            "kept: the same command goes on from there.");
  EXPECT_EQ(played.exit_code, 130);
}

TEST(Job, a_termination_reaches_it_as_one) {
  const Played played = play(
      "trap '' INT\n"
      "trap 'exit 1' TERM\n"
      "cat >/dev/null\n"
      "kill -TERM $PPID\n"
      "while :; do sleep 0.05; done\n");
  EXPECT_EQ(played.exit_code, 130);
}

TEST(Job, a_process_that_computes_on_ends_soon_after_a_termination) {
  const pid_t child = ::fork();
  if (child == 0) {
    catch_interrupts();
    end_soon_on_term();
    ::raise(SIGTERM);
    while (true) ::pause();
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status)) << "the test would hang where nothing ends it";
}

TEST(Job, a_second_interrupt_kills_one_that_does_not_listen) {
  const Played played = play(
      "trap '' INT\n"
      "cat >/dev/null\n"
      "kill -INT $PPID\n"
      "sleep 0.5\n"
      "kill -INT $PPID\n"
      "while :; do sleep 0.05; done\n");
  EXPECT_EQ(played.exit_code, 130);
}

struct Watched {
  Result<Outcome> outcome;
  std::vector<std::string> events;
};

/// run_job for a watcher without a terminal, who cancels when this event is heard.
Watched watch(const std::string& script, const std::string& cancel_at) {
  const test::Scratch scratch;
  const std::string path = scratch.file("job", "#!/bin/sh\n" + script);
  ::chmod(path.c_str(), 0755);
  std::vector<std::string> events;
  bool cancelled = false;
  const JobWatch watcher{[&](const nlohmann::ordered_json& event) {
                           events.push_back(event.dump());
                           cancelled = cancelled || event.at("event") == cancel_at;
                         },
                         [&] { return cancelled; }};
  auto outcome = run_job(Request{}, watcher, path);
  return {std::move(outcome), events};
}

TEST(Job, a_watcher_hears_every_event_but_the_end_as_it_came) {
  const Watched watched = watch(
      "cat >/dev/null\n"
      "echo '{\"event\":\"step\",\"number\":1,\"count\":2,\"seconds_after\":-1}'\n"
      "echo '{\"event\":\"of_a_later_version\",\"x\":1}'\n"
      "echo '{\"event\":\"result\",\"exit_code\":0,\"document\":{}}'\n",
      "");
  EXPECT_TRUE(watched.outcome);
  EXPECT_EQ(watched.events,
            (std::vector<std::string>{R"({"event":"step","number":1,"count":2,"seconds_after":-1})",
                                      R"({"event":"of_a_later_version","x":1})"}));
}

TEST(Job, a_watcher_cancels_it_alone_and_gets_what_it_has) {
  const Watched watched = watch(
      "trap '' INT\n"
      "trap 'echo \"{\\\"event\\\":\\\"result\\\",\\\"exit_code\\\":130,\\\"document\\\":{}}\"; "
      "exit 0' TERM\n"
      "cat >/dev/null\n"
      "echo '{\"event\":\"note\",\"line\":\"ready\"}'\n"
      "while :; do sleep 0.05; done\n",
      "note");
  ASSERT_TRUE(watched.outcome);
  EXPECT_EQ(watched.outcome->exit_code, 130);
}

}  // namespace
}  // namespace qualm::job
