#include "experiment/base_file.h"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <vector>

namespace qualm::experiment {
namespace {

constexpr std::int32_t kCtx = 16;
constexpr std::int32_t kVocab = 5;
constexpr std::int32_t kChunks = 2;

template <class T>
void put_value(std::string& out, T value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// Token v of a row has ln P = -4 + 0.7 v, less the logarithm of their sum.
std::string base_file(std::int32_t ctx = kCtx, std::int32_t vocab = kVocab,
                      std::int32_t chunks = kChunks) {
  std::string out = "_logits_";
  put_value(out, static_cast<std::uint32_t>(ctx));
  put_value(out, vocab);
  put_value(out, chunks);
  for (std::int32_t i = 0; i < kCtx * kChunks; ++i) put_value(out, i % kVocab);
  double sum = 0;
  for (int v = 0; v < kVocab; ++v) sum += std::exp(-4 + 0.7 * v);
  for (std::int32_t row = 0; row < (kCtx - 1 - kCtx / 2) * kChunks; ++row) {
    put_value(out, 0.0001F);
    put_value(out, static_cast<float>(-4 - std::log(sum)));
    for (std::uint16_t v = 0; v < kVocab + 1; ++v)
      put_value(out, static_cast<std::uint16_t>(v < kVocab ? 7000 * v : 0));
  }
  return out;
}

Result<ReferencePack> read_it(std::string bytes) {
  return read_base_file(memory_file("a.kld", std::move(bytes)), 1);
}

TEST(BaseFile, gives_the_distributions_of_the_second_half_of_each_window) {
  const auto pack = read_it(base_file());
  ASSERT_TRUE(pack) << describe(pack.error());
  const PackText& text = pack->texts.front();
  EXPECT_EQ(text.windows.count(), kChunks);
  EXPECT_EQ(text.windows.first, 8);
  EXPECT_EQ(text.windows.last, 15);
  ASSERT_EQ(text.kept.size(), 2U);
  ASSERT_EQ(text.kept[0]->rows.size(), 7U);
  const evaluate::KeptRow& row = text.kept[0]->rows[0];
  EXPECT_EQ(row.top.token, kVocab - 1);
  double total = 0;
  for (int v = 0; v < kVocab; ++v) total += std::exp(-4 + 0.7 * v);
  // The token at position 9 follows position 8.
  EXPECT_NEAR(row.nll, std::log(total) - (-4 + 0.7 * (9 % kVocab)), 1e-5);
  EXPECT_TRUE(pack->types.empty());
  EXPECT_TRUE(text.text.empty());
}

TEST(BaseFile, what_is_cut_off_weighs_nothing) {
  std::string bytes = base_file();
  const float scale = 16.0F / 65535;
  const float least = -16;
  const std::size_t row = 20 + kCtx * kChunks * 4;
  std::memcpy(bytes.data() + row, &scale, sizeof(scale));
  std::memcpy(bytes.data() + row + 4, &least, sizeof(least));
  const std::uint16_t q[kVocab] = {0, 0, 0, 65535, 0};
  std::memcpy(bytes.data() + row + 8, q, sizeof(q));
  const auto pack = read_it(bytes);
  ASSERT_TRUE(pack);
  const evaluate::KeptRow& first = pack->texts.front().kept[0]->rows[0];
  EXPECT_EQ(first.top.token, 3);
  EXPECT_LT(first.rest, 1e-20);
  EXPECT_EQ(first.nll, 16) << "the token that follows is told as it is stored";
}

TEST(BaseFile, is_told_by_its_first_bytes) {
  EXPECT_TRUE(looks_like_base_file(*memory_file("a", base_file())));
  EXPECT_FALSE(looks_like_base_file(*memory_file("a", "_log")));
}

TEST(BaseFile, that_lies_about_its_size_is_refused_before_anything_is_allocated) {
  EXPECT_EQ(read_it(base_file(kCtx, kVocab, 1 << 30)).error().code, "PACK-010");
  EXPECT_EQ(read_it(base_file(kCtx, 1 << 30)).error().code, "PACK-010");
  EXPECT_EQ(read_it(base_file(4)).error().code, "PACK-010");
  EXPECT_EQ(read_it(base_file(kCtx, -1)).error().code, "PACK-010");
  EXPECT_EQ(read_it(base_file().substr(0, 300)).error().code, "PACK-010");
  EXPECT_EQ(read_it(base_file() + "x").error().code, "PACK-010");
}

TEST(BaseFile, with_a_token_outside_the_vocabulary_is_refused) {
  std::string bytes = base_file();
  const std::int32_t token = 77;
  std::memcpy(bytes.data() + 20 + 12, &token, sizeof(token));
  EXPECT_EQ(read_it(bytes).error().found, "77");
}

TEST(BaseFile, with_a_scale_that_is_not_finite_is_refused) {
  std::string bytes = base_file();
  const float nan = std::nanf("");
  std::memcpy(bytes.data() + 20 + kCtx * kChunks * 4, &nan, sizeof(nan));
  EXPECT_EQ(read_it(bytes).error().code, "PACK-010");
}

}  // namespace
}  // namespace qualm::experiment
