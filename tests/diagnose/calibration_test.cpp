// Check 4 on an experiment whose kld by domain is given.
#include <gtest/gtest.h>

#include <algorithm>

#include "diagnose/checks.h"
#include "support/class_experiment.h"
#include "support/file_facts.h"
#include "support/known.h"

namespace qualm::diagnose {
namespace {

/// kld on {the user's text, prose} of the candidate, of round-to-nearest, of another calibration.
struct Klds {
  double candidate[2];
  double rtn[2];
  double calibrated;
};

class DomainExperiment final : public experiment::Experiment {
 public:
  /// Change of the nll over the kld: of the candidate alone, or of every variant.
  struct Likelihood {
    double factor = 1;
    bool of_all = false;
  };
  DomainExperiment(Klds klds, Likelihood likelihood) : klds_(klds), likelihood_(likelihood) {}
  std::vector<Domain> texts() const override {
    return {{"text", 64, true, "mine.txt"}, {"prose", 64, false, "frankenstein.txt"}};
  }
  Result<std::vector<evaluate::Measurement>> measure(const Variant&,
                                                     std::span<const Variant> variants,
                                                     WindowRange windows,
                                                     const evaluate::StopRule& rule) override {
    if (rule.quantity != evaluate::StopRule::Quantity::never) windows.end = windows.begin + 32;
    std::vector<evaluate::Measurement> all;
    for (const auto& v : variants) {
      const bool own = v.weights.kind == Weights::Kind::candidate || likelihood_.of_all;
      all.push_back(test::ClassExperiment::measured(kld(v.weights, windows.text), windows,
                                                    own ? likelihood_.factor : 1));
    }
    return all;
  }
  Result<std::optional<bool>> same_weights(const Weights&, const Weights&) override {
    return false;
  }
  Result<std::int64_t> model_bytes(const Weights&) override { return 1000; }
  std::optional<std::int64_t> cache_bytes(const std::string&, const std::string&) const override {
    return 0;
  }

 private:
  double kld(const Weights& weights, std::size_t text) const {
    using Kind = Weights::Kind;
    if (weights.kind == Kind::candidate) return klds_.candidate[text];
    if (weights.kind == Kind::assembled) return klds_.rtn[text];
    if (weights.calibrated_on) return klds_.calibrated;
    return weights.mix == "Q4_K_M" ? 0.004 : klds_.rtn[text];
  }
  Klds klds_;
  Likelihood likelihood_;
};

/// A candidate in Q2_K and its original.
struct Pair {
  Klds klds;
  DomainExperiment::Likelihood likelihood = {};
  const model::Importance* imatrix = nullptr;
  const model::Encoding* foreign = nullptr;  ///< of its last tensor
  bool of_base_model = false;                ///< what its weights say
};

/// What `ask` says of them.
template <class Ask>
auto asked(const Pair& pair, Ask&& ask) {
  model::Checkpoint candidate = test::tied_model(6.6, 2.6);
  if (pair.foreign) candidate.tensors.back().encoding = *pair.foreign;
  const model::Checkpoint baseline = test::tied_model(16, 16);
  DomainExperiment experiment(pair.klds, pair.likelihood);
  Facts facts;
  facts.given = {.candidate = &candidate,
                 .baseline = &baseline,
                 .candidate_path = "models/tiny.gguf",
                 .baseline_path = "models/tiny-F16.gguf",
                 .imatrix = pair.imatrix};
  test::read_files(facts);
  if (pair.of_base_model) facts.read_weights.origin->origin = weights::Origin::base;
  return test::known(facts, experiment, ask);
}

std::optional<Fix> prescribed(const Klds& klds) { return asked({klds}, fix_calibration); }

Finding examine(const Klds& klds) { return asked({klds}, check_calibration); }

const model::Encoding kGptq{"GPTQ 4 bit g128", -1, model::Grid{{{4, 128}}, true}};

Finding examine_foreign(const Klds& klds, const model::Encoding& encoding) {
  return asked({.klds = klds, .foreign = &encoding}, check_calibration);
}

std::vector<std::string> said(const Finding& result, std::string_view evidence) {
  std::vector<std::string> all;
  for (const auto& one : result.evidence)
    if (one.name == evidence) all.push_back(one.says);
  return all;
}

TEST(Calibration, a_mismatch_that_no_other_calibration_repairs_is_cleared) {
  // The interaction is real (0.14), and yet the candidate is better than round-to-nearest
  // everywhere.
  const auto found = examine({{0.073, 0.044}, {0.084, 0.057}, 0.071});
  EXPECT_EQ(found.status, Status::cleared);
  EXPECT_TRUE(std::ranges::any_of(found.evidence, [](const Evidence& evidence) {
    return evidence.name == "interaction_text" && evidence.value->low > 0.1;
  }));
}

TEST(Calibration, a_loss_that_another_calibration_takes_away_contributes) {
  const auto found = examine({{0.123, 0.072}, {0.11, 0.09}, 0.09});
  EXPECT_EQ(found.status, Status::contributes);
  ASSERT_TRUE(found.share);
  EXPECT_NEAR(found.share->value, 1 - 0.09 / 0.123, 1e-6);
}

TEST(Calibration, weights_that_pass_with_another_calibration_make_it_the_cause) {
  EXPECT_EQ(examine({{0.05, 0.006}, {0.012, 0.012}, 0.005}).status, Status::cause);
}

TEST(Calibration, one_that_fits_all_texts_alike_is_cleared) {
  EXPECT_EQ(examine({{0.05, 0.04}, {0.06, 0.048}, 0.01}).status, Status::cleared);
}

TEST(Calibration, a_perplexity_below_the_originals_is_never_a_pass) {
  const auto found =
      asked({.klds = {{0.005, 0.005}, {0.006, 0.006}, 0.005}, .likelihood = {.factor = -1}},
            check_calibration);
  EXPECT_EQ(found.status, Status::cannot_tell);
}

TEST(Calibration, a_perplexity_that_round_to_nearest_lowers_as_well_is_not_the_calibrations) {
  const auto found = asked({.klds = {{0.005, 0.005}, {0.005, 0.005}, 0.005},
                            .likelihood = {.factor = -1, .of_all = true}},
                           check_calibration);
  EXPECT_EQ(found.status, Status::not_examined);
}

TEST(Calibration, a_matrix_without_an_entry_and_a_starved_expert_are_holes_of_the_calibration) {
  model::Importance imatrix;
  for (const char* name : {"attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up", "ffn_down"})
    imatrix.entries.push_back({"blk.0." + std::string(name) + ".weight", {}, {100, 100}});
  imatrix.entries[4].counts = {120, 4, 116, 0};
  const auto found = asked({.klds = {{0.005, 0.005}, {0.005, 0.005}, 0.005}, .imatrix = &imatrix},
                           check_calibration);
  EXPECT_EQ(
      said(found, "imatrix_coverage"),
      std::vector<std::string>{"The importance matrix leaves gaps in 2 of 7 quantized matrices"});
  EXPECT_EQ(said(found, "imatrix_gap"),
            (std::vector<std::string>{"blk.0.attn_output.weight has no entry",
                                      "blk.0.ffn_up.weight: expert 3 saw 0 of 60 on average"}));
  EXPECT_EQ(found.status, Status::not_examined);  // a hole that costs nothing is told, not blamed
}

TEST(Calibration, the_remedy_is_the_same_type_calibrated_on_the_users_text) {
  const auto fix = prescribed({{0.05, 0.006}, {0.012, 0.012}, 0.005});
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command,
            "llama-imatrix -m models/tiny-F16.gguf -f mine.txt -c 512 --chunks 64 "
            "-o text.imatrix.gguf && "
            "llama-quantize --imatrix text.imatrix.gguf models/tiny-F16.gguf tiny-Q2_K.gguf Q2_K");
  EXPECT_EQ(fix->weights->mix, "Q2_K");
  EXPECT_EQ(fix->weights->calibrated_on, std::size_t{0});
  EXPECT_EQ(fix->text, 0U);
  EXPECT_EQ(fix->bytes, 1000);
  EXPECT_TRUE(fix->effect.starts_with("calibrated on text, ")) << fix->effect;
  EXPECT_TRUE(fix->effect.ends_with("a matrix of 32 of the text's 64 windows")) << fix->effect;
}

TEST(Calibration, where_none_at_all_serves_best_the_remedy_is_round_to_nearest) {
  const auto fix = prescribed({{0.05, 0.006}, {0.005, 0.005}, 0.02});
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command, "llama-quantize models/tiny-F16.gguf tiny-Q2_K.gguf Q2_K");
  EXPECT_FALSE(fix->weights->calibrated_on);
}

