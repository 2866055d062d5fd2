// Files that are written: asked for first, then whole or not at all.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "support/places.h"

namespace qualm {
namespace {

using test::Scratch;

std::string refusal(const std::string& path) {
  const auto writable = check_writable(path);
  return writable ? "writable" : describe(writable.error());
}

TEST(CheckWritable, leaves_no_trace) {
  const Scratch scratch;
  EXPECT_EQ(refusal(scratch.path("new")), "writable");
  EXPECT_FALSE(std::filesystem::exists(scratch.path("new")));
  const std::string old = scratch.file("old", "text");
  EXPECT_EQ(refusal(old), "writable");
  EXPECT_EQ(test::contents(old), "text");
  EXPECT_EQ(refusal("/dev/null"), "writable");
}

TEST(CheckWritable, a_file_where_a_folder_should_be) {
  const Scratch scratch;
  const std::string file = scratch.file("file", "");
  EXPECT_EQ(refusal(file + "/report"),
            "error[FILE-010] " + file + "/report: expected an output file that can be written, " +
                "found no folder " + file + ". Name another place for -o.");
}

/// Ends the process with 0 if a user without privileges is refused.
[[noreturn]] void as_somebody_else(const std::string& path, const std::string& part) {
  if (::geteuid() == 0 && ::setuid(65534) != 0) ::_exit(77);
  ::_exit(refusal(path).find(part) == std::string::npos ? 1 : 0);
}

TEST(CheckWritable, a_folder_that_takes_no_new_file_although_the_old_one_is_writable) {
  const Scratch scratch;
  const std::string old = scratch.file("old", "text");
  ::chmod(old.c_str(), 0666);
  ::chmod(scratch.path().c_str(), 0555);
  EXPECT_EXIT(as_somebody_else(old, "the folder " + scratch.path() + ": Permission denied"),
              testing::ExitedWithCode(0), "");
  EXPECT_EXIT(as_somebody_else(scratch.path("new"), "Permission denied"),
              testing::ExitedWithCode(0), "");
  ::chmod(scratch.path().c_str(), 0755);
}

TEST(WriteFile, replaces_what_was_there_and_leaves_nothing_beside_it) {
  const Scratch scratch;
  const std::string path = scratch.file("report", "earlier");
  ASSERT_TRUE(write_file(path, "later"));
  EXPECT_EQ(test::contents(path), "later");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()),
                          std::filesystem::directory_iterator()),
            1);
}

}  // namespace
}  // namespace qualm
