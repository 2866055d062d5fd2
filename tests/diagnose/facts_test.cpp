// What a diagnosis wants to know, in which order, and that it comes to an end.
#include "diagnose/facts.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <set>
#include <sstream>

#include "diagnose/thresholds.h"
#include "support/known.h"
#include "support/world.h"

namespace qualm::diagnose {
namespace {

using evaluate::StopRule;
using test::ids_of;
using test::World;

/// All that was wanted, one after the other, until the diagnosis answered.
std::vector<Wanted> wishes_of(World& world, Facts& facts) {
  constexpr std::size_t kMost = 100;  // more is a loop without an end
  std::vector<Wanted> wishes;
  facts.texts = world.experiment.texts();
  for (auto answer = diagnose(facts); !answer && wishes.size() < kMost; answer = diagnose(facts)) {
    wishes.push_back(answer.error());
    std::visit(test::FindOut(facts, world.experiment), answer.error().what);
  }
  EXPECT_LT(wishes.size(), kMost);
  return wishes;
}

std::vector<Wanted> wishes_of(World& world) {
  Facts facts = world.facts();
  return wishes_of(world, facts);
}

/// As text, to be compared: each single fact that was wanted.
struct FactsWanted {
  std::vector<std::string> operator()(const WantedMeasurements& wanted) const {
    std::vector<std::string> all;
    for (const Variant& variant : wanted.variants) {
      std::ostringstream text;
      text << id_of(wanted.reference).digest << ' ' << id_of(variant).digest << ' '
           << wanted.windows.text << ' ' << wanted.windows.begin << '-' << wanted.windows.end;
      all.push_back(text.str());
    }
    return all;
  }
  std::vector<std::string> operator()(const WantedSize& wanted) const {
    return {"size " + id_of(wanted.weights).digest};
  }
  std::vector<std::string> operator()(const WantedCacheSize& wanted) const {
    return {"cache " + wanted.type_k + "/" + wanted.type_v};
  }
  std::vector<std::string> operator()(const WantedEquality& wanted) const {
    return {"equal " + id_of(wanted.a).digest + " " + id_of(wanted.b).digest};
  }
  std::vector<std::string> operator()(const WantedType& wanted) const {
    return {"type " + wanted.type};
  }
  std::vector<std::string> operator()(const WantedNoiseFloor&) const { return {"noise floor"}; }
  std::vector<std::string> operator()(const WantedCrossCheck&) const { return {"cross-check"}; }
  std::vector<std::string> operator()(const WantedInputs&) const { return {"inputs"}; }
  std::vector<std::string> operator()(const WantedTexts&) const { return {"texts"}; }
};

std::size_t measurements_in(const std::vector<Wanted>& wishes) {
  return static_cast<std::size_t>(std::ranges::count_if(wishes, [](const Wanted& wanted) {
    return std::holds_alternative<WantedMeasurements>(wanted.what);
  }));
}

bool wants_texts(const std::vector<Wanted>& wishes) {
  return std::ranges::any_of(wishes, [](const Wanted& wanted) {
    return std::holds_alternative<WantedTexts>(wanted.what);
  });
}

TEST(Facts, a_pair_is_first_read_until_the_line_is_decided_then_the_factors_in_one_pass) {
  World world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  const auto wishes = wishes_of(world);
  ASSERT_GE(wishes.size(), 2U);
  const auto* first = std::get_if<WantedMeasurements>(&wishes[0].what);
  ASSERT_TRUE(first);
  EXPECT_TRUE(first->selects);
  EXPECT_EQ(id_of(first->reference), id_of(Facts::original()));
  EXPECT_EQ(ids_of(first->variants), ids_of({{{}, "q4_0", "q4_0"}}));
  EXPECT_EQ(first->windows.begin, 0);
  EXPECT_EQ(first->windows.end, kMostSelection);
  EXPECT_EQ(first->rule.quantity, StopRule::Quantity::kld_mean);
  EXPECT_EQ(first->rule.threshold, kLeastLine);
  EXPECT_EQ(first->rule.at_least, kHoldout);
  const auto* factors = std::get_if<WantedMeasurements>(&wishes[1].what);
  ASSERT_TRUE(factors);
  EXPECT_FALSE(factors->selects);
  EXPECT_EQ(id_of(factors->reference), id_of(Facts::original()));
  const experiment::Variant cache_only{experiment::baseline_weights(), "q4_0", "q4_0"};
  EXPECT_EQ(ids_of(factors->variants), ids_of({Facts::weights_only(), cache_only}));
  EXPECT_EQ(factors->windows.end, world.experiment.stops_after);
  EXPECT_EQ(factors->rule.quantity, StopRule::Quantity::never);
  const auto* limit = std::get_if<WantedMeasurements>(&wishes[2].what);
  ASSERT_TRUE(limit);
  EXPECT_EQ(ids_of(limit->variants), ids_of({Facts::as_type("Q4_K_M")}));
  EXPECT_EQ(limit->windows.end, kFirstLook) << "0.06 is over 1.5 times 0.005 after few windows";
}

/// The ends of the ranges on which the original as Q4_K_M was wanted.
std::vector<std::int32_t> reads_of_floor(const std::vector<Wanted>& wishes) {
  std::vector<std::int32_t> ends;
  for (const Wanted& wanted : wishes)
    if (const auto* one = std::get_if<WantedMeasurements>(&wanted.what);
        one && one->windows.begin == 0 &&
        ids_of(one->variants) == ids_of({Facts::as_type(kFloorType)}))
      ends.push_back(one->windows.end);
  return ends;
}

TEST(Facts, the_type_that_sets_the_limit_is_read_on_all_windows_where_the_first_do_not_decide) {
  World near;
  near.experiment.set_candidate({.kld = 0.0335, .ln_ppl = 0.0005, .spread = 0.1});
  near.experiment.set_type("Q4_K_M", {.kld = 0.022, .spread = 0.1});
  EXPECT_EQ(reads_of_floor(wishes_of(near)), (std::vector<std::int32_t>{kFirstLook, 20}));
  World within;
  within.experiment.set_candidate({.kld = 0.04, .ln_ppl = 0.0005});
  within.experiment.set_type("Q4_K_M", {.kld = 0.04});
  EXPECT_EQ(reads_of_floor(wishes_of(within)), (std::vector<std::int32_t>{kFirstLook, 20}))
      << "no loss is within a limit that was read on few windows";
  World small;
  EXPECT_EQ(reads_of_floor(wishes_of(small)), std::vector<std::int32_t>{kFirstLook})
      << "no limit is as low";
  World whole;
  whole.lossy_weights();
  whole.given.read_all = true;
  EXPECT_EQ(reads_of_floor(wishes_of(whole)), std::vector<std::int32_t>{84});
}

TEST(Facts, without_a_quantized_cache_its_factors_are_not_measured) {
  World world;
  const auto wishes = wishes_of(world);
  ASSERT_EQ(measurements_in(wishes), 3U);
  EXPECT_EQ(ids_of(std::get<WantedMeasurements>(wishes[1].what).variants),
            ids_of({Facts::as_type("Q4_K_M")}))
      << "its weights with an F16 cache are what was read first";
}

TEST(Facts, the_noise_floor_is_wanted_where_a_small_loss_is_measured_and_then_known) {
  World world;
  const auto wants_floor = [](const std::vector<Wanted>& wishes) {
    return std::ranges::any_of(wishes, [](const Wanted& wanted) {
      return std::holds_alternative<WantedNoiseFloor>(wanted.what);
    });
  };
  Facts facts = world.facts();
  EXPECT_TRUE(wants_floor(wishes_of(world, facts)));
  EXPECT_EQ(facts.noise_floor()->upper(), world.experiment.floor.upper());
  World lossy;
  lossy.lossy_weights();
  Facts far_over = lossy.facts();
  EXPECT_FALSE(wants_floor(wishes_of(lossy, far_over)));
  EXPECT_EQ(far_over.noise_floor()->original.absent, "the loss is certainly far larger");
  World alone;
  alone.given.baseline = nullptr;
  EXPECT_FALSE(wants_floor(wishes_of(alone))) << "nothing is read";
}

TEST(Facts, the_decision_that_ends_the_reading_is_at_the_level_of_one_check) {
  World world;
  const auto first = std::get<WantedMeasurements>(wishes_of(world).front().what);
  EXPECT_DOUBLE_EQ(first.rule.confidence, kCheckConfidence);
}

TEST(Facts, all_of_the_text_is_read_without_a_stop_where_the_user_asks_for_it) {
  World world;
  world.given.read_all = true;
  const auto first = std::get<WantedMeasurements>(wishes_of(world).front().what);
  EXPECT_EQ(first.rule.quantity, StopRule::Quantity::never);
  EXPECT_EQ(first.windows.end, 100 - kHoldout);
}

TEST(Facts, a_text_too_short_to_keep_a_holdout_is_read_to_its_end) {
  for (const auto& [windows, read] : {std::pair{31, 31}, std::pair{32, 16}}) {
    World world;
    world.experiment.domains[0].windows = windows;
    EXPECT_EQ(std::get<WantedMeasurements>(wishes_of(world).front().what).windows.end, read)
        << windows;
  }
}

TEST(Facts, a_remedy_is_proved_on_windows_after_all_on_which_something_was_compared) {
  World world;
  world.lossy_weights();
  Facts facts = world.facts();
  facts.texts = world.experiment.texts();
  const auto know = [&](const Variant& variant, WindowRange windows, bool selects) {
    const WantedMeasurements wanted{.reference = Facts::original(),
                                    .variants = {variant},
                                    .windows = windows,
                                    .rule = {},
                                    .selects = selects};
    facts.add(wanted, *world.experiment.measure(wanted.reference, wanted.variants, windows, {}));
  };
  know(facts.as_run(), {0, 20}, true);
  EXPECT_EQ(facts.holdout()->begin, 8) << "the candidate's loss chooses no remedy";
  know(Facts::as_type("Q4_K_M"), {0, 8}, false);
  EXPECT_EQ(facts.holdout()->begin, 8);
  EXPECT_EQ(facts.holdout()->end, 24);
  know(Facts::as_type("Q4_K_M"), {8, 16}, false);
  EXPECT_EQ(facts.holdout()->begin, 8) << "the proof itself";
  know(Facts::as_type("Q5_K_M"), {0, 12}, false);
  EXPECT_EQ(facts.holdout()->begin, 12);
  know(Facts::by_rtn(), {0, 20}, false);
  EXPECT_EQ(facts.holdout()->begin, 20);
}

TEST(Facts, without_an_original_the_reference_is_the_candidate_with_an_f16_cache) {
  World world;
  world.given.baseline = nullptr;
  world.cache("q4_0", "q4_0");
  for (const Wanted& wanted : wishes_of(world)) {
    const auto* measurements = std::get_if<WantedMeasurements>(&wanted.what);
    if (measurements) {
      EXPECT_EQ(id_of(measurements->reference), id_of(Facts::weights_only()));
    }
  }
}

struct Case {
  const char* name;
  std::function<void(World&)> make;
};

const Case kCases[] = {
    {"healthy", [](World&) {}},
    {"lossy weights", [](World& world) { world.lossy_weights(); }},
    {"a cache", [](World& world) { world.cache("q4_0", "q4_0"); }},
    {"weights and a cache",
     [](World& world) {
       world.lossy_weights();
       world.cache("q4_0", "q4_0");
     }},
    {"no original, a cache",
     [](World& world) {
       world.given.baseline = nullptr;
       world.cache("q4_0", "q4_0");
       world.experiment.caches["q4_0/q4_0"] = {0.05, 0.05};
     }},
    {"not comparable",
     [](World& world) {
       world.files.not_comparable = "an original with the candidate's vocabulary";
       world.cache("q4_0", "q4_0");
     }},
    {"a damaged tensor",
     [](World& world) {
       world.lossy_weights();
       world.files.integrity.found.push_back({.tensor = "token_embd.weight"});
     }},
    {"the base model's weights",
     [](World& world) {
       world.lossy_weights();
       world.given.base_model = &world.candidate;
     }},
    {"several texts",
     [](World& world) {
       world.lossy_weights();
       world.experiment.domains.push_back({.name = "prose", .windows = 90});
       world.experiment.domains.push_back({.name = "code", .windows = 1, .given = true});
     }},
    {"a loss that no type repairs",
     [](World& world) {
       for (const char* type : {"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"})
         world.experiment.set_type(type, {0.06, 0.06});
       world.lossy_weights();
     }},
    {"texts asked for", [](World& world) { world.given.texts_asked = true; }},
    {"long context",
     [](World& world) {
       world.given.look_for_long_context = true;
       world.cache("q4_0", "q4_0");
     }},
    {"a text of one window", [](World& world) { world.experiment.domains[0].windows = 1; }},
    {"a text of two windows", [](World& world) { world.experiment.domains[0].windows = 2; }}};

TEST(Facts, what_was_left_out_is_wanted_as_left_out_and_never_known) {
  World world;
  Facts facts = world.facts_and_texts();
  const std::array variants{Facts::weights_only()};
  const auto wanted = facts.measured({0, 20}, variants);
  ASSERT_FALSE(wanted);
  EXPECT_FALSE(left_out(wanted));
  facts.leave_out(wanted.error());
  EXPECT_TRUE(left_out(facts.measured({0, 20}, variants)));
  EXPECT_FALSE(left_out(facts.measured({20, 28}, variants))) << "other windows";
  ASSERT_EQ(facts.left_out.size(), 1U);
  EXPECT_EQ(facts.left_out[0].what, "candidate, f16/f16 cache: 20 windows");
  facts.leave_out(facts.same_weights({}, experiment::round_to_nearest()).error());
  EXPECT_TRUE(left_out(facts.same_weights({}, experiment::round_to_nearest())));
  facts.leave_out(WantedTexts{});
  EXPECT_TRUE(facts.written && facts.written->empty());
}

TEST(Facts, no_fact_is_wanted_twice_whatever_is_found) {
  for (const Case& one : kCases) {
    World world;
    one.make(world);
    std::set<std::string> seen;
    for (const Wanted& wanted : wishes_of(world))
      for (const std::string& fact : std::visit(FactsWanted{}, wanted.what))
        EXPECT_TRUE(seen.insert(fact).second) << one.name << ": " << fact;
  }
}

TEST(Facts, measurements_shorter_than_asked_for_are_not_wanted_again) {
  for (const Case& one : kCases)
    for (const std::int32_t windows : {0, 1, 3}) {
      World world;
      one.make(world);
      world.experiment.most_windows = windows;
      world.experiment.stops_after = std::min(windows, 2);
      std::set<std::string> seen;
      for (const Wanted& wanted : wishes_of(world))
        for (const std::string& fact : std::visit(FactsWanted{}, wanted.what))
          EXPECT_TRUE(seen.insert(fact).second) << one.name << ", " << windows << ": " << fact;
    }
}

TEST(Facts, what_is_known_on_more_windows_is_not_measured_again_on_fewer) {
  World world;
  Facts facts = world.facts_and_texts();
  const std::array variants{Facts::weights_only()};
  const auto wanted = facts.measured({0, 20}, variants);
  ASSERT_FALSE(wanted);
  std::visit(test::FindOut(facts, world.experiment), wanted.error().what);
  EXPECT_TRUE(facts.measured({0, 20}, variants));
  EXPECT_TRUE(facts.measured({0, 8}, variants));
  EXPECT_FALSE(facts.measured({0, 21}, variants));
  EXPECT_FALSE(facts.measured({1, 8}, variants)) << "other windows";
  EXPECT_FALSE(facts.measured({0, 8, 1}, variants)) << "another text";
}

TEST(Facts, only_what_is_missing_is_wanted) {
  World world;
  Facts facts = world.facts_and_texts();
  const std::array known{Facts::weights_only()};
  std::visit(test::FindOut(facts, world.experiment), facts.measured({0, 8}, known).error().what);
  const std::array both{Facts::weights_only(), Facts::as_type("Q6_K")};
  const auto wanted = facts.measured({0, 8}, both);
  ASSERT_FALSE(wanted);
  EXPECT_EQ(ids_of(std::get<WantedMeasurements>(wanted.error().what).variants), ids_of({both[1]}));
}

TEST(WrittenTexts, are_wanted_where_a_loss_was_found_or_the_user_asks) {
  struct Row {
    const char* what;
    std::function<void(World&)> make;
    bool wanted;
  };
  const Row kRows[] = {
      {"healthy", [](World&) {}, false},
      {"a loss", [](World& world) { world.lossy_weights(); }, true},
      {"a loss, and none are to be written",
       [](World& world) {
         world.lossy_weights();
         world.given.texts_allowed = false;
       },
       false},
      {"healthy, but asked for", [](World& world) { world.given.texts_asked = true; }, true},
      {"no original and nothing to compare with",
       [](World& world) { world.given.baseline = nullptr; }, false},
      {"no original, a cache that costs too much",
       [](World& world) {
         world.given.baseline = nullptr;
         world.cache("q4_0", "q4_0");
         world.experiment.caches["q4_0/q4_0"] = {0.05, 0.05};
       },
       true},
      {"a fault that is found without an original",
       [](World& world) {
         world.given.baseline = nullptr;
         world.files.faults = {{.where = "tokenizer", .says = "the tokenizer threw"}};
       },
       false}};
  for (const Row& row : kRows) {
    World world;
    row.make(world);
    EXPECT_EQ(wants_texts(wishes_of(world)), row.wanted) << row.what;
  }
}

TEST(WrittenTexts, are_wanted_after_all_else_is_known) {
  World world;
  world.lossy_weights();
  world.cache("q4_0", "q4_0");
  world.given.look_for_long_context = true;
  const auto wishes = wishes_of(world);
  ASSERT_FALSE(wishes.empty());
  EXPECT_TRUE(std::holds_alternative<WantedTexts>(wishes.back().what));
}

TEST(WrittenTexts, are_not_wanted_where_nothing_runs) {
  World world;
  world.lossy_weights();
  world.given.texts_asked = true;
  Facts facts = world.facts();
  const auto found = diagnose(facts);
  ASSERT_TRUE(found) << "nothing may be wanted: there is nobody to find it out";
  EXPECT_TRUE(found->symptoms.empty());
}

TEST(WrittenTexts, a_symptom_the_original_shows_too_is_not_the_quantizations) {
  World world;
  world.given.asked_symptom = probe::SymptomId::repetition;
  world.given.texts_asked = true;
  probe::Symptom loops;
  loops.figure = probe::FigureId::loops_greedy;
  loops.finding = probe::Symptom::Finding::shared;
  world.written = {loops};
  const Diagnosis found = world.examine();
  EXPECT_EQ(found.conclusion.verdict, Verdict::healthy);
  EXPECT_FALSE(found.conclusion.principal);
  EXPECT_EQ(found.findings.front().status, Status::cleared);
  EXPECT_EQ(found.symptoms.size(), 1U);
  ASSERT_TRUE(found.shared_symptom);
  EXPECT_EQ(found.shared_symptom->figure, probe::FigureId::loops_greedy);
}

}  // namespace
}  // namespace qualm::diagnose
