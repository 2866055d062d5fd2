#include "experiment/reference_pack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <limits>

#include "formats/safetensors/safetensors.h"
#include "support/pack.h"
#include "support/places.h"

namespace qualm::experiment {
namespace {

using ::testing::HasSubstr;

std::string bytes_of_pack(const ReferencePack& pack) {
  const test::Scratch scratch;
  const std::string path = scratch.path("a.qref");
  EXPECT_TRUE(write_pack(pack, path));
  return test::contents(path);
}

Result<ReferencePack> read_bytes(std::string bytes) {
  return read_pack(memory_file("a.qref", std::move(bytes)));
}

/// The pack with the values of one tensor changed in place.
template <class T>
std::string with(const std::string& tensor, const std::function<void(std::span<T>)>& change) {
  std::string bytes = bytes_of_pack(test::small_pack());
  const auto file = memory_file("a.qref", bytes);
  const auto container = safetensors::open_file(file);
  const codec::Part* part = container->find(tensor);
  EXPECT_NE(part, nullptr) << tensor;
  std::vector<T> values(part->bytes.size() / sizeof(T));
  std::memcpy(values.data(), part->bytes.data(), part->bytes.size());
  change(values);
  std::memcpy(bytes.data() + (part->bytes.data() - file->bytes().data()), values.data(),
              part->bytes.size());
  return bytes;
}

/// The pack with a piece of its JSON replaced by one as long.
std::string with_json(const std::string& from, const std::string& to) {
  std::string bytes = bytes_of_pack(test::small_pack());
  const auto at = bytes.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  EXPECT_EQ(from.size(), to.size());
  return bytes.replace(at, from.size(), to);
}

void expect_refused(const std::string& bytes, const std::string& code, const std::string& says) {
  const auto read = read_bytes(bytes);
  ASSERT_FALSE(read) << code << " " << says;
  EXPECT_EQ(read.error().code, code) << describe(read.error());
  EXPECT_THAT(describe(read.error()), HasSubstr(says));
}

TEST(ReferencePack, comes_back_as_it_was_written) {
  const ReferencePack pack = test::small_pack();
  const auto read = read_bytes(bytes_of_pack(pack));
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_EQ(read->original.file, "tiny-F16.gguf");
  EXPECT_EQ(read->original.content_hash, "0123");
  EXPECT_EQ(read->vocab_size, test::kPackVocabulary);
  EXPECT_EQ(read->noise_floor.estimate->high, 2e-6);
  EXPECT_EQ(read->digest.size(), 64U);
  ASSERT_TRUE(read->error);
  EXPECT_EQ(read->error->type, "Q4_K_M");
  EXPECT_EQ(read->error->kld.windows, 2);
  EXPECT_EQ(read->error->kld.estimated, 0.0251);
  EXPECT_EQ(read->error->kld.difference.estimate->low, -2e-4);
  ASSERT_EQ(read->texts.size(), 2U);
  EXPECT_EQ(read->texts[1].name, "code");
  EXPECT_EQ(read->texts[0].text, pack.texts[0].text);
  EXPECT_EQ(read->texts[0].windows.tokens, pack.texts[0].windows.tokens);
  EXPECT_EQ(read->texts[0].windows.order, pack.texts[0].windows.order);
}

TEST(ReferencePack, may_say_nothing_of_its_own_error) {
  ReferencePack pack = test::small_pack();
  pack.error.reset();
  const auto read = read_bytes(bytes_of_pack(pack));
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_FALSE(read->error);
}

TEST(ReferencePack, tells_its_original_without_its_tensors) {
  std::string bytes = bytes_of_pack(test::small_pack());
  std::fill_n(bytes.end() - 64, 64, '\x7f');  // read_pack() would refuse them
  EXPECT_FALSE(read_bytes(bytes));
  const auto original = original_of_pack(memory_file("a.qref", bytes));
  ASSERT_TRUE(original) << describe(original.error());
  EXPECT_EQ(original->file, "tiny-F16.gguf");
  EXPECT_EQ(original->name, "tiny");
}

TEST(ReferencePack, keeps_every_distribution_and_score) {
  const ReferencePack pack = test::small_pack();
  const auto read = read_bytes(bytes_of_pack(pack));
  ASSERT_TRUE(read);
  const evaluate::KeptRow& before = pack.texts[0].kept[2]->rows[4];
  const evaluate::KeptRow& after = read->texts[0].kept[2]->rows[4];
  EXPECT_EQ(after.nll, before.nll);
  EXPECT_EQ(after.rest, before.rest);
  EXPECT_EQ(after.top.token, before.top.token);
  ASSERT_EQ(after.tokens.size(), before.tokens.size());
  EXPECT_EQ(after.tokens[9].token, before.tokens[9].token);
  EXPECT_EQ(after.tokens[9].log_p, before.tokens[9].log_p);
  ASSERT_EQ(after.drawn.size(), before.drawn.size());
  const evaluate::Score& score = read->texts[0].scores[0][2].scores[4];
  EXPECT_EQ(score.kld, pack.texts[0].scores[0][2].scores[4].kld);
  EXPECT_EQ(score.position, pack.texts[0].scores[0][2].scores[4].position);
  EXPECT_NEAR(score.nll_q, pack.texts[0].scores[0][2].scores[4].nll_q, 1e-6);
}

TEST(ReferencePack, keeps_positions_that_were_not_finite) {
  ReferencePack pack = test::small_pack();
  auto window = std::make_shared<evaluate::KeptWindow>(*pack.texts[0].kept[0]);
  window->rows[3] = evaluate::KeptRow{.finite = false};
  pack.texts[0].kept[0] = window;
  pack.texts[0].scores[0][0].scores[3] = {.finite = false};
  const auto read = read_bytes(bytes_of_pack(pack));
  ASSERT_TRUE(read) << describe(read.error());
  EXPECT_FALSE(read->texts[0].kept[0]->rows[3].finite);
  EXPECT_FALSE(read->texts[0].scores[0][0].scores[3].finite);
  EXPECT_FALSE(read->texts[0].scores[0][0].scores[3].lost);
}

TEST(ReferencePack, is_told_from_other_safetensors_files_by_its_key) {
  EXPECT_TRUE(looks_like_pack(*memory_file("a", bytes_of_pack(test::small_pack()))));
  EXPECT_FALSE(looks_like_pack(*memory_file("a", "GGUF")));
  expect_refused(with_json("qualm.reference", "qualm.reverence"), "PACK-001", "reference pack");
}

TEST(ReferencePack, of_another_version_is_refused) {
  expect_refused(with_json("\\\"version\\\":1", "\\\"version\\\":9"), "PACK-002", "9");
}

TEST(ReferencePack, with_a_key_that_cannot_be_is_refused) {
  expect_refused(with_json("\\\"vocab_size\\\":400", "\\\"vocab_size\\\":-40"), "PACK-003",
                 "vocab_size");
  expect_refused(with_json("\\\"name\\\":\\\"code\\\"", "\\\"name\\\":\\\"co/e\\\""), "PACK-003",
                 "name");
  expect_refused(with_json("\\\"name\\\":\\\"prose\\\"", "\\\"nome\\\":\\\"prose\\\""), "PACK-003",
                 "name");
  expect_refused(with_json("\\\"exact\\\":0.025", "\\\"exact\\\":2e250"), "PACK-003",
                 "error.exact");
  expect_refused(with_json("\\\"type\\\":\\\"Q4_K_M", "\\\"type\\\":\\\"Q4_K_S"), "PACK-003",
                 "error.type");
  expect_refused(with_json("[0.0001,-0.0002,", "[0.0001, 0.0002,"), "PACK-003", "error.difference");
  expect_refused(with_json("\\\"first\\\":2", "\\\"first\\\":9"), "PACK-003", "one size");
}

TEST(ReferencePack, that_names_more_windows_than_it_has_is_refused) {
  expect_refused(with_json("\\\"windows\\\":3", "\\\"windows\\\":8"), "PACK-004", "prose/tokens");
}

TEST(ReferencePack, with_tokens_outside_the_vocabulary_is_refused) {
  expect_refused(with<std::int32_t>("prose/tokens", [](auto v) { v[7] = 400; }), "PACK-005", "400");
  expect_refused(with<std::int32_t>("prose/top.id", [](auto v) { v[7] = 400; }), "PACK-005",
                 "vocabulary");
  expect_refused(with<std::int32_t>("code/drawn.id", [](auto v) { v[7] = -7; }), "PACK-005",
                 "vocabulary");
}

TEST(ReferencePack, with_an_order_that_leaves_a_window_out_is_refused) {
  expect_refused(with<std::int32_t>("prose/order", [](auto v) { v[0] = v[1]; }), "PACK-005",
                 "each window once");
}

TEST(ReferencePack, whose_distribution_contradicts_itself_is_refused) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const auto top = [](const std::function<void(std::span<float>)>& change) {
    return with<float>("prose/top.log_p", change);
  };
  expect_refused(top([](auto v) { v[0] = kInfinity; }), "PACK-005", "probability");
  expect_refused(top([](auto v) { v[0] += 0.5F; }), "PACK-005", "window 0, row 0");
  expect_refused(top([](auto v) { std::swap(v[3], v[90]); }), "PACK-005", "order");
  expect_refused(with<double>("prose/rest", [](auto v) { v[1] = -0.1; }), "PACK-005", "rest");
  expect_refused(with<double>("prose/rest", [](auto v) { v[1] = 0.9; }), "PACK-005", "mass");
  expect_refused(with<double>("prose/nll", [](auto v) { v[2] = -1; }), "PACK-005", "nll");
  expect_refused(with<double>("prose/nll", [](auto v) { v[2] = 1e-6; }), "PACK-005", "nll");
  expect_refused(with<std::int32_t>("prose/top.id", [](auto v) { v[1] = v[0]; }), "PACK-005",
                 "twice");
  expect_refused(with<std::int32_t>("prose/drawn.id", [](auto v) { v[0] = -1; }), "PACK-005",
                 "drawn");
}

TEST(ReferencePack, with_scores_that_cannot_be_is_refused) {
  constexpr float kNan = std::numeric_limits<float>::quiet_NaN();
  expect_refused(with<float>("prose/Q4_K_M/kld", [](auto v) { v[3] = kNan; }), "PACK-005",
                 "Q4_K_M");
  expect_refused(with<float>("prose/Q4_K_M/nll", [](auto v) { v[3] = -5; }), "PACK-005", "Q4_K_M");
  expect_refused(with<std::uint8_t>("prose/Q4_K_M/flags", [](auto v) { v[3] = 6; }), "PACK-005",
                 "Q4_K_M");
}

TEST(ReferencePack, cut_short_is_refused) {
  std::string bytes = bytes_of_pack(test::small_pack());
  bytes.resize(bytes.size() - 5);
  expect_refused(bytes, "ST-011", "a.qref");
}

}  // namespace
}  // namespace qualm::experiment
