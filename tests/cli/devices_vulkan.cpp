// A device that is not the CPU: Mesa's Vulkan driver, which computes on the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "support/program.h"

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
  [[nodiscard]] test::Ended qualm(std::vector<std::string> words,
                                  const std::string& coopmat = "GGML_VK_DISABLE_COOPMAT") const {
    test::Command command = test::qualm(scratch_, std::move(words));
    command.environment["QUALM_GGML_BACKENDS"] = scratch_.path("backends");
    command.environment["LD_LIBRARY_PATH"] = backend_.parent_path().parent_path().parent_path();
    command.environment["VK_DRIVER_FILES"] = QUALM_VULKAN_DRIVER;
    command.environment["GGML_VK_VISIBLE_DEVICES"] = "0";  // else ggml passes over CPUs
    command.environment["LP_NUM_THREADS"] = "1";  // threads of a busy machine wait for each other
    command.environment[coopmat] = "1";
    return test::run(command);
  }
  /// The bundled model by itself: no more is run than what is checked.
  [[nodiscard]] std::vector<std::string> words(std::vector<std::string> more) const {
    std::vector<std::string> all{"diagnose",  test::source_file("models/qualm-tiny-base-F16.gguf"),
                                 "-c",        "32",
                                 "--chunks",  "4",
                                 "--symptom", "none",
                                 "--format",  "json"};
    all.insert(all.end(), more.begin(), more.end());
    return all;
  }

  test::Scratch scratch_;
  fs::path backend_;
};

std::vector<std::string> lines_of(const test::Ended& ended) {
  std::vector<std::string> all;
  const auto document = test::document(ended);
  for (const auto& check : document["checks"])
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
  const auto ended = qualm(words({"--cross-check", "cpu"}));
  EXPECT_THAT(ended.err, HasSubstr("devices: Vulkan0 (llvmpipe"));
  const auto lines = lines_of(ended);
  ASSERT_EQ(lines.size(), 1U) << ended.err;
  EXPECT_THAT(lines[0], HasSubstr("The candidate on Vulkan0 against the CPU, 4 windows: KLD"));
  EXPECT_THAT(lines[0], HasSubstr("The device is not the cause"));
}

// Cooperative matrices of Mesa 26.1 on the CPU with ggml 0.27 give other logits on some windows,
// which is what --cross-check is for.
TEST_F(Vulkan, that_is_broken_is_found_to_be) {
  const auto ended = qualm(words({"--cross-check", "cpu"}), "QUALM_NOTHING");
  const auto lines = lines_of(ended);
  ASSERT_EQ(lines.size(), 1U) << ended.err;
  if (lines[0].ends_with("The device is not the cause"))
    GTEST_SKIP() << "THIS DRIVER IS NOT BROKEN: " << lines[0];
  EXPECT_THAT(lines[0], HasSubstr("the device is the broken side"));
  EXPECT_EQ(ended.exit_code, 1);
}

TEST_F(Vulkan, is_left_alone_where_the_user_wants_the_cpu) {
  const auto ended = qualm(words({"--device", "none", "--cross-check", "cpu"}));
  EXPECT_THAT(ended.err, HasSubstr("there is no device but the CPU"));
  EXPECT_TRUE(lines_of(ended).empty());
}

TEST_F(Vulkan, another_device_is_refused_with_the_names_there_are) {
  const auto ended = qualm(words({"--device", "CUDA0"}));
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(test::document(ended)["error"]["code"], "ENGINE-005");
  EXPECT_THAT(ended.err, HasSubstr("none, Vulkan0"));
}

}  // namespace
}  // namespace qualm::cli
