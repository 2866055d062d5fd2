// The history on disk.
#include "serve/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "support/places.h"

namespace qualm::serve {
namespace {

struct Kept : test::Scratch {
  std::unique_ptr<History> open() {
    auto history =
        History::open(file(), [this](const std::string& line) { notes.push_back(line); });
    EXPECT_TRUE(history) << describe(history.error());
    return history ? *std::move(history) : nullptr;
  }
  [[nodiscard]] std::string file() const { return path("state/qualm/history.sqlite"); }
  std::vector<std::string> notes;
};

Record record(const std::string& id, Status status = Status::done) {
  return {.id = id, .title = "diagnose m.gguf", .status = status, .created = 7, .request = "{}"};
}

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 0777 : 0;
}

TEST(ServeHistory, it_survives_and_what_ran_is_interrupted) {
  Kept kept;
  {
    const auto history = kept.open();
    history->add(record("a", Status::running));
    history->add(record("b", Status::queued));
    Record done = record("c", Status::running);
    history->add(done);
    done.status = Status::done;
    done.verdict = "problem";
    done.seconds = 1.5;
    done.document = R"({"x":"\u0000"})";
    history->update(done);
  }
  const auto history = kept.open();
  EXPECT_EQ(history->find("a")->status, Status::interrupted);
  EXPECT_EQ(history->find("b")->status, Status::interrupted);
  const auto done = history->find("c");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->status, Status::done);
  EXPECT_EQ(done->verdict, "problem");
  EXPECT_EQ(done->seconds, 1.5);
  EXPECT_EQ(done->created, 7);
  EXPECT_EQ(done->request, "{}");
  EXPECT_EQ(done->document, R"({"x":"\u0000"})");
  EXPECT_EQ(history->list().front().id, "c");
  EXPECT_TRUE(history->remove("a"));
  EXPECT_FALSE(history->remove("a"));
  EXPECT_FALSE(history->find("a"));
  EXPECT_TRUE(kept.notes.empty());
}

TEST(ServeHistory, only_its_owner_may_read_it) {
  Kept kept;
  ::umask(0);
  const auto history = kept.open();
  ::umask(022);
  history->add(record("a"));
  EXPECT_EQ(mode_of(kept.path("state/qualm")), 0700U);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kept.path("state/qualm"))) {
    EXPECT_EQ(mode_of(entry.path().string()), 0600U) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3);
}

TEST(ServeHistory, a_file_that_others_may_read_is_closed_to_them) {
  Kept kept;
  std::filesystem::create_directories(kept.path("state/qualm"));
  test::write(kept.file(), "");
  ::chmod(kept.file().c_str(), 0644);
  const auto history = kept.open();
  EXPECT_EQ(mode_of(kept.file()), 0600U);
}

TEST(ServeHistory, a_corrupt_one_is_set_aside_and_a_new_one_begun) {
  Kept kept;
  std::filesystem::create_directories(kept.path("state/qualm"));
  test::write(kept.file(), std::string(8192, 'x'));
  const auto history = kept.open();
  ASSERT_TRUE(history);
  history->add(record("a"));
  EXPECT_TRUE(history->find("a"));
  ASSERT_EQ(kept.notes.size(), 1U);
  EXPECT_THAT(kept.notes[0], testing::HasSubstr("the history was corrupt: moved to"));
  int aside = 0;
  for (const auto& entry : std::filesystem::directory_iterator(kept.path("state/qualm")))
    aside += entry.path().string().find(".corrupt-") != std::string::npos ? 1 : 0;
  EXPECT_EQ(aside, 1);
}

TEST(ServeHistory, one_process_has_it_open) {
  Kept kept;
  const auto first = kept.open();
  const auto second = History::open(kept.file(), [](const std::string&) {});
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, "SERVE-005");
}

TEST(ServeHistory, a_folder_that_cannot_be_made_is_told) {
  Kept kept;
  test::write(kept.path("state"), "a file");
  const auto refused = History::open(kept.file(), [](const std::string&) {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "SERVE-007");
}

TEST(ServeHistory, the_oldest_that_ended_are_forgotten) {
  Kept kept;
  const auto history = kept.open();
  history->add(record("waits", Status::queued));
  for (std::int64_t i = 0; i < kMostKept + 5; ++i) history->add(record(std::to_string(i)));
  EXPECT_EQ(history->list().size(), static_cast<std::size_t>(kMostKept) + 1);
  EXPECT_TRUE(history->find("waits"));
  EXPECT_FALSE(history->find("4"));
  EXPECT_TRUE(history->find("5"));
}

}  // namespace
}  // namespace qualm::serve
