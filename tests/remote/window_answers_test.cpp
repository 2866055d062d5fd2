// What servers answer is not trusted.
#include "remote/window_answers.h"

#include <gtest/gtest.h>

namespace qualm::remote {
namespace {

const Address kSomewhere{.base = "http://127.0.0.1:1"};
const std::vector<engine::Token> kSent{3, 4, 5};

template <typename Read>
std::string code_of(Read read, const std::string& body) {
  const auto rows = read(body, {kSomewhere, kSent});
  return rows ? "" : rows.error().code;
}

std::string vllm_says(const std::string& list) {
  return code_of(rows_of_vllm,
                 R"({"usage":{"prompt_tokens":3},"choices":[{"prompt_logprobs":)" + list + "}]}");
}
std::string sglang_says(const std::string& tokens, const std::string& tops) {
  return code_of(rows_of_sglang, R"({"meta_info":{"input_token_logprobs":)" + tokens +
                                     R"(,"input_top_logprobs":)" + tops + "}}");
}
std::string line_says(const std::string& nll, const std::string& top) {
  return code_of(rows_of_line, R"({"nll":)" + nll + R"(,"top":)" + top + "}");
}

TEST(WindowAnswers, of_vLLM_are_read) {
  EXPECT_EQ(vllm_says(R"([null,{"4":{"logprob":-1}},{"5":{"logprob":-1},"6":{"logprob":-2}}])"),
            "");
}

TEST(WindowAnswers, of_vLLM_in_another_form_are_refused) {
  for (const char* entry :
       {"1", "null", "[]", "{}", R"({"6":{"logprob":-1}})", R"({"5":-1})", R"({"5":"-1"})",
        R"({"token_id:5":{"logprob":-1}})", R"({"5":{}})", R"({"5":{"logprob":"-1"}})",
        R"({"x":{"logprob":-1},"5":{"logprob":-1}})", R"({"-1":{"logprob":-1},"5":{"logprob":-1}})",
        R"({"4294967301":{"logprob":-1},"5":{"logprob":-1}})"})
    EXPECT_EQ(vllm_says(std::string(R"([null,{"4":{"logprob":-1}},)") + entry + "]"), "REMOTE-007")
        << entry;
  EXPECT_EQ(code_of(rows_of_vllm, "<html>"), "REMOTE-007");
}

TEST(WindowAnswers, of_vLLM_of_a_token_that_it_wrote) {
  const auto says = [](const std::string& choice, const std::string& read = "3") {
    const auto row =
        written_by_vllm(R"({"usage":{"prompt_tokens":)" + read + R"(},"choices":[)" + choice + "]}",
                        {kSomewhere, kSent}, 7);
    return row ? std::to_string(row->target_log_p) : row.error().code;
  };
  const auto tops = [](const std::string& list) {
    return R"({"logprobs":{"top_logprobs":)" + list + "}}";
  };
  const std::string both = R"([{"token_id:7":-2.5,"token_id:4":-1}])";
  EXPECT_EQ(says(tops(both)), "-2.500000");
  EXPECT_EQ(says(tops(both), "4"), "REMOTE-010");
  for (const char* list : {"null", "[]", "[null]", R"([{"token_id:4":-1}])", R"([{"a":-1}])",
                           R"([{"token_id:7":{"logprob":-1}}])"})
    EXPECT_EQ(says(tops(list)), "REMOTE-007") << list;
  for (const char* choice : {"", "{}", "null", R"({"logprobs":null})"})
    EXPECT_EQ(says(choice), "REMOTE-007") << choice;
}

TEST(WindowAnswers, of_vLLM_without_a_place_for_each_token_are_refused) {
  for (const char* list : {"null", "{}", "[]", R"([null,{"4":{"logprob":-1}}])"})
    EXPECT_EQ(vllm_says(list), "REMOTE-010") << list;
  EXPECT_EQ(code_of(rows_of_vllm, "{}"), "REMOTE-010");
}

TEST(WindowAnswers, of_SGLang_are_read) {
  EXPECT_EQ(sglang_says("[[null,3,null],[-1,4,null],[-2,5,null]]", "[null,[[-1,4,null]],[[-2,5]]]"),
            "");
}

TEST(WindowAnswers, of_SGLang_in_another_form_are_refused) {
  for (const char* token : {"1", "[]", "[-1]", "[-1,6,null]", R"(["-1",5])", "[-1,-5]"})
    EXPECT_EQ(sglang_says(std::string("[[null,3],[-1,4],") + token + "]", "[null,[],[]]"),
              "REMOTE-007")
        << token;
  EXPECT_EQ(sglang_says("[[null,3],[-1,4],[-1,5]]", "[null,[],[[-1]]]"), "REMOTE-007");
}

TEST(WindowAnswers, of_SGLang_without_a_place_for_each_token_are_refused) {
  EXPECT_EQ(sglang_says("[[null,3],[-1,4]]", "[null,[],[]]"), "REMOTE-010");
  EXPECT_EQ(sglang_says("[[null,3],[-1,4],[-1,5]]", "[null,[]]"), "REMOTE-010");
  EXPECT_EQ(code_of(rows_of_sglang, "[]"), "REMOTE-010");
}

TEST(WindowAnswers, of_a_line_are_read) {
  EXPECT_EQ(line_says("[1,2]", "[[[4,-1]],[[5,-2],[6,-3]]]"), "");
}

TEST(WindowAnswers, of_a_line_in_another_form_are_refused) {
  EXPECT_EQ(line_says("[1,\"2\"]", "[[],[]]"), "REMOTE-007");
  for (const char* top : {"[[],[1]]", "[[],[[1]]]", "[[],[[-1,-1]]]", "[[],[[0.5,-1]]]"})
    EXPECT_EQ(line_says("[1,2]", top), "REMOTE-007") << top;
}

TEST(WindowAnswers, of_a_line_without_a_place_for_each_token_are_refused) {
  EXPECT_EQ(line_says("[1,2,3]", "[[],[]]"), "REMOTE-010");
  EXPECT_EQ(line_says("[1,2]", "[[]]"), "REMOTE-010");
  EXPECT_EQ(line_says("null", "null"), "REMOTE-010");
}

}  // namespace
}  // namespace qualm::remote
