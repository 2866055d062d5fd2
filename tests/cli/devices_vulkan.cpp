// A device that is not the CPU: Mesa's Vulkan driver, which computes on the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"
#include "support/quantized.h"

namespace qualm::cli {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

class Vulkan : public testing::Test {
 protected:
  void SetUp() override {
    const fs::path driver = QUALM_VULKAN_DRIVER;
    if (driver.empty()) GTEST_SKIP() << "NO VULKAN: run tools/setup.sh vulkan, then cmake again";
    // .../usr/share/vulkan/icd.d/lvp_icd.json
    const fs::path usr = driver.parent_path().parent_path().parent_path().parent_path();
    for (const auto& one : fs::recursive_directory_iterator(usr / "lib"))
      if (one.path().filename() == "libggml-vulkan.so") backend_ = one.path();
    ASSERT_FALSE(backend_.empty());
    const fs::path folder = scratch_.path("backends");
    fs::create_directories(folder);
    const char* kernels = std::getenv("QUALM_GGML_BACKENDS");
    const fs::path others = kernels ? fs::path(kernels) : backend_.parent_path();
    for (const auto& one : fs::directory_iterator(others))
      fs::create_symlink(fs::canonical(one.path()), folder / one.path().filename());
    if (!fs::exists(folder / backend_.filename()))
      fs::create_symlink(backend_, folder / backend_.filename());
  }
  [[nodiscard]] test::Ended qualm(std::vector<std::string> words) const {
    test::Command command = test::qualm(scratch_, std::move(words));
    command.environment["QUALM_GGML_BACKENDS"] = scratch_.path("backends");
    command.environment["LD_LIBRARY_PATH"] = backend_.parent_path().parent_path().parent_path();
    command.environment["VK_DRIVER_FILES"] = QUALM_VULKAN_DRIVER;
    command.environment["GGML_VK_VISIBLE_DEVICES"] = "0";  // else ggml passes over CPUs
    return test::run(command);
  }
  [[nodiscard]] test::Ended diagnose(std::vector<std::string> more) const {
    std::vector<std::string> words{"diagnose", "q4.gguf",  "--baseline", base_,       "-c",
                                   "32",       "--chunks", "12",         "--symptom", "none",
                                   "--format", "json"};
    words.insert(words.end(), more.begin(), more.end());
    test::make_quantized("Q4_0", base_, scratch_.path("q4.gguf"));
    return qualm(words);
  }

  test::Scratch scratch_;
  fs::path backend_;
  std::string base_ = test::source_file("models/qualm-tiny-base-F16.gguf");
};

std::vector<std::string> lines_of(const test::Ended& ended) {
  std::vector<std::string> all;
  for (const auto& check : test::document(ended)["checks"])
    for (const auto& one : check["evidence"])
      if (one["name"].get<std::string>().starts_with("cross_check")) all.push_back(one["says"]);
  return all;
}

TEST_F(Vulkan, is_listed) {
  const auto ended = qualm({"diagnose", "--list-devices"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("  Vulkan0: llvmpipe"));
}

TEST_F(Vulkan, is_used_without_being_asked_for_and_is_checked_against_the_cpu) {
  const auto ended = diagnose({"--cross-check", "cpu"});
  EXPECT_THAT(ended.err, HasSubstr("devices: Vulkan0 (llvmpipe"));
  const auto lines = lines_of(ended);
  ASSERT_EQ(lines.size(), 2U) << ended.err;
  EXPECT_THAT(lines[0], HasSubstr("The candidate on Vulkan0 against the CPU, 4 windows: KLD"));
  EXPECT_THAT(lines[1], HasSubstr("The device is not the cause"));
}

TEST_F(Vulkan, is_left_alone_where_the_user_wants_the_cpu) {
  const auto ended = diagnose({"--device", "none", "--cross-check", "cpu"});
  EXPECT_THAT(ended.err, HasSubstr("there is no device but the CPU"));
  EXPECT_TRUE(lines_of(ended).empty());
}

TEST_F(Vulkan, another_device_is_refused_with_the_names_there_are) {
  const auto ended = diagnose({"--device", "CUDA0"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(test::document(ended)["error"]["code"], "ENGINE-005");
  EXPECT_THAT(ended.err, HasSubstr("none, Vulkan0"));
}

}  // namespace
}  // namespace qualm::cli
