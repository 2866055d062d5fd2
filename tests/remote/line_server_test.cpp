// Any program that speaks the line protocol is a server.
#include "remote/line_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "remote/canaries.h"

namespace qualm::remote {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<engine::Token> kIds{5, 9, 2, 30, 7};

std::string adapter(const std::string& fault) {
  return "run:python3 '" QUALM_SOURCE_DIR "/tests/remote/adapter.py' " + fault;
}

std::unique_ptr<Server> open_adapter(const std::string& fault, const HttpLimits& limits = {}) {
  auto opened = open_server(adapter(fault), "", limits);
  EXPECT_TRUE(opened) << (opened ? "" : describe(opened.error()));
  return opened ? *std::move(opened) : nullptr;
}

std::string refusal_to_open(const std::string& word, const HttpLimits& limits = {}) {
  const auto opened = open_server(word, "", limits);
  return opened ? "" : describe(opened.error());
}

std::string refusal_to_read(const std::string& fault, const HttpLimits& limits = {}) {
  const auto rows = open_adapter(fault, limits)->read(kIds);
  return rows ? "" : describe(rows.error());
}

TEST(LineServer, tells_what_it_runs) {
  const auto server = open_adapter("none");
  const ServerInfo& info = server->info();
  EXPECT_EQ(info.model_name, "of none");
  EXPECT_EQ(info.vocab_size, 40);
  EXPECT_EQ(info.context, 64);
  EXPECT_EQ(info.slots, 1);
  EXPECT_TRUE(server->reads_windows());
  EXPECT_FALSE(info.address.loopback) << "nothing but the protocol is known of it";
}

TEST(LineServer, a_row_is_of_the_token_that_follows) {
  const auto rows = open_adapter("none")->read(kIds);
  ASSERT_TRUE(rows) << describe(rows.error());
  ASSERT_EQ(rows->size(), 4U);
  for (std::size_t i = 0; i < rows->size(); ++i) {
    double mass = 0;
    for (const evaluate::TokenLogP& one : (*rows)[i].tokens) {
      mass += std::exp(double{one.log_p});
      if (one.token == kIds[i + 1]) {
        EXPECT_NEAR(double{one.log_p}, (*rows)[i].target_log_p, 1e-5);
      }
    }
    EXPECT_EQ((*rows)[i].tokens.size(), 40U);
    EXPECT_NEAR(mass, 1, 1e-5);
  }
}

TEST(LineServer, passes_the_canaries) {
  std::vector<engine::Token> text(33);
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = static_cast<engine::Token>((i * 7 + 3) % 40);
  const auto server = open_adapter("none");
  const auto checked = check_server(*server, text);
  EXPECT_TRUE(checked) << describe(checked.error());
}

TEST(LineServer, a_second_one_is_the_same_program) {
  const auto first = open_adapter("none");
  const auto second = first->again();
  ASSERT_TRUE(second);
  EXPECT_EQ((*second)->read(kIds)->back().target_log_p, first->read(kIds)->back().target_log_p);
}

TEST(LineServer, does_not_split_texts) {
  const auto tokens = open_adapter("none")->tokenize("a", engine::SpecialTokens::as_text);
  ASSERT_FALSE(tokens);
  EXPECT_EQ(tokens.error().code, "REMOTE-009");
}

TEST(LineServer, a_program_that_is_not_there_is_refused) {
  for (const char* word : {"run:", "run: ", "run:/nowhere/program", "run:'python3"})
    EXPECT_THAT(refusal_to_open(word), HasSubstr("REMOTE-023")) << word;
}

TEST(LineServer, one_that_ends_is_quoted) {
  EXPECT_THAT(refusal_to_open(adapter("dies")),
              testing::AllOf(HasSubstr("REMOTE-024"), HasSubstr("exit code 1"),
                             HasSubstr("its last words: OSError: no such model: /models/tiny")));
  EXPECT_THAT(refusal_to_read("ends"),
              testing::AllOf(HasSubstr("REMOTE-024"), HasSubstr("exit code 3")));
}

TEST(LineServer, one_that_is_killed_says_by_what) {
  EXPECT_THAT(refusal_to_open("run:sh -c 'kill -9 $$'"), HasSubstr("killed by signal 9"));
}

TEST(LineServer, one_that_is_silent_is_not_waited_for_without_end) {
  EXPECT_THAT(refusal_to_open("run:cat", {.seconds = 0}), HasSubstr("REMOTE-024"));
}

TEST(LineServer, one_that_does_not_end_its_line_is_refused) {
  EXPECT_THAT(refusal_to_open("run:cat /dev/zero", {.bytes = 1'000'000}),
              HasSubstr("a line of at most 1000000 bytes"));
  EXPECT_THAT(refusal_to_read("floods", {.bytes = 1'000'000}),
              HasSubstr("a line of at most 1000000 bytes"));
}

TEST(LineServer, what_is_no_answer_is_refused) {
  EXPECT_THAT(refusal_to_open(adapter("no_json")), HasSubstr("REMOTE-007"));
  EXPECT_THAT(refusal_to_open("run:echo 1"), HasSubstr("REMOTE-007"));
  EXPECT_THAT(refusal_to_read("short"), HasSubstr("REMOTE-010"));
}

TEST(Command, is_split_as_a_shell_does) {
  EXPECT_THAT(split_command("a  b c").value(), ElementsAre("a", "b", "c"));
  EXPECT_THAT(split_command(R"(a 'b c' "d 'e" f\ g 'h\i' "j\"k")").value(),
              ElementsAre("a", "b c", "d 'e", "f g", R"(h\i)", R"(j"k)"));
  EXPECT_THAT(split_command("a '' b").value(), ElementsAre("a", "", "b"));
  EXPECT_THAT(split_command("a $HOME * ; b | c").value(),
              ElementsAre("a", "$HOME", "*", ";", "b", "|", "c"))
      << "no shell";
}

TEST(Command, that_is_none_is_refused) {
  for (const char* command : {"", "  ", "'a", "\"a", "a 'b", "''"})
    EXPECT_FALSE(split_command(command)) << command;
}

}  // namespace
}  // namespace qualm::remote
