#include "experiment/variant.h"

#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

namespace qualm::experiment {
namespace {

using assemble::Action;

/// Something in every field.
Variant full() {
  return {{.kind = Weights::Kind::requantized,
           .mix = "Q4_K_M",
           .recipe = {{{"blk.*", Action::encode, "Q4_K"}, {"*", Action::keep, ""}}},
           .overrides = {{"ffn_down", "q6_K"}},
           .calibrated_on = 1},
          "q8_0",
          "q4_0"};
}

struct Change {
  const char* field;
  std::function<void(Variant&)> apply;
};

std::vector<Change> changes() {
  return {{"kind", [](Variant& v) { v.weights.kind = Weights::Kind::assembled; }},
          {"mix", [](Variant& v) { v.weights.mix = "Q4_K_S"; }},
          {"a rule's pattern", [](Variant& v) { v.weights.recipe.rules[0].pattern = "blk.1*"; }},
          {"a rule's action",
           [](Variant& v) { v.weights.recipe.rules[0].action = Action::encode_baseline; }},
          {"a rule's type", [](Variant& v) { v.weights.recipe.rules[0].type = "Q5_K"; }},
          {"the rules' number", [](Variant& v) { v.weights.recipe.rules.pop_back(); }},
          {"the rules' order",
           [](Variant& v) { std::swap(v.weights.recipe.rules[0], v.weights.recipe.rules[1]); }},
          {"an override's tensors", [](Variant& v) { v.weights.overrides[0].first = "ffn_up"; }},
          {"an override's type", [](Variant& v) { v.weights.overrides[0].second = "q8_0"; }},
          {"no override", [](Variant& v) { v.weights.overrides.clear(); }},
          {"the text of its calibration", [](Variant& v) { v.weights.calibrated_on = 0; }},
          {"no calibration", [](Variant& v) { v.weights.calibrated_on.reset(); }},
          {"type_k", [](Variant& v) { v.type_k = "q4_0"; }},
          {"type_v", [](Variant& v) { v.type_v = "q8_0"; }}};
}

TEST(VariantId, equal_variants_have_one) {
  EXPECT_EQ(id_of(full()), id_of(full()));
  EXPECT_EQ(id_of(Variant{}), id_of(Variant{}));
  EXPECT_EQ(id_of(full().weights), id_of(full().weights));
}

TEST(VariantId, each_field_makes_another) {
  std::vector<VariantId> seen{id_of(full())};
  for (const Change& change : changes()) {
    Variant changed = full();
    change.apply(changed);
    const VariantId id = id_of(changed);
    for (const VariantId& other : seen) EXPECT_NE(id, other) << change.field;
    seen.push_back(id);
  }
}

TEST(VariantId, of_weights_does_not_depend_on_the_cache) {
  Variant other = full();
  other.type_k = other.type_v = "f16";
  EXPECT_EQ(id_of(full().weights), id_of(other.weights));
  EXPECT_NE(id_of(full().weights), id_of(Weights{}));
}

TEST(VariantId, two_that_are_described_in_the_same_words_have_two) {
  // A name of a tensor may hold any words: a key made of a description would take one for the
  // other.
  const Weights one = assembled({{{"a as it is, b", Action::keep, ""}}});
  const Weights two = assembled({{{"a", Action::keep, ""}, {"b", Action::keep, ""}}});
  ASSERT_EQ(describe(one), describe(two));
  EXPECT_NE(id_of(one), id_of(two));
  const Variant k{{}, "f16/q8_0", "q4_0"};
  const Variant v{{}, "f16", "q8_0/q4_0"};
  ASSERT_EQ(describe(k), describe(v));
  EXPECT_NE(id_of(k), id_of(v));
}

TEST(VariantId, is_32_hexadecimal_digits) {
  const std::string digest = id_of(full()).digest;
  EXPECT_EQ(digest.size(), 32U);
  EXPECT_EQ(digest.find_first_not_of("0123456789abcdef"), std::string::npos) << digest;
}

TEST(Describe, says_what_was_changed) {
  EXPECT_EQ(describe(Variant{}), "candidate, f16/f16 cache");
  EXPECT_EQ(describe(baseline_weights()), "original");
  EXPECT_EQ(describe(full()),
            "original as Q4_K_M, ffn_down as q6_K, calibrated on text 2, q8_0/q4_0 cache");
  EXPECT_EQ(describe(assembled({{{"blk.*", Action::from_baseline, ""}}})),
            "candidate with blk.* from the original");
}

}  // namespace
}  // namespace qualm::experiment
