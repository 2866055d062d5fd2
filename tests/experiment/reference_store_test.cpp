#include "experiment/reference_store.h"

#include <gtest/gtest.h>

#include <map>

#include "experiment/kept_blob.h"

namespace qualm::experiment {
namespace {

using evaluate::KeptRow;
using evaluate::KeptWindow;

/// Keeps texts in a map, and counts how often it is asked.
class Blobs final : public evaluate::WindowStore {
 public:
  std::optional<std::string> recall(const std::string& key) override {
    ++asked;
    const auto it = texts.find(key);
    return it == texts.end() ? std::nullopt : std::optional(it->second);
  }
  void remember(const std::string& key, const std::string& text) override { texts[key] = text; }
  std::map<std::string, std::string> texts;
  int asked = 0;
};

KeptWindow window_of(std::size_t rows, std::int32_t tokens = 3) {
  KeptWindow window{100, std::vector<KeptRow>(rows)};
  for (KeptRow& row : window.rows) {
    row = {.nll = 2.5, .rest = 0.25, .top = {7, -0.5F}};
    for (std::int32_t t = 0; t < tokens; ++t)
      row.tokens.push_back({t, -1.0F - static_cast<float>(t)});
    row.drawn = {{50, -9.0F}, {51, -9.5F}};
  }
  return window;
}

bool same(const std::vector<evaluate::TokenLogP>& a, const std::vector<evaluate::TokenLogP>& b) {
  return std::ranges::equal(
      a, b, [](const auto& x, const auto& y) { return x.token == y.token && x.log_p == y.log_p; });
}

TEST(KeptBlob, comes_back_as_it_was) {
  KeptWindow window = window_of(4);
  window.rows[2] = {.finite = false};
  const auto back = from_blob(to_blob(window));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->vocab_size, 100);
  ASSERT_EQ(back->rows.size(), 4U);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(back->rows[i].nll, window.rows[i].nll);
    EXPECT_EQ(back->rows[i].rest, window.rows[i].rest);
    EXPECT_EQ(back->rows[i].finite, window.rows[i].finite);
    EXPECT_EQ(back->rows[i].top.token, window.rows[i].top.token);
    EXPECT_TRUE(same(back->rows[i].tokens, window.rows[i].tokens));
    EXPECT_TRUE(same(back->rows[i].drawn, window.rows[i].drawn));
  }
}

TEST(KeptBlob, with_any_byte_changed_or_missing_is_not_read) {
  const std::string blob = to_blob(window_of(2));
  for (std::size_t i = 0; i < blob.size(); ++i) {
    std::string damaged = blob;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x40);
    EXPECT_FALSE(from_blob(damaged)) << i;
    EXPECT_FALSE(from_blob(blob.substr(0, i))) << i;
  }
  EXPECT_FALSE(from_blob(blob + "x"));
}

TEST(KeptBlob, with_a_token_that_the_vocabulary_does_not_have_is_not_read) {
  KeptWindow window = window_of(1);
  window.rows[0].drawn[1].token = 100;
  EXPECT_FALSE(from_blob(to_blob(window)));
  window.rows[0].drawn[1].token = -1;
  EXPECT_FALSE(from_blob(to_blob(window)));
}

TEST(ReferenceStore, finds_what_it_was_given_and_nothing_else) {
  ReferenceStore store(std::make_unique<Blobs>(), 1 << 20);
  const auto one = store.of("one");
  const auto other = store.of("other");
  EXPECT_EQ(one->find(0), nullptr);
  one->keep(0, std::make_shared<KeptWindow>(window_of(5)));
  ASSERT_NE(one->find(0), nullptr);
  EXPECT_EQ(one->find(0)->rows.size(), 5U);
  EXPECT_EQ(one->find(1), nullptr);
  EXPECT_EQ(other->find(0), nullptr);
}

TEST(ReferenceStore, holds_the_last_windows_in_memory_and_reads_the_others_again) {
  auto made = std::make_unique<Blobs>();
  Blobs& blobs = *made;
  const KeptWindow window = window_of(10);
  ReferenceStore store(std::move(made), 2 * bytes_of(window));
  const auto reference = store.of("a");
  for (std::int32_t w = 0; w < 3; ++w) reference->keep(w, std::make_shared<KeptWindow>(window));
  EXPECT_NE(reference->find(1), nullptr);
  EXPECT_NE(reference->find(2), nullptr);
  EXPECT_EQ(blobs.asked, 0);
  EXPECT_NE(reference->find(0), nullptr);
  EXPECT_EQ(blobs.asked, 1);
  EXPECT_NE(reference->find(1), nullptr);  // the one used longest ago had to go
  EXPECT_EQ(blobs.asked, 2);
}

TEST(ReferenceStore, holds_less_from_then_on_where_less_was_promised_and_never_more) {
  auto made = std::make_unique<Blobs>();
  Blobs& blobs = *made;
  const KeptWindow window = window_of(10);
  ReferenceStore store(std::move(made), 2 * bytes_of(window));
  const auto reference = store.of("a");
  store.hold_at_most(5 * bytes_of(window));
  for (std::int32_t w = 0; w < 3; ++w) reference->keep(w, std::make_shared<KeptWindow>(window));
  EXPECT_NE(reference->find(0), nullptr);
  EXPECT_EQ(blobs.asked, 1) << "two are held, as before";
  store.hold_at_most(bytes_of(window));
  reference->keep(3, std::make_shared<KeptWindow>(window));
  EXPECT_NE(reference->find(0), nullptr);
  EXPECT_EQ(blobs.asked, 2) << "one is held";
}

TEST(ReferenceStore, keeps_what_memory_alone_could_not) {
  ReferenceStore store(std::make_unique<Blobs>(), 1);
  const auto reference = store.of("a");
  reference->keep(4, std::make_shared<KeptWindow>(window_of(2)));
  EXPECT_NE(reference->find(4), nullptr);
}

}  // namespace
}  // namespace qualm::experiment