TEST(Calibration, of_another_tool_is_compared_with_round_to_nearest_on_its_own_grid) {
  const Klds worse{{0.05, 0.006}, {0.005, 0.005}, 0.02};
  const auto found = examine_foreign(worse, kGptq);
  EXPECT_EQ(found.status, Status::cause);
  EXPECT_EQ(said(found, "alternative").size(), 1U) << "what it was calibrated by is not repeated";
  EXPECT_FALSE(asked({.klds = worse, .foreign = &kGptq}, fix_calibration))
      << "no command of llama.cpp's makes it";
  EXPECT_EQ(examine_foreign({{0.05, 0.05}, {0.06, 0.06}, 0.02}, kGptq).status, Status::cleared);
}

TEST(Calibration, a_scheme_that_looks_at_the_weights_alone_has_none) {
  const Klds worse{{0.05, 0.006}, {0.005, 0.005}, 0.02};
  EXPECT_EQ(examine_foreign(worse, {"bitsandbytes nf4 block 64"}).status, Status::cleared);
  const auto unknown = examine_foreign(worse, {"EXL3 4 bit"});
  EXPECT_EQ(unknown.status, Status::not_examined);
  ASSERT_EQ(unknown.needs.size(), 1U);
  EXPECT_TRUE(unknown.needs[0].starts_with("round-to-nearest in EXL3 4 bit")) << unknown.needs[0];
}

TEST(Calibration, what_another_models_weights_lose_is_not_attributed_to_it) {
  const auto found = asked({.klds = {{0.05, 0.006}, {0.012, 0.012}, 0.005}, .of_base_model = true},
                           check_calibration);
  EXPECT_EQ(found.status, Status::cannot_tell);
  EXPECT_FALSE(found.share);
}

TEST(Calibration, weights_that_fail_with_every_calibration_are_left_to_the_type) {
  EXPECT_FALSE(prescribed({{0.123, 0.072}, {0.11, 0.09}, 0.09}));
}

}  // namespace
}  // namespace qualm::diagnose
