#include "experiment/positions_file.h"

#include <gtest/gtest.h>

#include <limits>

#include "formats/safetensors/write.h"
#include "support/places.h"
#include "support/same_scores.h"

namespace qualm::experiment {
namespace {

Positions two_windows() {
  return {"candidate",
          "original",
          "text",
          {{.window = 3,
            .scores = {{.nll_p = 1.25,
                        .nll_q = 2.5,
                        .kld = 0.1F,
                        .delta_p = -0.5F,
                        .confidence = 0.75F,
                        .position = 4,
                        .same_top = true},
                       {.position = 5, .finite = false, .lost = true}}},
           {.window = 8,
            .scores = {{.nll_p = 0.1, .nll_q = 0.3, .kld = 3e-9F, .position = 4},
                       {.position = 5, .finite = false}}}}};
}

Result<std::vector<Positions>> back_from(const Positions& one) {
  const test::Scratch scratch;
  EXPECT_TRUE(write_positions(std::span(&one, 1), scratch.path("scores")));
  return read_positions(*map_file(scratch.path("scores")));
}

std::string code_of(const Positions& one) {
  const auto back = back_from(one);
  return back ? "read" : back.error().code;
}

TEST(PositionsFile, every_field_comes_back) {
  const Positions before = two_windows();
  const auto back = back_from(before);
  ASSERT_TRUE(back) << describe(back.error());
  ASSERT_EQ(back->size(), 1U);
  const Positions& after = back->front();
  EXPECT_EQ(after.candidate, "candidate");
  EXPECT_EQ(after.original, "original");
  EXPECT_EQ(after.text, "text");
  ASSERT_EQ(after.windows.size(), 2U);
  for (std::size_t w = 0; w < 2; ++w) {
    EXPECT_EQ(after.windows[w].window, before.windows[w].window);
    for (std::size_t i = 0; i < 2; ++i)
      test::expect_same(after.windows[w].scores[i], before.windows[w].scores[i]);
  }
}

TEST(PositionsFile, numbers_that_cannot_be_are_refused) {
  Positions twice = two_windows();
  twice.windows[1].window = 3;
  EXPECT_EQ(code_of(twice), "POSITIONS-004");
  Positions before = two_windows();
  before.windows[0].window = -1;
  EXPECT_EQ(code_of(before), "POSITIONS-004");
  Positions endless = two_windows();
  endless.windows[1].scores[0].nll_q = std::numeric_limits<double>::infinity();
  EXPECT_EQ(code_of(endless), "POSITIONS-004");
  Positions both = two_windows();
  both.windows[0].scores[0].lost = true;
  EXPECT_EQ(code_of(both), "POSITIONS-004");
}

std::string code_of_file(const std::map<std::string, std::string>& metadata) {
  const test::Scratch scratch;
  const std::vector<std::byte> bytes(4);
  const codec::Part part{"0/window", codec::Dtype::kI32, {1}, bytes, nullptr};
  EXPECT_TRUE(safetensors::write(scratch.path("scores"), std::span(&part, 1), metadata));
  const auto read = read_positions(*map_file(scratch.path("scores")));
  return read ? "read" : read.error().code + " " + read.error().place;
}

TEST(PositionsFile, another_safetensors_file_is_refused) {
  EXPECT_EQ(code_of_file({}), "POSITIONS-001 ");
  const auto of = [](const char* json) { return code_of_file({{"qualm.positions", json}}); };
  EXPECT_EQ(of("{}"), "POSITIONS-002 version");
  EXPECT_EQ(of(R"({"version":1})"), "POSITIONS-002 results");
  EXPECT_EQ(of(R"({"version":1,"results":[{"candidate":"c","original":1}]})"),
            "POSITIONS-002 original");
  EXPECT_EQ(of(R"({"version":1,"results":[{"candidate":"c","original":"o","text":"t"}]})"),
            "POSITIONS-003 tensor 0/position");
  EXPECT_EQ(of("["), "JSON-002 qualm.positions");
}

}  // namespace
}  // namespace qualm::experiment
