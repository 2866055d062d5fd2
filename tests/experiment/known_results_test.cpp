#include "experiment/known_results.h"

#include <gtest/gtest.h>

#include <array>

namespace qualm::experiment {
namespace {

/// Knows one window under every key, and counts what is saved.
class OneWindow final : public evaluate::WindowStore {
 public:
  std::vector<evaluate::WindowScores> load(const std::string&,
                                           std::span<const std::int32_t>) override {
    return {{.window = 9, .scores = {}}};
  }
  void save(const std::string&, std::span<const evaluate::WindowScores>) override { ++saved; }
  int saved = 0;
};

TEST(KnownResults, come_before_those_of_the_store_and_are_not_saved) {
  OneWindow store;
  KnownScores scores(store);
  const std::vector<evaluate::WindowScores> known{{.window = 1, .scores = {}},
                                                  {.window = 2, .scores = {}}};
  scores.know("pack", known);
  const std::array<std::int32_t, 2> wanted{2, 9};
  const auto found = scores.load("pack", wanted);
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].window, 2);
  EXPECT_EQ(scores.load("other", wanted).at(0).window, 9);
  EXPECT_EQ(store.saved, 0);
  scores.save("other", known);
  EXPECT_EQ(store.saved, 1);
}

TEST(KnownResults, have_no_window_beyond_the_last) {
  const KeptWindows windows{std::make_shared<const evaluate::KeptWindow>()};
  KnownWindows known(windows);
  EXPECT_EQ(known.find(0), windows[0]);
  EXPECT_EQ(known.find(1), nullptr);
}

}  // namespace
}  // namespace qualm::experiment
