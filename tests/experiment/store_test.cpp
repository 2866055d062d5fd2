#include "experiment/store.h"

#include <gtest/gtest.h>
#include <sqlite3.h>
#include <sys/resource.h>

#include <csignal>

#include "support/notes.h"
#include "support/places.h"

namespace qualm::experiment {
namespace {

using evaluate::WindowScores;
using test::Notes;
using test::Scratch;

WindowScores window(std::int32_t index, std::size_t count = 3) {
  WindowScores scores{index, {}};
  for (std::size_t i = 0; i < count; ++i)
    scores.scores.push_back({1.0 + index, 2.0, 0.25F, -0.5F, 0.75F,
                             static_cast<std::int32_t>(64 + i), i % 2 == 0, true});
  return scores;
}

std::vector<std::int32_t> indices(const std::vector<WindowScores>& windows) {
  std::vector<std::int32_t> out;
  for (const WindowScores& one : windows) out.push_back(one.window);
  return out;
}

void sql(const std::string& path, const char* statement) {
  sqlite3* database = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &database), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(database, statement, nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(database);
  sqlite3_close(database);
}

/// Files of the folder whose names begin so.
std::vector<std::string> beginning_with(const Scratch& scratch, const std::string& name) {
  std::vector<std::string> found;
  for (const auto& entry : std::filesystem::directory_iterator(scratch.path()))
    if (entry.path().filename().string().starts_with(name)) found.push_back(entry.path().string());
  return found;
}

constexpr std::array<std::int32_t, 4> kAsked{1, 2, 3, 4};

TEST(Store, recalls_a_text_of_an_earlier_run_byte_for_byte) {
  const Scratch scratch;
  Notes notes;
  const std::string text("a\0b\xff", 4);
  open_store(scratch.path("m.sqlite"), notes)->remember("key", text);
  const auto store = open_store(scratch.path("m.sqlite"), notes);
  EXPECT_EQ(store->recall("key"), text);
  EXPECT_FALSE(store->recall("another key"));
}

TEST(Store, gives_back_what_was_saved_in_an_earlier_run) {
  const Scratch scratch;
  Notes notes;
  {
    const auto store = open_store(scratch.path("m.sqlite"), notes);
    const std::array saved{window(4), window(2)};
    store->save("key", saved);
  }
  const auto store = open_store(scratch.path("m.sqlite"), notes);
  const auto found = store->load("key", kAsked);
  EXPECT_EQ(indices(found), (std::vector<std::int32_t>{2, 4}));
  EXPECT_EQ(found[0].scores.size(), 3U);
  EXPECT_EQ(found[0].scores[1].position, 65);
  EXPECT_FALSE(found[0].scores[1].same_top);
  EXPECT_TRUE(store->load("another key", kAsked).empty());
  EXPECT_TRUE(notes.notes.empty());
}

TEST(Store, what_is_measured_again_replaces_what_was_there) {
  const Scratch scratch;
  Notes notes;
  const auto store = open_store(scratch.path("m.sqlite"), notes);
  store->save("key", std::array{window(1, 3)});
  store->save("key", std::array{window(1, 5)});
  ASSERT_EQ(store->load("key", kAsked).size(), 1U);
  EXPECT_EQ(store->load("key", kAsked)[0].scores.size(), 5U);
}

TEST(Store, a_file_that_is_no_database_is_set_aside_and_a_new_one_begun) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.file("m.sqlite", std::string(5000, 'x'));
  {
    const auto store = open_store(path, notes);
    store->save("key", std::array{window(1)});
    EXPECT_EQ(store->load("key", kAsked).size(), 1U);
  }
  const auto aside = beginning_with(scratch, "m.sqlite.corrupt-");
  ASSERT_EQ(aside.size(), 1U);
  EXPECT_EQ(test::contents(aside[0]), std::string(5000, 'x'));
  ASSERT_EQ(notes.notes.size(), 1U);
  EXPECT_EQ(notes.notes[0], "the cache of finished measurements was corrupt: moved to " + aside[0]);
  EXPECT_EQ(open_store(path, notes)->load("key", kAsked).size(), 1U);
}

TEST(Store, a_database_whose_pages_are_damaged_is_set_aside_when_that_shows) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("m.sqlite");
  {
    const auto store = open_store(path, notes);
    for (std::int32_t i = 0; i < 64; ++i) store->save("key", std::array{window(i, 400)});
  }
  std::string bytes = test::contents(path);
  ASSERT_GT(bytes.size(), 100'000U);
  for (std::size_t i = 4096; i < bytes.size(); ++i) bytes[i] = static_cast<char>(i * 31);
  test::write(path, bytes);

  const auto store = open_store(path, notes);
  EXPECT_TRUE(store->load("key", kAsked).empty());
  store->save("key", std::array{window(3)});
  store->save("key", std::array{window(4)});
  EXPECT_EQ(indices(store->load("key", kAsked)), (std::vector<std::int32_t>{3, 4}));
  EXPECT_EQ(beginning_with(scratch, "m.sqlite.corrupt-").size(), 1U);
  EXPECT_EQ(notes.notes.size(), 1U);
}

TEST(Store, a_window_that_does_not_prove_whole_is_not_given_back) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("m.sqlite");
  open_store(path, notes)->save("key", std::array{window(1), window(2)});
  sql(path, "UPDATE windows SET scores = zeroblob(length(scores)) WHERE window = 1");
  EXPECT_EQ(indices(open_store(path, notes)->load("key", kAsked)), std::vector<std::int32_t>{2});
}

