#include "remote/process.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "remote/fake_llama.h"
#include "support/process.h"

namespace qualm::remote {
namespace {

using testing::HasSubstr;

TEST(Process, who_listens_on_a_port_is_found) {
  const test::LyingServer server([](const auto&) { return test::HttpAnswer{}; });
  const auto process = listener(server.port());
  ASSERT_TRUE(process);
  ASSERT_FALSE(process->words.empty());
  EXPECT_THAT(process->words.front(), HasSubstr("test_remote"));
}

TEST(Process, where_nobody_listens_there_is_none) {
  test::LyingServer server([](const auto&) { return test::HttpAnswer{}; });
  const int port = server.port();
  server.die();
  EXPECT_FALSE(listener(port));
  EXPECT_FALSE(listener(0));
}

TEST(Process, own_ones_have_this_one_among_them) {
  const auto all = own_processes();
  EXPECT_TRUE(std::ranges::any_of(all, [](const Process& one) {
    return !one.words.empty() && one.words.front().find("test_remote") != std::string::npos &&
           one.folder == std::filesystem::current_path();
  }));
}

TEST(Process, an_option_has_several_names_and_forms) {
  const Process process{
      .words = {"llama-server", "-m", "a.gguf", "--cache-type-k=q8_0", "-ctv", "q4_0"}};
  EXPECT_EQ(value_of(kModel, process), "a.gguf");
  EXPECT_EQ(value_of(kCacheTypeK, process), "q8_0");
  EXPECT_EQ(value_of(kCacheTypeV, process), "q4_0");
  EXPECT_EQ(value_of(kPort, process), std::nullopt);
}

TEST(Process, of_an_option_that_is_given_twice_the_last_counts) {
  EXPECT_EQ(value_of(kModel, {.words = {"x", "--model", "a", "-m", "b", "--model=c", "-m"}}), "c");
  EXPECT_EQ(value_of(kModel, {.words = {"x", "-m=a"}}), std::nullopt);
  EXPECT_EQ(value_of(kModel, {.words = {}}), std::nullopt);
}

TEST(Process, a_variable_counts_where_the_command_line_says_nothing) {
  Process process{.words = {"llama-server", "--port", "8081"},
                  .variables = {"LLAMA_ARG_PORT=8082", "LLAMA_ARG_CACHE_TYPE_K=q4_0"}};
  EXPECT_EQ(value_of(kPort, process), "8081");
  EXPECT_EQ(value_of(kCacheTypeK, process), "q4_0");
  EXPECT_EQ(value_of(kCacheTypeV, process), std::nullopt);
}

TEST(Process, of_its_variables_those_of_llama_cpp_are_read) {
  std::vector<Process> found;
  const auto look = [&] {
    found = own_processes();
    std::erase_if(found, [](const Process& one) {
      return one.words != CommandLine{"sleep", "59.75"};
    });
    return !found.empty();
  };
  test::run({.words = {"sleep", "59.75"},
             .environment = {{"LLAMA_ARG_CACHE_TYPE_V", "q8_0"}, {"A_SECRET", "1"}},
             .interrupt = look});
  ASSERT_EQ(found.size(), 1);
  EXPECT_EQ(found.front().variables, std::vector<std::string>{"LLAMA_ARG_CACHE_TYPE_V=q8_0"});
}

}  // namespace
}  // namespace qualm::remote
