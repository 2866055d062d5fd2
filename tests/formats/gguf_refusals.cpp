// One test per error code of the GGUF reader: the code and the whole text.
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "base/file.h"
#include "formats/gguf/gguf.h"
#include "support/gguf_builder.h"

namespace qualm::gguf {
namespace {

using test::gguf_string;
using test::GgufBuilder;
using test::le;

/// What the reader says to these bytes.
std::string refusal(std::string bytes) {
  const auto read_it = read(memory_file("m.gguf", std::move(bytes)));
  return read_it ? "accepted" : describe(read_it.error());
}
std::string refusal(const GgufBuilder& builder) { return refusal(builder.build()); }

/// A file with one tensor "w" of this shape and type.
GgufBuilder one_tensor(const std::vector<std::int64_t>& dims, std::int32_t type,
                       std::size_t bytes) {
  return GgufBuilder().tensor("w", dims, type, std::string(bytes, '\1'));
}

TEST(GgufRefusals, a_file_that_ends_inside_a_field) {
  EXPECT_EQ(refusal("GG"),
            "error[GGUF-001] m.gguf, byte 0, magic: expected 4 bytes, found 2 in all. The file is "
            "cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(
      refusal("GGUF\3"),
      "error[GGUF-001] m.gguf, byte 4, version: expected 4 bytes, found the end of the file after "
      "1. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(
      refusal(one_tensor({4}, 0, 16).build().substr(0, 45)),
      "error[GGUF-001] m.gguf, byte 45, type of w: expected 4 bytes, found the end of the file "
      "after 0. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, a_count_that_the_file_cannot_hold) {
  EXPECT_EQ(refusal(GgufBuilder().claim_tensors(std::uint64_t{1} << 63)),
            "error[GGUF-002] m.gguf, byte 8, tensor count: expected at most 0 (each takes 24 bytes "
            "or more, 16 bytes remain), found 9,223,372,036,854,775,808. The file is cut short or "
            "damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().claim_pairs(1000)),
            "error[GGUF-002] m.gguf, byte 16, metadata count: expected at most 0 (each takes 13 "
            "bytes or more, 8 bytes remain), found 1,000. The file is cut short or damaged: "
            "compare its size or SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().pair("x", 9, le<std::int32_t>(10) + le(~std::uint64_t{0}))),
            "error[GGUF-002] m.gguf, byte 41, elements of x: expected at most 1 (each takes 8 "
            "bytes or more, 15 bytes remain), found 18,446,744,073,709,551,615. The file is cut "
            "short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, a_string_that_the_file_cannot_hold) {
  EXPECT_EQ(
      refusal(GgufBuilder().pair("x", 8, le<std::uint64_t>(1u << 20))),
      "error[GGUF-003] m.gguf, byte 37, x: expected a string of at most 19 bytes, found 1,048,576. "
      "The file is cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().pair("t", 9,
                                       le<std::int32_t>(8) + le<std::uint64_t>(2) +
                                           gguf_string("a") + le<std::uint64_t>(999))),
            "error[GGUF-003] m.gguf, byte 58, element 1 of t: expected a string of at most 30 "
            "bytes, found 999. The file is cut short or damaged: compare its size or SHA-256 with "
            "its source's.");
}

TEST(GgufRefusals, something_else_is_named) {
  EXPECT_EQ(refusal(""),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found an empty file. Download "
            "it again.");
  EXPECT_EQ(refusal(le<std::uint64_t>(2) + "{}"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found a safetensors file. "
            "Name the folder that holds it, or the GGUF made from it with convert_hf_to_gguf.py.");
  EXPECT_EQ(refusal("PK\x03\x04 and so on"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found a ZIP archive, as "
            "PyTorch writes its checkpoints. Name the folder that holds it, or the GGUF made from "
            "it with convert_hf_to_gguf.py.");
  EXPECT_EQ(refusal("version https://git-lfs.github.com/spec/v1\noid sha256:12\n"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found a Git LFS pointer, not "
            "the file it points to. Fetch the file with `git lfs pull`.");
  EXPECT_EQ(refusal("\n <!DOCTYPE html><html>"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found a web page (HTML). "
            "Download the file itself, not the page that shows it (on Hugging Face: /resolve/ "
            "instead of /blob/).");
  EXPECT_EQ(refusal("Once upon a time\n"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found text: \"Once upon a "
            "time\". Name the model file.");
  EXPECT_EQ(refusal("tjgg\3"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found an old GGJT file. This "
            "format ended in 2023: take a GGUF of the model, or convert the original anew.");
  EXPECT_EQ(refusal(std::string(100, '\0')),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found zeros. The download did "
            "not finish: download it again.");
  EXPECT_EQ(refusal("\x12\x34\x56\x78\x9a"),
            "error[GGUF-004] m.gguf, byte 0, magic: expected a GGUF, found bytes 12 34 56 78. "
            "Check that this is the model file.");
}

TEST(GgufRefusals, big_endian) {
  EXPECT_EQ(
      refusal(GgufBuilder().version(0x03000000)),
      "error[GGUF-005] m.gguf, byte 4, version: expected 2 or 3, found 3 in big-endian bytes. The "
      "file was made for big-endian machines (s390x): convert the original without --bigendian.");
}

TEST(GgufRefusals, version_1) {
  EXPECT_EQ(refusal(GgufBuilder().version(1)),
            "error[GGUF-006] m.gguf, byte 4, version: expected 2 or 3, found 1. GGUF 1 was in use "
            "for some weeks of 2023 and no runtime reads it any more: take a newer file.");
}

TEST(GgufRefusals, a_version_of_the_future) {
  EXPECT_EQ(refusal(GgufBuilder().version(4)),
            "error[GGUF-007] m.gguf, byte 4, version: expected 2 or 3, found 4. Either the file is "
            "damaged, or it needs a newer qualm.");
}

TEST(GgufRefusals, an_empty_key_and_one_with_a_nul) {
  EXPECT_EQ(
      refusal(GgufBuilder().u32("", 1)),
      "error[GGUF-008] m.gguf, byte 24, key: expected a name without NUL bytes, found an empty "
      "one. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(
      refusal(GgufBuilder().u32(std::string("a\0b", 3), 1)),
      "error[GGUF-008] m.gguf, byte 24, key: expected a name without NUL bytes, found a\\x00b. The "
      "file is cut short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, the_same_key_twice) {
  EXPECT_EQ(refusal(GgufBuilder().u32("x", 1).string("x", "y")),
            "error[GGUF-009] m.gguf, byte 41, key: expected each key once, found x a second time. "
            "Readers would disagree on its value: rewrite the file with the tool that made it.");
}

TEST(GgufRefusals, an_unknown_value_type) {
  EXPECT_EQ(refusal(GgufBuilder().pair("x", 13, "1234")),
            "error[GGUF-010] m.gguf, byte 33, type of x: expected a value type from 0 to 12, found "
            "13. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().pair("x", -1, "1234")),
            "error[GGUF-010] m.gguf, byte 33, type of x: expected a value type from 0 to 12, found "
            "-1. The file is cut short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, an_array_of_arrays) {
  EXPECT_EQ(refusal(GgufBuilder().pair("x", 9, le<std::int32_t>(9) + le<std::uint64_t>(0))),
            "error[GGUF-011] m.gguf, byte 37, element type of x: expected numbers or strings, "
            "found an array of arrays. No runtime reads these: remove the key.");
}

TEST(GgufRefusals, more_array_elements_than_a_model_has) {
  constexpr std::uint64_t kMost = std::uint64_t{1} << 26;  // of all arrays together
  EXPECT_EQ(refusal(GgufBuilder()
                        .numbers<std::uint8_t>("a", 0, {1})
                        .pair("b", 9, le<std::int32_t>(0) + le(kMost) + std::string(kMost, '\0'))),
            "error[GGUF-012] m.gguf, byte 67, elements of b: expected at most 67,108,864 elements "
            "in all arrays of a file, found 67,108,865. This is no model that qualm reads.");
}

TEST(GgufRefusals, an_alignment_that_is_none) {
  EXPECT_EQ(refusal(GgufBuilder().u32("general.alignment", 48)),
            "error[GGUF-013] m.gguf, byte 49, general.alignment: expected a power of two as u32 "
            "(type 4), found 48 as type 4. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().u32("general.alignment", 0)),
            "error[GGUF-013] m.gguf, byte 49, general.alignment: expected a power of two as u32 "
            "(type 4), found 0 as type 4. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().u16("general.alignment", 32)),
            "error[GGUF-013] m.gguf, byte 49, general.alignment: expected a power of two as u32 "
            "(type 4), found 32 as type 2. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().numbers<std::uint32_t>("general.alignment", 4, {32})),
            "error[GGUF-013] m.gguf, byte 49, general.alignment: expected a power of two as u32 "
            "(type 4), found [32] as type 9. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
}

TEST(GgufRefusals, a_tensor_name_that_libggml_would_cut) {
  EXPECT_EQ(refusal(GgufBuilder().tensor(std::string(64, 'n'), {4}, 0, std::string(16, 'x'))),
            "error[GGUF-014] m.gguf, byte 24, tensor name: expected at most 63 bytes, none of them "
            "NUL, found 64 bytes. The file is cut short or damaged: compare its size or SHA-256 "
            "with its source's.");
  EXPECT_EQ(refusal(GgufBuilder().tensor(std::string("a\0b", 3), {4}, 0, std::string(16, 'x'))),
            "error[GGUF-014] m.gguf, byte 24, tensor name: expected at most 63 bytes, none of them "
            "NUL, found a\\x00b. The file is cut short or damaged: compare its size or SHA-256 "
            "with its source's.");
}

TEST(GgufRefusals, the_same_tensor_name_twice) {
  EXPECT_EQ(refusal(one_tensor({4}, 0, 16).tensor("w", {4}, 0, std::string(16, 'x'))),
            "error[GGUF-015] m.gguf, byte 57, tensor name: expected each tensor once, found w a "
            "second time. Two tools wrote into this file, or it is damaged: make it anew.");
}

TEST(GgufRefusals, five_dimensions) {
  EXPECT_EQ(refusal(one_tensor({1, 1, 1, 1, 1}, 0, 4)),
            "error[GGUF-016] m.gguf, byte 33, dimensions of w: expected at most 4, found 5. The "
            "file is cut short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, a_negative_dimension) {
  EXPECT_EQ(refusal(one_tensor({4, -1}, 0, 16)),
            "error[GGUF-017] m.gguf, byte 45, shape of w: expected sizes of 0 or more, found -1. "
            "The file is cut short or damaged: compare its size or SHA-256 with its source's.");
}

TEST(GgufRefusals, a_shape_that_overflows) {
  constexpr std::int64_t kHuge = std::int64_t{1} << 40;
  EXPECT_EQ(refusal(one_tensor({kHuge, kHuge}, 0, 16)),
            "error[GGUF-018] m.gguf, byte 37, shape of w: expected fewer than 2^63 - 1 weights, "
            "found [1099511627776, 1099511627776]. The file is cut short or damaged: compare its "
            "size or SHA-256 with its source's.");
  EXPECT_EQ(refusal(one_tensor({0, kHuge, kHuge}, 0, 16)),
            "error[GGUF-018] m.gguf, byte 37, shape of w: expected fewer than 2^63 - 1 weights, "
            "found [0, 1099511627776, 1099511627776]. The file is cut short or damaged: compare "
            "its size or SHA-256 with its source's.");  // libggml lets this one pass
  EXPECT_EQ(refusal(one_tensor({kHuge, std::int64_t{1} << 22}, 0, 16)),
            "error[GGUF-018] m.gguf, byte 53, type of w: expected fewer than 2^63 bytes, found F32 "
            "[1099511627776, 4194304]. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");  // its bytes
}

TEST(GgufRefusals, an_unknown_tensor_type) {
  EXPECT_EQ(refusal(one_tensor({4}, 1000, 16)),
            "error[GGUF-019] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found 1000. Either the file is damaged, or it was made with a newer llama.cpp than "
            "this qualm was built with.");
  EXPECT_EQ(refusal(one_tensor({4}, -1, 16)),
            "error[GGUF-019] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found -1. Either the file is damaged, or it was made with a newer llama.cpp than this "
            "qualm was built with.");
}

TEST(GgufRefusals, a_removed_tensor_type) {
  EXPECT_EQ(refusal(one_tensor({32}, 31, 18)),
            "error[GGUF-020] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found 31 (Q4_0_4_4, removed from ggml). Make the file anew from the original: today's "
            "runtimes repack Q4_0 and IQ4_NL on loading.");
}

TEST(GgufRefusals, a_tensor_type_of_ik_llama_cpp) {
  EXPECT_EQ(refusal(one_tensor({256}, 137, 76)),
            "error[GGUF-021] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found 137 (IQ2_K of ik_llama.cpp). This file runs in ik_llama.cpp only, which qualm "
            "does not decode: use a quant with llama.cpp's types.");
  EXPECT_EQ(refusal(one_tensor({256}, 150, 76)),
            "error[GGUF-021] m.gguf, byte 45, type of w: expected a type that this libggml knows, "
            "found 150 (a type of ik_llama.cpp). This file runs in ik_llama.cpp only, which qualm "
            "does not decode: use a quant with llama.cpp's types.");
}

TEST(GgufRefusals, rows_that_are_not_whole_blocks) {
  EXPECT_EQ(refusal(one_tensor({33}, 8, 68)),
            "error[GGUF-022] m.gguf, byte 45, type of w: expected rows of a multiple of 32 weights "
            "for Q8_0, found rows of 33. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
}

TEST(GgufRefusals, tensors_that_do_not_follow_each_other) {
  const std::string data(64, 'x');
  const auto second_at = [&](std::uint64_t offset) {
    return GgufBuilder().tensor("a", {16}, 0, data).tensor("b", {16}, 0, data, offset);
  };
  EXPECT_EQ(refusal(second_at(32)),
            "error[GGUF-023] m.gguf, byte 82, offset of b: expected 64, where the tensor before it "
            "ends, found 32, 32 bytes into data of tensors before it. The header was altered or "
            "written by a faulty tool: make the file anew.");
  EXPECT_EQ(refusal(second_at(96)),
            "error[GGUF-023] m.gguf, byte 82, offset of b: expected 64, where the tensor before it "
            "ends, found 96, leaving a hole of 32 bytes. The header was altered or written by a "
            "faulty tool: make the file anew.");
  EXPECT_EQ(refusal(second_at(65)),
            "error[GGUF-023] m.gguf, byte 82, offset of b: expected 64, where the tensor before it "
            "ends, found 65, not a multiple of 32. The header was altered or written by a faulty "
            "tool: make the file anew.");
  EXPECT_EQ(refusal(GgufBuilder().tensor("a", {16}, 0, data, 64)),
            "error[GGUF-023] m.gguf, byte 49, offset of a: expected 0, where the data begins, "
            "found 64, leaving a hole of 64 bytes. The header was altered or written by a faulty "
            "tool: make the file anew.");
}

TEST(GgufRefusals, a_truncated_tensor_is_refused_with_its_name) {
  const std::string data(64, 'x');
  const std::string whole =
      GgufBuilder().tensor("a", {16}, 0, data).tensor("b", {16}, 0, data).build();
  EXPECT_EQ(refusal(whole), "accepted");
  EXPECT_EQ(refusal(whole.substr(0, whole.size() - 1)),
            "error[GGUF-024] m.gguf, tensor b: expected 64 bytes from byte 160 on, found a file of "
            "223 bytes. The file is cut short: download or copy it again.");
  // The data would begin behind the end of the file.
  EXPECT_EQ(refusal(one_tensor({4}, 0, 16).build().substr(0, 60)),
            "error[GGUF-024] m.gguf, tensor w: expected 16 bytes from byte 64 on, found a file of "
            "60 bytes. The file is cut short: download or copy it again.");
}

}  // namespace
}  // namespace qualm::gguf
