// One test per error code of the tokenizer reader: the code and the whole text.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/error.h"
#include "formats/hf/tokenizer_parts.h"
#include "model/metadata.h"

namespace qualm::formats::hf {
namespace {

struct Read {
  std::string error;  ///< "accepted", or the text
  model::Metadata metadata;
  std::vector<std::string> notes;
};

Read read(const TokenizerFiles& files, std::int64_t rows = 0) {
  Read out;
  const auto done = read_tokenizer_files(files, "", rows, out.metadata, out.notes);
  out.error = done ? "accepted" : describe(done.error());
  return out;
}

Read read_json_text(std::string text, std::int64_t rows = 0) {
  TokenizerFiles files;
  files.tokenizer_json = memory_file("tokenizer.json", std::move(text));
  return read(files, rows);
}

/// A BPE of these vocabulary and merges.
Read bpe(const std::string& vocab, const std::string& merges, std::int64_t rows = 0,
         const std::string& rest = "") {
  return read_json_text(
      R"({"model":{"type":"BPE","vocab":)" + vocab + R"(,"merges":)" + merges + "}" + rest + "}",
      rows);
}

/// A protobuf field of bytes, shorter than 128.
std::string field(int number, const std::string& bytes) {
  return std::string(1, static_cast<char>(number << 3 | 2)) + static_cast<char>(bytes.size()) +
         bytes;
}
std::string piece(const std::string& text, const std::string& rest = "") {
  return field(1, field(1, text) + rest);
}
Read spm(std::string bytes, std::int64_t rows = 0) {
  TokenizerFiles files;
  files.tokenizer_model = memory_file("tokenizer.model", std::move(bytes));
  return read(files, rows);
}
const std::string kBpeTrainer = field(2, "\x18\x02");

constexpr const char* kFetch = " Fetch the tokenizer's files again from the model's source.";

TEST(TokenizerRefusals, a_folder_without_a_tokenizer) {
  TokenizerFiles files;
  files.folder = "model";
  EXPECT_EQ(read(files).error,
            std::string("error[TOK-020] model: expected tokenizer.json or tokenizer.model, found "
                        "neither.") +
                kFetch);
}

TEST(TokenizerRefusals, what_is_not_json_or_not_an_object) {
  EXPECT_THAT(read_json_text("{]").error, testing::StartsWith("error[JSON-002] tokenizer.json"));
  EXPECT_EQ(
      read_json_text("[1]").error,
      std::string("error[TOK-010] tokenizer.json: expected an object, found array.") + kFetch);
  EXPECT_EQ(read_json_text("{}").error,
            std::string("error[TOK-010] tokenizer.json, model: expected an object, found null.") +
                kFetch);
  EXPECT_EQ(
      bpe("[]", "[]").error,
      std::string("error[TOK-010] tokenizer.json, model.vocab: expected an object, found array.") +
          kFetch);
}

TEST(TokenizerRefusals, a_text_twice_in_the_vocabulary) {
  EXPECT_THAT(bpe(R"({"a":0,"a":1})", "[]").error, testing::StartsWith("error[JSON-003]"));
}

TEST(TokenizerRefusals, an_id_that_no_row_stands_for) {
  const std::string expected =
      "error[TOK-011] tokenizer.json, token \"b\": expected an id from 0 to 1, found ";
  for (const char* id : {"2", "-1", "1099511627776", "1.5", "\"1\""})
    EXPECT_EQ(bpe(R"({"a":0,"b":)" + std::string(id) + "}", "[]").error,
              expected + id + "." + kFetch);
  EXPECT_THAT(bpe(R"({"a":0})", "[]", std::int64_t{1} << 40).error,
              testing::StartsWith("error[TOK-011] tokenizer.json, vocabulary: expected 1 to "
                                  "4194304 tokens, found 1099511627776."));
}

TEST(TokenizerRefusals, an_id_twice) {
  EXPECT_EQ(bpe(R"({"a":1,"b":1})", "[]").error,
            std::string("error[TOK-012] tokenizer.json, token \"b\": expected an id of its own, "
                        "found 1, the id of \"a\".") +
                kFetch);
}

TEST(TokenizerRefusals, a_hole_where_the_number_of_rows_is_not_known) {
  const std::string added = R"(,"added_tokens":[{"id":0,"content":"x"},{"id":0,"content":"x"}])";
  EXPECT_EQ(
      bpe(R"({"a":1})", "[]", 0, added).error,
      std::string("error[TOK-013] tokenizer.json, vocabulary: expected ids 0 to 2, found none for "
                  "2.") +
          kFetch);
}

TEST(TokenizerRefusals, added_tokens_that_contradict_the_vocabulary) {
  EXPECT_EQ(bpe(R"({"a":0,"b":1})", "[]", 2, R"(,"added_tokens":[{"id":0,"content":"x"}])").error,
            std::string("error[TOK-012] tokenizer.json, added_tokens, id 0: expected \"a\" as in "
                        "the vocabulary, found \"x\".") +
                kFetch);
}

TEST(TokenizerRefusals, merges_of_unknown_tokens_and_merges_that_are_none) {
  EXPECT_EQ(bpe(R"({"a":0,"b":1})", R"(["a b"])").error,
            std::string("error[TOK-014] tokenizer.json, model.merges, entry 0: expected pieces of "
                        "the vocabulary, found \"ab\".") +
                kFetch);
  EXPECT_EQ(bpe(R"({"a":0})", R"([["a"]])").error,
            std::string("error[TOK-014] tokenizer.json, model.merges, entry 0: expected two pieces "
                        "as \"a b\" or [\"a\", \"b\"], found [\"a\"].") +
                kFetch);
  EXPECT_THAT(bpe(R"({"a":0})", "7").error,
              testing::StartsWith("error[TOK-010] tokenizer.json, model.merges: expected a list"));
}

TEST(TokenizerRefusals, a_kind_that_is_not_supported) {
  EXPECT_EQ(read_json_text(R"({"model":{"type":"WordPiece","vocab":{}}})").error,
            std::string("error[TOK-021] tokenizer.json, model.type: expected BPE or Unigram, found "
                        "WordPiece.") +
                kFetch);
  EXPECT_THAT(spm(piece("a") + field(2, "\x18\x03")).error,
              testing::StartsWith("error[TOK-021] tokenizer.model, trainer_spec.model_type"));
}

TEST(TokenizerRefusals, scores_that_are_not_finite) {
  EXPECT_THAT(read_json_text(R"({"model":{"type":"Unigram","vocab":[["a",1e300]]}})").error,
              testing::StartsWith(
                  "error[TOK-016] tokenizer.json, model.vocab, entry 0: expected a finite"));
  EXPECT_EQ(spm(piece("a", std::string("\x15\x00\x00\xC0\x7F", 5))).error,
            std::string("error[TOK-016] tokenizer.model, piece 0: expected a finite score, found "
                        "nan.") +
                kFetch);
}

TEST(TokenizerRefusals, a_charsmap_that_lies) {
  EXPECT_EQ(spm(piece("a") + field(3, field(2, std::string("\xFF\0\0\0ab", 6)))).error,
            std::string("error[TOK-017] tokenizer.model, precompiled_charsmap: expected a trie "
                        "inside its 6 bytes, found one of 255 bytes.") +
                kFetch);
}

TEST(TokenizerRefusals, protobuf_lengths_that_lie) {
  EXPECT_THAT(spm("\x0A\x7F"
                  "abc")
                  .error,
              testing::StartsWith("error[TOK-001] tokenizer.model, byte 2, field: expected 127 "
                                  "bytes, found the end of the file after 3."));
  EXPECT_THAT(spm("\x0A\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01").error,
              testing::StartsWith("error[TOK-001] tokenizer.model, byte 11, field: expected "));
  EXPECT_THAT(spm(std::string(11, '\xFF')).error,
              testing::StartsWith("error[TOK-004] tokenizer.model, byte 0, field tag: expected a "
                                  "number of 64 bits, found a longer one."));
  EXPECT_THAT(spm("\x0B").error,
              testing::StartsWith("error[TOK-004] tokenizer.model, byte 0, field tag: expected a "
                                  "protobuf field, found wire type 3."));
}

TEST(TokenizerRefusals, a_piece_twice_and_a_piece_of_no_type) {
  EXPECT_THAT(spm(piece("a") + piece("a")).error, testing::StartsWith("error[TOK-012]"));
  EXPECT_THAT(spm(piece("a", "\x18\x09")).error,
              testing::StartsWith("error[TOK-010] tokenizer.model, piece 0: expected a type"));
}

TEST(TokenizerReading, holes_and_missing_rows_are_padded_as_the_converter_does) {
  const Read out = bpe(R"({"a":0,"b":2})", "[]", 4);
  EXPECT_EQ(out.error, "accepted");
  EXPECT_THAT(*out.metadata.strings("tokenizer.ggml.tokens"),
              testing::ElementsAre("a", "[PAD1]", "b", "[PAD3]"));
  EXPECT_EQ(out.metadata.boolean("tokenizer.ggml.add_bos_token"), false);
}

TEST(TokenizerReading, an_unknown_pre_tokenizer_is_noted_and_becomes_the_default) {
  const Read out = bpe(R"({"a":0})", "[]", 0, R"(,"pre_tokenizer":{"type":"CharDelimiterSplit"})");
  EXPECT_EQ(out.metadata.string("tokenizer.ggml.pre"), "default");
  EXPECT_THAT(out.notes, testing::ElementsAre(testing::HasSubstr("(CharDelimiterSplit)")));
}

TEST(TokenizerReading, a_space_in_a_merge_is_written_as_its_byte_level_character) {
  const Read out = bpe(R"({" ":0,"a":1," a":2})", R"([[" ","a"]])");
  EXPECT_THAT(*out.metadata.strings("tokenizer.ggml.merges"), testing::ElementsAre("\u0120 a"));
}

/// The text abc becomes a bc, as b c comes first: the merge of ab and c is never reached.
TEST(TokenizerReading, a_token_that_no_text_becomes_is_renamed) {
  const Read out = read_json_text(
      R"({"model":{"type":"BPE","byte_fallback":true,"vocab":{"a":0,"b":1,"c":2,"bc":3,"ab":4,
          "abc":5},"merges":["b c","a b","ab c"]}})");
  EXPECT_EQ(out.error, "accepted");
  EXPECT_THAT(*out.metadata.strings("tokenizer.ggml.tokens"),
              testing::ElementsAre("a", "b", "c", "bc", "ab", "[DEAD5]"));
  EXPECT_THAT(out.notes, testing::Contains(testing::StartsWith("1 tokens that no text")));
}