TEST(Store, tables_of_another_version_are_dropped) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("m.sqlite");
  sql(path, "PRAGMA user_version = 99; CREATE TABLE windows(other INTEGER)");
  const auto store = open_store(path, notes);
  store->save("key", std::array{window(1)});
  EXPECT_EQ(store->load("key", kAsked).size(), 1U);
  EXPECT_TRUE(notes.notes.empty());
}

TEST(Store, a_folder_that_cannot_be_written_is_a_note_and_no_more) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("no such folder/m.sqlite");
  const auto store = open_store(path, notes);
  store->save("key", std::array{window(1)});
  EXPECT_TRUE(store->load("key", kAsked).empty());
  ASSERT_EQ(notes.notes.size(), 1U) << "said once, not at every access";
  EXPECT_EQ(notes.notes[0],
            "no cache of finished measurements: " + path + ": unable to open database file");
}

TEST(Store, a_full_disk_is_a_note_that_names_it) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("m.sqlite");
  const auto store = open_store(path, notes);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit tight{8192, before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &tight), 0);
  for (std::int32_t i = 0; i < 20; ++i) store->save("key", std::array{window(i, 400)});
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  ASSERT_EQ(notes.notes.size(), 1U);
  EXPECT_EQ(notes.notes[0], "no cache of finished measurements: " + path + ": disk I/O error");
}

TEST(Store, two_processes_may_share_it) {
  const Scratch scratch;
  Notes notes;
  const auto one = open_store(scratch.path("m.sqlite"), notes);
  const auto other = open_store(scratch.path("m.sqlite"), notes);
  one->save("key", std::array{window(1)});
  other->save("key", std::array{window(2)});
  EXPECT_EQ(one->load("key", kAsked).size(), 2U);
  EXPECT_TRUE(notes.notes.empty());
}

TEST(Store, lives_in_the_users_cache_folder) {
  const char* before = std::getenv("XDG_CACHE_HOME");
  const std::string kept = before ? before : "";
  ::setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(cache_folder(), "/somewhere/qualm");
  ::setenv("XDG_CACHE_HOME", "", 1);
  ::setenv("HOME", "/home/x", 1);
  EXPECT_EQ(cache_folder(), "/home/x/.cache/qualm");
  if (before) ::setenv("XDG_CACHE_HOME", kept.c_str(), 1);
}

// Two rounds: what the first one freed must not count in the second.
TEST(Store, over_its_size_forgets_the_older_half_once) {
  const Scratch scratch;
  Notes notes;
  const std::string path = scratch.path("m.sqlite");
  constexpr std::int64_t kMost = 1 << 20;
  for (int i = 0; i < 16; ++i)
    open_store(path, notes, std::int64_t{1} << 40)
        ->remember("key" + std::to_string(i), std::string(100'000, 'x'));
  const auto left = [&] {
    const auto store = open_store(path, notes, kMost);
    int found = 0;
    for (int i = 0; i < 16; ++i) found += store->recall("key" + std::to_string(i)) ? 1 : 0;
    return found;
  };
  EXPECT_EQ(left(), 8);
  EXPECT_EQ(left(), 8);
}

TEST(Store, without_a_cache_keeps_what_it_has_for_its_own_life_alone) {
  Notes notes;
  {
    const auto store = open_store(false, notes);
    store->save("key", std::array{window(1)});
    EXPECT_EQ(indices(store->load("key", kAsked)), std::vector<std::int32_t>{1});
  }
  EXPECT_TRUE(open_store(false, notes)->load("key", kAsked).empty());
}

}  // namespace
}  // namespace qualm::experiment
