#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>

#include "base/file.h"
#include "support/places.h"

namespace qualm {
namespace {

/// Of all files this process maps, in pages; Linux's /proc/self/statm, third field.
long mapped_pages_in_memory() {
  long size = 0, resident = 0, shared = 0;
  std::ifstream("/proc/self/statm") >> size >> resident >> shared;
  return shared;
}

TEST(MappedFile, pages_that_are_released_leave_memory_and_can_be_read_again) {
  constexpr std::size_t kBytes = std::size_t{64} << 20;
  const test::Scratch scratch;
  const std::string path = scratch.file("pages", "begin");
  std::filesystem::resize_file(path, kBytes);
  const auto file = map_file(path);
  ASSERT_TRUE(file) << describe(file.error());
  const long before = mapped_pages_in_memory();
  EXPECT_EQ(std::ranges::count((*file)->bytes(), std::byte{0}), kBytes - 5);
  const long read = mapped_pages_in_memory();
  EXPECT_GT(read - before, 10'000);
  (*file)->release_pages();
  EXPECT_LT(mapped_pages_in_memory() - before, (read - before) / 10);
  EXPECT_EQ((*file)->bytes()[4], std::byte{'n'});
}

}  // namespace
}  // namespace qualm
