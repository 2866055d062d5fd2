// What is said of weights that are not the original's.
#include "diagnose/weights_in_words.h"

#include <gtest/gtest.h>

namespace qualm::diagnose {
namespace {

/// Nobody's weights: these classes differ from the original's.
std::string words_of(std::vector<weights::DifferingClass> classes) {
  weights::Provenance found;
  found.origin = weights::Origin::neither;
  found.differing.emplace();
  found.differing->classes = std::move(classes);
  found.differing->within = 0.75;
  return in_words(found);
}

TEST(WhatDiffers, is_one_matrix_or_classes_of_a_lora) {
  const weights::DifferingClass one{
      .name = "attn_q", .differ = 1, .of = 6, .in_layers = 6, .layers = {1}, .within = 0.75};
  weights::DifferingClass all = one;
  all.layers.clear();
  EXPECT_EQ(words_of({one}),
            "attn_q of layer 1 differs from the original's (75 % within half a step); probably one "
            "matrix that was changed, damaged or converted wrongly; no unquantized norms to "
            "compare");
  EXPECT_EQ(words_of({all, all}),
            "attn_q and attn_q of all 6 layers differ from the original's (75 % / 75 % within half "
            "a step); probably a missing or other LoRA, or another merge; no unquantized norms to "
            "compare");
}

}  // namespace
}  // namespace qualm::diagnose