TEST(TokenizerReading, sentencepiece_scores_types_and_ids_are_the_models) {
  const Read out = spm(piece("<unk>", "\x18\x02") + piece("a", std::string("\x15\0\0\x80\xBF", 5)) +
                       field(2, std::string("\x18\x02\xC0\x02\0", 5)) +
                       field(3, std::string("\x18\0\x20\0", 4)));
  EXPECT_EQ(out.metadata.string("tokenizer.ggml.model"), "llama") << out.error;
  EXPECT_EQ(std::get<std::vector<double>>(*out.metadata.find("tokenizer.ggml.scores")),
            (std::vector<double>{0, -1}));
  EXPECT_EQ(std::get<std::vector<std::int64_t>>(*out.metadata.find("tokenizer.ggml.token_type")),
            (std::vector<std::int64_t>{2, 1}));
  EXPECT_EQ(out.metadata.integer("tokenizer.ggml.unknown_token_id"), 0);
  EXPECT_EQ(out.metadata.boolean("tokenizer.ggml.add_space_prefix"), false);
}

TEST(TokenizerReading, the_chat_template_of_the_config_comes_first) {
  TokenizerFiles files;
  files.tokenizer_model = memory_file("tokenizer.model", piece("a") + kBpeTrainer);
  files.chat_template_jinja = memory_file("chat_template.jinja", "jinja");
  EXPECT_EQ(read(files).metadata.string("tokenizer.chat_template"), "jinja");
  files.tokenizer_config = memory_file("tokenizer_config.json", R"({"chat_template":"config"})");
  const Read out = read(files);
  EXPECT_EQ(out.metadata.string("tokenizer.chat_template"), "config");
  EXPECT_THAT(out.notes, testing::Contains(testing::StartsWith("chat_template.jinja differs")));
}

}  // namespace
}  // namespace qualm::formats::hf
