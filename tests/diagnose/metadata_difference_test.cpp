#include "diagnose/metadata_difference.h"

#include <gtest/gtest.h>

#include <utility>

#include "support/plain_checkpoint.h"

namespace qualm::diagnose {
namespace {

using Weight = Difference::Weight;

model::Checkpoint llama() {
  model::Checkpoint model;
  model.metadata.set("general.architecture", std::string("llama"));
  model.metadata.set("general.name", std::string("one"));
  model.metadata.set("llama.context_length", std::uint64_t{2048}, 4);
  model.metadata.set("llama.rope.freq_base", 10000.0, 6);
  model.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "a", "b", "c"});
  model.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -1, -2, -3}, 6);
  model.tensors = {{"token_embd.weight", {8, 4}, {"F16", 1}, 64, nullptr},
                   {"output.weight", {8, 4}, {"F16", 1}, 64, nullptr}};
  return model;
}

std::string shown(const std::vector<Difference>& all) {
  std::string text;
  for (const Difference& one : all)
    text += one.key + ": " + one.says +
            (one.weight == Weight::note        ? " (note)"
             : one.weight == Weight::template_ ? " (template)"
                                               : "") +
            "\n";
  return text;
}

TEST(MetadataDifference, equal_files_have_none) {
  EXPECT_EQ(shown(differences(llama(), llama())), "");
}

TEST(MetadataDifference, what_is_no_tokenizer_and_no_hyperparameter_may_differ) {
  model::Checkpoint other = llama();
  other.metadata.set("general.name", std::string("two"));
  other.metadata.set("general.file_type", std::uint64_t{15});
  other.metadata.set("quantize.imatrix.file", std::string("x.dat"));
  EXPECT_EQ(shown(differences(other, llama())), "");
}

TEST(MetadataDifference, the_width_of_an_integer_and_the_rounding_of_a_float_are_no_difference) {
  model::Checkpoint other = llama();
  other.metadata.set("llama.context_length", std::int64_t{2048}, 11);
  other.metadata.set("llama.rope.freq_base", 10000.0001, 12);
  other.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -1.0000001, -2, -3}, 12);
  EXPECT_EQ(shown(differences(other, llama())), "");
}

TEST(MetadataDifference, hyperparameters_are_named_with_both_values) {
  model::Checkpoint other = llama();
  other.metadata.set("llama.rope.freq_base", 500000.0, 6);
  EXPECT_EQ(shown(differences(other, llama())),
            "llama.rope.freq_base: 500000, in the original 10000 (token positions are encoded "
            "differently)\n");
}

TEST(MetadataDifference, the_first_entry_of_a_list_that_differs_is_named_and_all_are_counted) {
  model::Checkpoint other = llama();
  other.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -1, -9, -8}, 6);
  EXPECT_EQ(shown(differences(other, llama())),
            "tokenizer.ggml.scores: entry 2 is -9, in the original -2 (2 of 4 differ) (text is "
            "split into "
            "other tokens)\n");
  other.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, -1}, 6);
  EXPECT_EQ(shown(differences(other, llama())),
            "tokenizer.ggml.scores: 2 entries, in the original 4 (text is split into other "
            "tokens)\n");
}

TEST(MetadataDifference, a_missing_key_is_a_note_where_it_means_a_default) {
  model::Checkpoint other = llama();
  other.metadata.erase("llama.rope.freq_base");
  EXPECT_EQ(shown(differences(other, llama())),
            "llama.rope.freq_base: missing, in the original 10000 (note)\n");
  EXPECT_EQ(shown(differences(llama(), other)),
            "llama.rope.freq_base: 10000, missing in the original (note)\n");
}

TEST(MetadataDifference, a_missing_list_of_scores_breaks) {
  model::Checkpoint other = llama();
  other.metadata.erase("tokenizer.ggml.scores");
  const auto found = differences(other, llama());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].weight, Weight::breaks);
}

TEST(MetadataDifference, what_breaks_comes_before_templates_and_notes) {
  model::Checkpoint other = llama();
  other.metadata.erase("llama.context_length");
  other.metadata.set("tokenizer.chat_template", std::string("{{ x }}"));
  other.metadata.set("llama.rope.freq_base", 1.0, 6);
  EXPECT_EQ(
      shown(differences(other, llama())),
      "llama.rope.freq_base: 1, in the original 10000 (token positions are encoded differently)\n"
      "tokenizer.chat_template: \"{{ x }}\", missing in the original (template)\n"
      "llama.context_length: missing, in the original 2048 (note)\n");
}

TEST(MetadataDifference, tensors_that_are_missing_added_or_of_another_shape) {
  model::Checkpoint other = llama();
  other.tensors[0].dims = {8, 5};
  other.tensors.push_back({"blk.0.extra", {8}, {"F32", 0}, 32, nullptr});
  EXPECT_EQ(shown(differences(other, llama())),
            "tensor token_embd.weight: shape [8, 5], in the original [8, 4]\n"
            "tensor blk.0.extra: not in the original\n");
  other.tensors = {llama().tensors[1]};
  EXPECT_EQ(shown(differences(other, llama())), "tensor token_embd.weight: missing\n");
}

