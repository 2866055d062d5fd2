// Where tests find files, and where they may write.
#pragma once

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <string_view>

namespace qualm::test {

/// A file of the source tree, as "models/qualm-tiny-base-F16.gguf".
inline std::string source_file(std::string_view name) {
  return (std::filesystem::path(QUALM_SOURCE_DIR) / name).string();
}

/// A file of the collection of models and texts that developers keep beside the checkout, or in
/// QUALM_SHARED. Empty where there is none: a test then skips, and says so.
inline std::string shared_file(std::string_view name) {
  namespace fs = std::filesystem;
  const char* set = std::getenv("QUALM_SHARED");
  const fs::path root = set ? fs::path(set) : fs::path(QUALM_SOURCE_DIR) / ".." / "shared";
  return fs::exists(root / name) ? (root / name).string() : "";
}

inline void write(const std::string& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

inline std::string contents(const std::string& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

/// A folder of this test alone, gone with it.
class Scratch {
 public:
  Scratch() {
    const auto* test = testing::UnitTest::GetInstance()->current_test_info();
    std::string pattern = testing::TempDir() + "/qualm-" + test->name() + "-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  [[nodiscard]] std::string path() const { return path_.string(); }
  [[nodiscard]] std::string path(std::string_view name) const { return (path_ / name).string(); }
  /// A new file, and its path.
  [[nodiscard]] std::string file(std::string_view name, std::string_view bytes) const {
    write(path(name), bytes);
    return path(name);
  }

 private:
  std::filesystem::path path_;
};

}  // namespace qualm::test
