#include "remote/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "remote/fake_llama.h"

namespace qualm::remote {
namespace {

using testing::HasSubstr;

TEST(Process, who_listens_on_a_port_is_found) {
  const test::LyingServer server([](const auto&) { return test::HttpAnswer{}; });
  const auto words = command_of_listener(server.port());
  ASSERT_TRUE(words);
  ASSERT_FALSE(words->empty());
  EXPECT_THAT(words->front(), HasSubstr("test_remote"));
}

TEST(Process, where_nobody_listens_there_is_none) {
  test::LyingServer server([](const auto&) { return test::HttpAnswer{}; });
  const int port = server.port();
  server.die();
  EXPECT_FALSE(command_of_listener(port));
  EXPECT_FALSE(command_of_listener(0));
}

TEST(Process, own_ones_have_this_one_among_them) {
  const auto all = own_processes();
  EXPECT_TRUE(std::ranges::any_of(all, [](const Process& one) {
    return !one.words.empty() && one.words.front().find("test_remote") != std::string::npos &&
           one.folder == std::filesystem::current_path();
  }));
}

TEST(Process, an_option_has_several_names_and_forms) {
  const CommandLine words{"llama-server", "-m", "a.gguf", "--cache-type-k=q8_0", "-ctv", "q4_0"};
  EXPECT_EQ(option_of(words, {"-m", "--model"}), "a.gguf");
  EXPECT_EQ(option_of(words, {"-ctk", "--cache-type-k"}), "q8_0");
  EXPECT_EQ(option_of(words, {"-ctv", "--cache-type-v"}), "q4_0");
  EXPECT_EQ(option_of(words, {"--lora"}), std::nullopt);
}

TEST(Process, of_an_option_that_is_given_twice_the_last_counts) {
  const CommandLine words{"llama-server", "--model", "a", "-m", "b", "--model=c", "-m"};
  EXPECT_EQ(option_of(words, {"-m", "--model"}), "c");
  EXPECT_EQ(option_of({"x", "-m=a"}, {"-m"}), std::nullopt);
  EXPECT_EQ(option_of({}, {"-m"}), std::nullopt);
}

}  // namespace
}  // namespace qualm::remote
