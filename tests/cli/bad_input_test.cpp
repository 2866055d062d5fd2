// Every kind of bad model file through the program: one clear error, exit code 2.
#include <gtest/gtest.h>

#include "support/gguf_builder.h"
#include "support/program.h"
#include "support/runnable_gguf.h"

namespace qualm::cli {
namespace {

using test::GgufBuilder;
using test::le;
using test::Scratch;

/// What `qualm inspect` says to a file m.gguf of these bytes; it must refuse it.
std::string refusal(const std::string& bytes) {
  const Scratch scratch;
  test::write(scratch.path("m.gguf"), bytes);
  const auto ended = test::run_qualm(scratch, {"inspect", "m.gguf"});
  EXPECT_EQ(ended.exit_code, 2) << ended.out << ended.err;
  EXPECT_EQ(ended.out, "");
  return ended.err;
}

const std::string kCut =
    " The file is cut short or damaged: compare its size or SHA-256 with its source's.\n";

std::string whole() { return test::RunnableGguf{}.build(); }

std::string tensor(const std::vector<std::int64_t>& dims, std::int32_t type, std::size_t bytes) {
  return GgufBuilder().tensor("w", dims, type, std::string(bytes, '\1')).build();
}

TEST(BadInput, a_truncated_header) {
  const std::string bytes = GgufBuilder().build();
  EXPECT_EQ(refusal(bytes.substr(0, 20)),
            "error[GGUF-001] m.gguf, byte 16, metadata count: expected 8 bytes, found the end of "
            "the file after 4." +
                kCut);
  EXPECT_EQ(refusal(whole().substr(0, 20)),
            "error[GGUF-002] m.gguf, byte 8, tensor count: expected at most 0 (each takes 24 bytes "
            "or more, 4 bytes remain), found 12." +
                kCut);
}

TEST(BadInput, truncated_metadata) {
  const std::string bytes = GgufBuilder().string("general.architecture", "llama").build();
  EXPECT_EQ(refusal(bytes.substr(0, 60)),
            "error[GGUF-001] m.gguf, byte 56, general.architecture: expected 8 bytes, found the "
            "end of the file after 4." +
                kCut);
}

TEST(BadInput, truncated_tensor_data) {
  const std::string bytes = whole();
  EXPECT_EQ(
      refusal(bytes.substr(0, bytes.size() - 1000)),
      "error[GGUF-024] m.gguf, tensor output.weight: expected 36,608 bytes from byte 85,536 on, "
      "found a file of 121,144 bytes. The file is cut short: download or copy it again.\n");
}

TEST(BadInput, every_way_to_cut_a_file_is_refused_without_a_crash) {
  const Scratch scratch;
  const std::string bytes = whole();
  for (std::size_t length = 0; length < bytes.size(); length += bytes.size() / 40) {
    test::write(scratch.path("m.gguf"), bytes.substr(0, length));
    const auto ended = test::run_qualm(scratch, {"inspect", "m.gguf"});
    EXPECT_EQ(ended.exit_code, 2) << length;
    EXPECT_TRUE(ended.err.starts_with("error[GGUF-")) << length << ended.err;
  }
}

TEST(BadInput, counts_that_lie) {
  EXPECT_EQ(refusal(GgufBuilder().claim_tensors(std::uint64_t{1} << 63).build()),
            "error[GGUF-002] m.gguf, byte 8, tensor count: expected at most 0 (each takes 24 bytes "
            "or more, 16 bytes remain), found 9,223,372,036,854,775,808." +
                kCut);
  EXPECT_EQ(refusal(GgufBuilder().claim_pairs(std::uint64_t{1} << 63).build()),
            "error[GGUF-002] m.gguf, byte 16, metadata count: expected at most 0 (each takes 13 "
            "bytes or more, 8 bytes remain), found 9,223,372,036,854,775,808." +
                kCut);
}

TEST(BadInput, a_string_length_that_lies) {
  std::string bytes = GgufBuilder().string("k", "value").build();
  bytes.replace(24, 8, le(std::uint64_t{1} << 62));
  EXPECT_EQ(refusal(bytes),
            "error[GGUF-003] m.gguf, byte 24, key: expected a string of at most 32 bytes, found "
            "4,611,686,018,427,387,904." +
                kCut);
}

TEST(BadInput, tensors_that_overlap) {
  EXPECT_EQ(refusal(GgufBuilder()
                        .tensor("a", {32}, 0, std::string(128, '\1'))
                        .tensor("b", {32}, 0, std::string(128, '\1'), 64)
                        .build()),
            "error[GGUF-023] m.gguf, byte 82, offset of b: expected 128, where the tensor before "
            "it ends, found 64, 64 bytes into data of tensors before it. The header was altered or "
            "written by a faulty tool: make the file anew.\n");
}

TEST(BadInput, a_tensor_that_is_not_aligned) {
  EXPECT_EQ(refusal(GgufBuilder()
                        .tensor("a", {32}, 0, std::string(128, '\1'))
                        .tensor("b", {32}, 0, std::string(128, '\1'), 130)
                        .build()),
            "error[GGUF-023] m.gguf, byte 82, offset of b: expected 128, where the tensor before "
            "it ends, found 130, not a multiple of 32. The header was altered or written by a "
            "faulty tool: make the file anew.\n");
}

TEST(BadInput, an_unknown_type) {
  EXPECT_EQ(refusal(tensor({32}, 1234, 128)),
            "error[GGUF-019] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found 1234. Either the file is damaged, or it was made with a newer llama.cpp than "
            "this qualm was built with.\n");
}

TEST(BadInput, dimensions_that_overflow) {
  EXPECT_EQ(refusal(tensor({std::int64_t{1} << 40, std::int64_t{1} << 40}, 0, 128)),
            "error[GGUF-018] m.gguf, byte 37, shape of w: expected fewer than 2^63 - 1 weights, "
            "found [1099511627776, 1099511627776]. The file is cut short or damaged: compare its "
            "size or SHA-256 with its source's.\n");
}

TEST(BadInput, the_same_name_twice) {
  EXPECT_EQ(refusal(GgufBuilder()
                        .tensor("a", {8}, 0, std::string(32, '\1'))
                        .tensor("a", {8}, 0, std::string(32, '\1'))
                        .build()),
            "error[GGUF-015] m.gguf, byte 57, tensor name: expected each tensor once, found a a "
            "second time. Two tools wrote into this file, or it is damaged: make it anew.\n");
  EXPECT_EQ(refusal(GgufBuilder().u32("k", 1).u32("k", 2).build()),
            "error[GGUF-009] m.gguf, byte 41, key: expected each key once, found k a second time. "
            "Readers would disagree on its value: rewrite the file with the tool that made it.\n");
}

TEST(BadInput, something_else_than_a_model) {
  EXPECT_EQ(refusal(""),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found an empty file. Download "
            "it again.\n");
  EXPECT_EQ(refusal("Once upon a time\n"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found text: \"Once upon a "
            "time\". Name the model file.\n");
  EXPECT_EQ(refusal(le<std::uint64_t>(2) + "{}"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found a safetensors file. "
            "Name the folder that holds it, or the GGUF made from it with "
            "convert_hf_to_gguf.py.\n");
}

TEST(BadInput, a_name_in_the_file_cannot_write_to_the_terminal) {
  const std::string said = refusal(GgufBuilder()
                                       .tensor("\x1b[2J", {8}, 0, std::string(32, '\1'))
                                       .tensor("\x1b[2J", {8}, 0, std::string(32, '\1'))
                                       .build());
  EXPECT_EQ(said.find('\x1b'), std::string::npos) << said;
}

TEST(BadInput, a_path_without_a_model) {
  const Scratch scratch;
  const auto said = [&](const std::string& path) {
    const auto ended = test::run_qualm(scratch, {"inspect", path});
    EXPECT_EQ(ended.exit_code, 2);
    return ended.err;
  };
  EXPECT_EQ(said("nothing.gguf"),
            "error[FILE-001] nothing.gguf: expected a file, found nothing at this path. Check the "
            "path.\n");
  EXPECT_EQ(said("."),
            "error[READ-001] .: expected a model: a GGUF, or config.json and "
            "safetensors, found a folder without one. Name the "
            "model file.\n");
  EXPECT_EQ(said("/dev/null"),
            "error[FILE-004] /dev/null: expected a regular file, found a pipe, device or socket. "
            "Save it to a file first.\n");
}

TEST(BadInput, the_clinic_reads_a_file_before_libllama_does) {
  const Scratch scratch;
  test::write(scratch.path("text.gguf"), "hello\n");
  const auto ended = test::run_qualm(scratch, {"clinic", "--baseline", "text.gguf", "-q"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_TRUE(ended.err.starts_with("error[GGUF-004] text.gguf, byte 0, magic: ")) << ended.err;
}

TEST(BadInput, a_missing_shard) {
  const Scratch scratch;
  test::write(scratch.path("m-00001-of-00002.gguf"), GgufBuilder()
                                                         .u16("split.no", 0)
                                                         .u16("split.count", 2)
                                                         .i32("split.tensors.count", 2)
                                                         .tensor("a", {8}, 0, std::string(32, '\1'))
                                                         .build());
  const auto ended = test::run_qualm(scratch, {"inspect", "m-00001-of-00002.gguf"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error[GGUF-027] m-00002-of-00002.gguf, split: expected shard 2 of 2, found nothing at "
            "this path. Put all shards of the model into one folder.\n");
}

TEST(BadInput, a_script_gets_the_error_as_a_document) {
  const Scratch scratch;
  const auto ended = test::run_qualm(scratch, {"inspect", "nothing.gguf", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 2);
  const auto document = test::document(ended);
  EXPECT_EQ(document["error"]["code"], "FILE-001") << ended.out;
  EXPECT_EQ(document["command"], "inspect");
  EXPECT_EQ(document["schema_version"], 1);
}

TEST(Verify, finds_the_weights_that_are_no_numbers) {
  const Scratch scratch;
  test::write(scratch.path("m.gguf"), test::RunnableGguf{.nan_weight = true}.build());
  const auto quick = test::run_qualm(scratch, {"inspect", "m.gguf", "--format", "json"});
  EXPECT_EQ(quick.exit_code, 0);
  EXPECT_EQ(test::document(quick)["integrity"]["status"], "not_examined");
  const auto ended =
      test::run_qualm(scratch, {"inspect", "m.gguf", "--verify", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(test::document(ended)["integrity"].dump(),
            "{\"findings\":[{\"place\":\"tensor output.weight\",\"says\":\"1 weights are NaN "
            "or infinite, the first in row 1\"}],\"status\":\"damaged\"}");
}

TEST(Verify, finds_scales_that_are_no_numbers) {
  const Scratch scratch;
  std::string blocks(18 * 4, '\x11');  // Q4_0: an F16 scale, then 32 weights of four bits
  blocks.replace(18, 2, le<std::uint16_t>(0x7e00));
  test::write(scratch.path("m.gguf"), GgufBuilder()
                                          .string("general.architecture", "llama")
                                          .tensor("blk.0.ffn_up.weight", {64, 2}, 2, blocks)
                                          .build());
  const auto ended =
      test::run_qualm(scratch, {"inspect", "m.gguf", "--verify", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 1);
  EXPECT_EQ(test::document(ended)["integrity"].dump(),
            "{\"findings\":[{\"place\":\"tensor blk.0.ffn_up.weight\",\"says\":\"32 weights are "
            "NaN or infinite, the first in row 0\"},{\"place\":\"tensor "
            "blk.0.ffn_up.weight\",\"says\":\"1 rows hold one value each, the first is row "
            "1\"}],\"status\":\"damaged\"}");
}

TEST(Verify, has_nothing_to_say_of_tensors_that_hold_no_weights) {
  const Scratch scratch;
  test::write(scratch.path("m.gguf"), GgufBuilder()
                                          .string("general.architecture", "llama")
                                          .tensor("ids", {4}, 26, std::string(16, '\xff'))
                                          .build());
  const auto ended =
      test::run_qualm(scratch, {"inspect", "m.gguf", "--verify", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST(Verify, calls_a_whole_file_whole) {
  const Scratch scratch;
  test::write(scratch.path("m.gguf"), whole());
  const auto ended =
      test::run_qualm(scratch, {"inspect", "m.gguf", "--verify", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_EQ(test::document(ended)["integrity"]["status"], "whole");
}

}  // namespace
}  // namespace qualm::cli
