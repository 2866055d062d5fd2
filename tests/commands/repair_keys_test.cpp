// Keys of a file changed: the type stays, and nothing that would make it unreadable is done.
#include "commands/repair_keys.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::commands {
namespace {

struct File {
  model::Checkpoint checkpoint = test::plain_checkpoint();
  File() {
    checkpoint.path = "m.gguf";
    checkpoint.metadata.set("tokenizer.ggml.eos_token_id", std::uint64_t{2}, 4);
    checkpoint.metadata.set("llama.rope.freq_base", 1e4, 6);
  }
  /// "" or the code of the error.
  std::string set(const std::string& pair) {
    const auto change = set_key(checkpoint, pair);
    return change ? "" : change.error().code;
  }
};

TEST(RepairKeys, a_value_keeps_the_type_of_its_key) {
  File file;
  EXPECT_EQ(file.set("tokenizer.ggml.eos_token_id=1"), "");
  EXPECT_EQ(std::get<std::uint64_t>(*file.checkpoint.metadata.find("tokenizer.ggml.eos_token_id")),
            1);
  EXPECT_EQ(file.set("llama.rope.freq_base=500000"), "");
  EXPECT_EQ(std::get<double>(*file.checkpoint.metadata.find("llama.rope.freq_base")), 500000);
  for (const char* wrong : {"tokenizer.ggml.eos_token_id=-1", "tokenizer.ggml.eos_token_id=1.5",
                            "tokenizer.ggml.eos_token_id=4294967296",
                            "tokenizer.ggml.eos_token_id=", "llama.rope.freq_base=nan",
                            "llama.rope.freq_base=1e400", "tokenizer.ggml.tokens=a"})
    EXPECT_EQ(file.set(wrong), "REPAIR-004") << wrong;
}

TEST(RepairKeys, a_key_that_is_missing_gets_the_type_that_runtimes_read) {
  File file;
  EXPECT_EQ(file.set("tokenizer.ggml.add_bos_token=true"), "");
  EXPECT_EQ(file.checkpoint.metadata.boolean("tokenizer.ggml.add_bos_token"), true);
  EXPECT_EQ(file.set("tokenizer.ggml.bos_token_id=1"), "");
  EXPECT_EQ(file.set("no.such.key=1"), "REPAIR-005");
  EXPECT_EQ(file.set("nothing"), "REPAIR-002");
}

TEST(RepairKeys, what_the_rest_of_the_file_depends_on_stays) {
  File file;
  for (const char* pair : {"general.architecture=qwen2", "general.alignment=64", "split.count=2"})
    EXPECT_EQ(file.set(pair), "REPAIR-006") << pair;
}

TEST(RepairKeys, an_id_beyond_the_tokens_and_a_list_of_another_length_are_refused) {
  File file;
  EXPECT_TRUE(check_keys(file.checkpoint));
  EXPECT_EQ(file.set("tokenizer.ggml.eos_token_id=3"), "");
  EXPECT_EQ(check_keys(file.checkpoint).error().code, "REPAIR-006");
  File longer;
  longer.checkpoint.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"a", "b"});
  EXPECT_EQ(check_keys(longer.checkpoint).error().code, "REPAIR-006");
}

TEST(RepairKeys, a_copy_is_what_the_other_file_has) {
  File file;
  File other;
  other.checkpoint.metadata.set("tokenizer.chat_template", std::string("{{ a\nb }}"), 8);
  other.checkpoint.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  EXPECT_TRUE(copy_key(file.checkpoint, other.checkpoint, "tokenizer.chat_template"));
  EXPECT_EQ(file.checkpoint.metadata.string("tokenizer.chat_template"), "{{ a\nb }}");
  EXPECT_TRUE(copy_key(file.checkpoint, other.checkpoint, "tokenizer.ggml.eos_token_id"));
  EXPECT_EQ(file.checkpoint.metadata.entries().back().key, "llama.rope.freq_base");
  EXPECT_EQ(std::get<std::uint64_t>(*file.checkpoint.metadata.find("tokenizer.ggml.eos_token_id")),
            1);
  EXPECT_EQ(copy_key(file.checkpoint, other.checkpoint, "no.such").error().code, "REPAIR-005");
}

}  // namespace
}  // namespace qualm::commands