/// A file with an embedding, and with a head where `head` holds values.
model::Checkpoint with_head(std::vector<float> embedding, std::vector<float> head) {
  model::Checkpoint model = llama();
  model.tensors = {test::plain_tensor("token_embd.weight", 8, std::move(embedding))};
  if (!head.empty())
    model.tensors.push_back(test::plain_tensor("output.weight", 8, std::move(head)));
  return model;
}

TEST(MetadataDifference, a_head_that_is_the_embedding_and_is_left_to_it_is_no_difference) {
  const auto values = test::plain_values(8 * 64);
  const auto tied = with_head(values, {});
  const auto both = with_head(values, values);
  EXPECT_EQ(shown(differences(tied, both)), "");
  EXPECT_EQ(shown(differences(both, tied)), "");
  auto rounded = values;
  for (float& w : rounded) w *= 1 + 1.0F / 4096;
  EXPECT_EQ(shown(differences(with_head(rounded, {}), both)), "");
}

TEST(MetadataDifference, a_head_of_its_own_that_is_left_to_the_embedding_breaks_the_model) {
  const auto values = test::plain_values(8 * 64);
  const std::vector<float> trained(values.rbegin(), values.rend());
  const auto tied = with_head(values, {});
  const auto apart = with_head(values, trained);
  const auto found = differences(tied, apart);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].key, "tensor output.weight");
  EXPECT_EQ(found[0].weight, Weight::breaks);
  EXPECT_TRUE(found[0].says.starts_with("the embedding is used")) << found[0].says;
  EXPECT_TRUE(differences(apart, tied).at(0).says.starts_with("an output matrix of its own"));
}

TEST(MetadataDifference, a_head_that_cannot_be_compared_is_a_note) {
  model::Checkpoint tied = llama();
  tied.tensors.pop_back();
  const auto found = differences(tied, llama());
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].weight, Weight::note);
}

TEST(MetadataDifference, the_order_of_tensors_is_no_difference) {
  model::Checkpoint other = llama();
  std::swap(other.tensors[0], other.tensors[1]);
  EXPECT_EQ(shown(differences(other, llama())), "");
}

TEST(MetadataDifference, tokens_are_named_by_their_text) {
  model::Checkpoint ours = llama();
  model::Checkpoint theirs = llama();
  ours.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{0});
  theirs.metadata.set("tokenizer.ggml.eos_token_id", std::int64_t{1});
  EXPECT_EQ(shown(differences(ours, theirs)),
            "tokenizer.ggml.eos_token_id: 0 (\"<s>\"), in the original 1 (\"a\") (answers end "
            "elsewhere, or never)\n");
  ours = theirs = llama();
  ours.metadata.set("tokenizer.ggml.token_type", std::vector<std::int64_t>{5, 1, 1, 1});
  theirs.metadata.set("tokenizer.ggml.token_type", std::vector<std::int64_t>{3, 1, 1, 1});
  EXPECT_EQ(shown(differences(ours, theirs)),
            "tokenizer.ggml.token_type: token 0 \"<s>\" is unused, in the original control (1 of 4 "
            "differ) (special tokens are read as plain text, or printed in answers)\n");
}

TEST(MetadataDifference, a_key_says_how_it_becomes_the_originals) {
  model::Checkpoint ours = llama();
  ours.metadata.set("llama.rope.freq_base", 5e5);
  auto found = differences(ours, llama());
  ASSERT_TRUE(found.at(0).mend);
  EXPECT_EQ(found[0].mend->how, Mend::How::set);
  EXPECT_EQ(found[0].mend->value, "10000");
  ours = llama();
  ours.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, 1, 2, 3});
  EXPECT_EQ(differences(ours, llama()).at(0).mend->how, Mend::How::copy);
  ours.metadata.set("tokenizer.ggml.scores", std::vector<double>{0, 1});
  EXPECT_FALSE(differences(ours, llama()).at(0).mend) << "a list of another length fits no file";
}

TEST(VocabularyMismatch, equal_or_unknown_vocabularies_do_not_mismatch) {
  EXPECT_EQ(vocabulary_mismatch(llama(), llama()), "");
  model::Checkpoint none = llama();
  none.metadata.erase("tokenizer.ggml.tokens");
  EXPECT_EQ(vocabulary_mismatch(none, llama()), "");
}

TEST(VocabularyMismatch, sizes_are_told) {
  model::Checkpoint other = llama();
  other.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"<s>", "a"});
  EXPECT_EQ(vocabulary_mismatch(other, llama()), "the candidate has 2 tokens, the original 4");
}

TEST(VocabularyMismatch, the_first_three_tokens_are_told_and_cannot_write_to_the_terminal) {
  model::Checkpoint other = llama();
  other.metadata.set("tokenizer.ggml.tokens", std::vector<std::string>{"x", "y\x1b[2J", "z", "w"});
  EXPECT_EQ(vocabulary_mismatch(other, llama()),
            "token 0 is \"x\", in the original \"<s>\"; token 1 is \"y\\x1b[2J\", in the original "
            "\"a\"; token 2 is \"z\", in the original \"b\" (4 of 4 differ)");
}

}  // namespace
}  // namespace qualm::diagnose
