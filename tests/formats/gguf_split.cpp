#include <gtest/gtest.h>

#include <map>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "formats/gguf/gguf.h"
#include "support/gguf_builder.h"

namespace qualm::gguf {
namespace {

using test::GgufBuilder;

using Files = std::map<std::string, std::string>;

std::string row() { return std::string(16, 'x'); }

GgufBuilder shard(std::uint16_t no, std::uint16_t count, std::int32_t tensors) {
  return GgufBuilder()
      .u16("split.no", no)
      .u16("split.count", count)
      .i32("split.tensors.count", tensors);
}

/// Three shards, two tensors in the first one.
Files whole_set() {
  return {{"d/m-00001-of-00003.gguf", shard(0, 3, 4)
                                          .string("general.architecture", "llama")
                                          .tensor("a", {4}, 0, row())
                                          .tensor("b", {4}, 0, row())
                                          .build()},
          {"d/m-00002-of-00003.gguf", shard(1, 3, 4).tensor("c", {4}, 0, row()).build()},
          {"d/m-00003-of-00003.gguf", shard(2, 3, 4).tensor("d", {4}, 0, row()).build()}};
}

Result<model::Checkpoint> read_from(const Files& files, const std::string& path) {
  const Opener opener =
      [&](const std::string& wanted) -> Result<std::shared_ptr<const FileSource>> {
    const auto it = files.find(wanted);
    if (it == files.end()) return fail({Kind::input, "FILE-001", wanted, "", "", "", ""});
    return memory_file(it->first, it->second);
  };
  return read(memory_file(path, files.at(path)), opener);
}

std::string refusal(const Files& files, const std::string& path = "d/m-00001-of-00003.gguf") {
  const auto read_it = read_from(files, path);
  return read_it ? "accepted" : describe(read_it.error());
}

TEST(GgufSplit, shards_become_one_checkpoint) {
  const auto model = read_from(whole_set(), "d/m-00001-of-00003.gguf");
  ASSERT_TRUE(model) << describe(model.error());
  EXPECT_EQ(model->path, "d/m-00001-of-00003.gguf");
  EXPECT_EQ(model->architecture(), "llama");
  ASSERT_EQ(model->tensors.size(), 4);
  EXPECT_EQ(model->tensors[3].name, "d");
  ASSERT_EQ(model->files.size(), 3);
  EXPECT_EQ(model->files[2].path, "d/m-00003-of-00003.gguf");
}

TEST(GgufSplit, a_count_of_zero_or_one_is_a_single_file_of_any_name) {
  for (const std::uint16_t count : {std::uint16_t{0}, std::uint16_t{1}})
    EXPECT_EQ(
        refusal({{"m.gguf", shard(0, count, 1).tensor("a", {4}, 0, row()).build()}}, "m.gguf"),
        "accepted");
}

TEST(GgufSplit, a_later_shard_is_refused_with_the_name_of_the_first) {
  EXPECT_EQ(refusal(whole_set(), "d/m-00002-of-00003.gguf"),
            "error[GGUF-025] d/m-00002-of-00003.gguf, split: expected the first shard of the "
            "model, found shard 2 of 3. Name the first one: d/m-00001-of-00003.gguf");
}

TEST(GgufSplit, a_later_shard_under_another_name) {
  EXPECT_EQ(refusal({{"x.gguf", whole_set().at("d/m-00002-of-00003.gguf")}}, "x.gguf"),
            "error[GGUF-025] x.gguf, split: expected the first shard of the model, found shard 2 "
            "of 3. Name the first one: the file that ends in -00001-of-00003.gguf");
}

TEST(GgufSplit, a_renamed_first_shard) {
  EXPECT_EQ(
      refusal({{"d/x.gguf", whole_set().at("d/m-00001-of-00003.gguf")}}, "d/x.gguf"),
      "error[GGUF-026] d/x.gguf, split: expected a file name that ends in -00001-of-00003.gguf, "
      "found x.gguf. The other shards are found by this name: rename the file back.");
}

TEST(GgufSplit, a_missing_shard_is_named) {
  Files files = whole_set();
  files.erase("d/m-00003-of-00003.gguf");
  EXPECT_EQ(refusal(files),
            "error[GGUF-027] d/m-00003-of-00003.gguf, split: expected shard 3 of 3, found nothing "
            "at this path. Put all shards of the model into one folder.");
}

TEST(GgufSplit, shards_that_were_swapped) {
  Files files = whole_set();
  std::swap(files.at("d/m-00002-of-00003.gguf"), files.at("d/m-00003-of-00003.gguf"));
  EXPECT_EQ(refusal(files),
            "error[GGUF-028] d/m-00002-of-00003.gguf, split: expected split.no 1 and split.count "
            "3, found split.no 2 and split.count 3. The shards are of different models or were "
            "renamed: download the set anew.");
}

TEST(GgufSplit, a_file_of_another_model_without_split_keys) {
  Files files = whole_set();
  files["d/m-00002-of-00003.gguf"] = GgufBuilder().tensor("c", {4}, 0, row()).build();
  EXPECT_EQ(refusal(files),
            "error[GGUF-028] d/m-00002-of-00003.gguf, split: expected split.no 1 and split.count "
            "3, found split.no absent and split.count absent. The shards are of different models "
            "or were renamed: download the set anew.");
}

TEST(GgufSplit, a_shard_of_a_set_of_another_size) {
  Files files = whole_set();
  files["d/m-00002-of-00003.gguf"] = shard(1, 4, 4).tensor("c", {4}, 0, row()).build();
  EXPECT_EQ(refusal(files),
            "error[GGUF-028] d/m-00002-of-00003.gguf, split: expected split.no 1 and split.count "
            "3, found split.no 1 and split.count 4. The shards are of different models or were "
            "renamed: download the set anew.");
}

TEST(GgufSplit, a_count_that_no_set_has) {
  EXPECT_EQ(refusal({{"m.gguf", GgufBuilder().i32("split.count", -3).build()}}, "m.gguf"),
            "error[GGUF-028] m.gguf, split: expected split.count from 0 to 65535, found -3. The "
            "header is damaged: split the model anew with llama-gguf-split.");
}

TEST(GgufSplit, a_tensor_in_two_shards) {
  Files files = whole_set();
  files["d/m-00003-of-00003.gguf"] = shard(2, 3, 4).tensor("b", {4}, 0, row()).build();
  EXPECT_EQ(refusal(files),
            "error[GGUF-015] d/m-00003-of-00003.gguf, tensor b: expected each tensor in one shard, "
            "found one that an earlier shard has, too. The shards are of different models: "
            "download the set anew.");
}

TEST(GgufSplit, fewer_tensors_than_the_first_shard_promises) {
  Files files = whole_set();
  files["d/m-00003-of-00003.gguf"] = shard(2, 3, 4).build();
  EXPECT_EQ(refusal(files),
            "error[GGUF-029] d/m-00001-of-00003.gguf, split: expected 4 tensors in all shards, "
            "found 3. A shard is of another model: download the set anew.");
}

TEST(GgufSplit, a_damaged_shard_is_refused_under_its_own_name) {
  Files files = whole_set();
  files["d/m-00002-of-00003.gguf"] = "GGUF";
  EXPECT_EQ(refusal(files),
            "error[GGUF-001] d/m-00002-of-00003.gguf, byte 4, version: expected 4 bytes, found the "
            "end of the file after 0. The file is cut short or damaged: compare its size or "
            "SHA-256 with its source's.");
}

}  // namespace
}  // namespace qualm::gguf
