// Whatever path is given: what is no model, or not whole, is said with what to do.
#include "formats/read.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "formats/gguf/gguf.h"
#include "formats/gguf/write.h"
#include "formats/part_name.h"
#include "support/gguf_builder.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm::formats {
namespace {

using test::Scratch;
using ::testing::HasSubstr;

std::string said(const std::string& path) {
  const auto found = read(path);
  return found ? "accepted" : describe(found.error());
}

TEST(Read, what_is_no_model_is_named_with_what_to_do) {
  const Scratch scratch;
  const auto typed = [&](const std::string& type) {
    return scratch.file(type + ".gguf", test::GgufBuilder()
                                            .string("general.type", type)
                                            .tensor("a", {4}, 0, std::string(16, 'x'))
                                            .build());
  };
  EXPECT_THAT(said(typed("imatrix")), HasSubstr("READ-003"));
  EXPECT_THAT(said(typed("imatrix")), HasSubstr("--imatrix"));
  EXPECT_THAT(said(typed("adapter")), HasSubstr("Merge it"));
  EXPECT_THAT(said(scratch.file("i.dat", std::string("\x01\0\0\0\x08\0\0\0a.weight", 16))),
              HasSubstr("an importance matrix"));
}

TEST(Read, the_header_of_a_folder_is_read_without_its_tokenizer) {
  const std::string folder = test::source_file("tests/data/hf_families/llama");
  const auto whole = read(folder);
  const auto header = read_header(folder);
  ASSERT_TRUE(whole && header);
  EXPECT_NE(whole->metadata.find("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ(header->metadata.find("tokenizer.ggml.tokens"), nullptr);
  EXPECT_EQ(header->parameters(), whole->parameters());
  EXPECT_EQ(header->file_bytes(), whole->file_bytes());
  EXPECT_EQ(header->path, folder);
}

TEST(Read, an_encoder_is_read_and_is_not_to_be_run) {
  const Scratch scratch;
  const std::string path = scratch.file("bert.gguf", test::GgufBuilder()
                                                         .string("general.architecture", "bert")
                                                         .tensor("a", {4}, 0, std::string(16, 'x'))
                                                         .build());
  EXPECT_EQ(said(path), "accepted");
  EXPECT_EQ(read_language_model(path).error().code, "READ-003");
}

TEST(Read, a_peft_folder_is_an_adapter_of_its_base_model) {
  const Scratch scratch;
  std::filesystem::create_directories(scratch.path("peft"));
  (void)scratch.file("peft/adapter_config.json", R"({"base_model_name_or_path": "the-base"})");
  (void)scratch.file("peft/adapter_model.safetensors", std::string("\x02\0\0\0\0\0\0\0{}", 10));
  EXPECT_THAT(said(scratch.path("peft")), HasSubstr("HF-013"));
  EXPECT_THAT(said(scratch.path("peft")), HasSubstr("Merge it into the-base first"));
  EXPECT_THAT(said(scratch.path("peft/adapter_model.safetensors")), HasSubstr("HF-013"));
}

TEST(Read, a_link_to_nothing_names_where_it_leads) {
  const Scratch scratch;
  std::filesystem::create_symlink("gone.gguf", scratch.path("link.gguf"));
  EXPECT_THAT(said(scratch.path("link.gguf")), HasSubstr("a symbolic link to gone.gguf"));
}

TEST(Read, pieces_of_a_file_are_to_be_joined) {
  EXPECT_THAT(advice_to_join("d/m.gguf.part1of2"), HasSubstr("cat m.gguf.part{1..2}of2 > m.gguf"));
  EXPECT_THAT(advice_to_join("m-Q4_K_M.gguf-split-a"), HasSubstr("cat m-Q4_K_M.gguf-split-*"));
  EXPECT_THAT(advice_to_join("m.gguf.001"), HasSubstr("cat m.gguf.* > m.gguf"));
  for (const char* whole : {"m.gguf", "m-00001-of-00002.gguf", "m.v2", "llama-3.1", "x.bin"})
    EXPECT_EQ(advice_to_join(whole), "") << whole;
  const Scratch scratch;
  EXPECT_THAT(said(scratch.file("m.gguf.part2of2", "abc")), HasSubstr("join all pieces"));
}

TEST(Read, shards_joined_with_cat_are_no_first_shard) {
  const Scratch scratch;
  const auto shard = [](std::uint16_t no) {
    return test::GgufBuilder()
        .u16("split.no", no)
        .u16("split.count", 2)
        .tensor("t" + std::to_string(no), {4}, 0, std::string(16, 'x'))
        .build();
  };
  const std::string first = shard(0);
  const std::string says = said(scratch.file("joined.gguf", first + shard(1)));
  EXPECT_THAT(says, HasSubstr("GGUF-031"));
  EXPECT_THAT(says, HasSubstr("a second GGUF from byte " + std::to_string(first.size())));
}

TEST(Write, a_file_written_again_is_the_same_bytes) {
  const Scratch scratch;
  const std::string bytes = test::RunnableGguf{}.build();
  const auto read_it = gguf::read(scratch.file("a.gguf", bytes));
  ASSERT_TRUE(read_it);
  ASSERT_TRUE(gguf::write(*read_it, scratch.path("b.gguf")));
  EXPECT_EQ(test::contents(scratch.path("b.gguf")), bytes);
}

TEST(Write, a_string_with_a_nul_stays_whole) {
  const Scratch scratch;
  const std::string token("a\0b", 3);
  const auto read_it =
      gguf::read(scratch.file("a.gguf", test::GgufBuilder().strings("k", {token}).build()));
  ASSERT_TRUE(read_it);
  ASSERT_TRUE(gguf::write(*read_it, scratch.path("b.gguf")));
  EXPECT_EQ(gguf::read(scratch.path("b.gguf"))->metadata.strings("k")->front(), token);
}

}  // namespace
}  // namespace qualm::formats
