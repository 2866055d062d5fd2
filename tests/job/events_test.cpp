#include "job/events.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <csignal>

#include "support/notes.h"

namespace qualm::job {
namespace {

using test::Notes;

/// What an EventWriter wrote.
std::string written(const std::function<void(EventWriter&)>& speak) {
  std::array<int, 2> ends{};
  EXPECT_EQ(::pipe(ends.data()), 0);
  EventWriter writer(ends[1]);
  speak(writer);
  ::close(ends[1]);
  std::string text(65536, '\0');
  const ssize_t n = ::read(ends[0], text.data(), text.size());
  ::close(ends[0]);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  return text;
}

const std::vector<Answer> kAnswers{{"tier", "Quant type", "cause", "KLD 0.1", true},
                                   {"kv_cache", "KV cache"}};

TEST(Events, are_one_object_per_line) {
  EXPECT_EQ(written([](EventWriter& writer) {
              writer.update("measuring a.gguf", 16, 245);
              writer.note("two\nlines");
              writer.finish(Outcome{{{"command", "measure"}}, 1});
            }),
            "{\"event\":\"progress\",\"step\":\"measuring a.gguf\",\"done\":16,\"total\":245}\n"
            "{\"event\":\"note\",\"line\":\"two\\nlines\"}\n"
            "{\"event\":\"result\",\"exit_code\":1,\"document\":{\"command\":\"measure\"}}\n");
}

TEST(Events, come_through_whole_however_the_lines_are_cut) {
  const std::string text = written([](EventWriter& writer) {
    writer.update("loading", 0, 2);
    writer.note("a note");
    writer.news(News::plan, "two\nlines");
    writer.news(News::so_far, "KLD 0.1");
    writer.answers(kAnswers);
    writer.update("loading", 2, 2);
    writer.finish(Outcome{{{"a", 1}}, 3});
  });
  for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, text.size()}) {
    Notes notes;
    EventReader reader(notes);
    for (std::size_t i = 0; i < text.size(); i += piece) {
      EXPECT_FALSE(reader.ending());
      reader.feed(std::string_view(text).substr(i, piece));
    }
    EXPECT_EQ(notes.updates, (std::vector<std::string>{"loading 0/2", "loading 2/2"}));
    EXPECT_EQ(notes.notes, std::vector<std::string>{"a note"});
    EXPECT_EQ(notes.plans, std::vector<std::string>{"two\nlines"});
    EXPECT_EQ(notes.so_far, std::vector<std::string>{"KLD 0.1"});
    EXPECT_EQ(notes.told, std::vector<std::vector<Answer>>{kAnswers});
    EXPECT_EQ(reader.step(), "loading");
    ASSERT_TRUE(reader.ending() && *reader.ending());
    EXPECT_EQ((**reader.ending()).exit_code, 3);
    EXPECT_EQ((**reader.ending()).document.dump(), "{\"a\":1}");
  }
}

TEST(Events, an_error_keeps_every_part) {
  for (const Kind kind : {Kind::input, Kind::undecided, Kind::engine, Kind::cancelled}) {
    const Error error{kind, "X-001", "file", "place", "expected", "found", "advice"};
    Notes notes;
    EventReader reader(notes);
    reader.feed(written([&](EventWriter& writer) { writer.finish(fail(error)); }));
    ASSERT_TRUE(reader.ending());
    ASSERT_FALSE(*reader.ending());
    EXPECT_EQ(reader.ending()->error().kind, kind);
    EXPECT_EQ(describe(reader.ending()->error()), describe(error));
  }
}

TEST(Events, bytes_that_are_no_utf8_do_not_break_the_line) {
  Notes notes;
  EventReader reader(notes);
  reader.feed(written([](EventWriter& writer) { writer.note("caf\xe9.gguf"); }));
  EXPECT_EQ(notes.notes, std::vector<std::string>{"caf\xef\xbf\xbd.gguf"});
}

TEST(Events, a_line_that_is_none_becomes_a_note_that_cannot_write_to_the_terminal) {
  Notes notes;
  EventReader reader(notes);
  reader.feed("hello \x1b[2J\n{\"event\":\"result\"}\n[]\n{\"event\":\"of the future\"}\n");
  EXPECT_EQ(notes.notes, (std::vector<std::string>{"not an event of a job: hello \\x1b[2J",
                                                   "not an event of a job: {\"event\":\"result\"}",
                                                   "not an event of a job: []"}));
  EXPECT_FALSE(reader.ending());
}

TEST(Events, the_first_and_the_last_of_a_step_are_always_sent) {
  const std::string text = written([](EventWriter& writer) {
    for (int i = 0; i <= 1000; ++i) writer.update("a", i, 1000);
    writer.update("b", 0, 0);
  });
  Notes notes;
  EventReader reader(notes);
  reader.feed(text);
  ASSERT_GE(notes.updates.size(), 3U);
  EXPECT_EQ(notes.updates.front(), "a 0/1000");
  EXPECT_EQ(notes.updates[notes.updates.size() - 2], "a 1000/1000");
  EXPECT_EQ(notes.updates.back(), "b 0/0");
  EXPECT_LT(notes.updates.size(), 500U) << "not every one";
}

TEST(Events, a_reader_that_is_gone_is_no_error) {
  std::signal(SIGPIPE, SIG_IGN);
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  EventWriter writer(ends[1]);
  writer.note("to nobody");
  ::close(ends[1]);
}

}  // namespace
}  // namespace qualm::job
