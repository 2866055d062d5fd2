// Check 4 on a Lab whose kld by domain is given.
#include <gtest/gtest.h>

#include <algorithm>

#include "diagnose/calibration_study.h"
#include "diagnose/check.h"
#include "support/class_lab.h"

namespace qualm {
namespace {

using diagnose::Status;

/// kld on {the user's text, prose} of the candidate, of plain rounding, of another calibration.
struct Klds {
  double candidate[2];
  double free[2];
  double calibrated;
};

class DomainLab final : public diagnose::Lab {
 public:
  /// `all`: the factor holds for every variant, not for the candidate alone.
  DomainLab(Klds klds, double ppl_factor, bool all)
      : klds_(klds), ppl_factor_(ppl_factor), all_(all) {}
  std::int32_t windows_total() const override { return 64; }
  std::vector<diagnose::Domain> texts() const override {
    return {{"text", 64, true, "mine.txt"}, {"prose", 64, false, "frankenstein.txt"}};
  }
  Result<std::vector<evaluate::Measurement>> measure(const diagnose::Variant&,
                                                     std::span<const diagnose::Variant> variants,
                                                     diagnose::WindowRange windows,
                                                     const evaluate::StopRule& rule) override {
    if (rule.quantity != evaluate::StopRule::Quantity::never) windows.end = windows.begin + 32;
    std::vector<evaluate::Measurement> all;
    for (const auto& v : variants)
      all.push_back(test::ClassLab::measured(
          kld(v.weights, windows.text), windows,
          v.weights.kind == diagnose::Weights::Kind::candidate || all_ ? ppl_factor_ : 1));
    return all;
  }
  Result<std::optional<bool>> same_weights(const diagnose::Weights&,
                                           const diagnose::Weights&) override {
    return false;
  }
  Result<std::int64_t> model_bytes(const diagnose::Weights&) override { return 1000; }
  std::int64_t cache_bytes(const std::string&, const std::string&) const override { return 0; }

 private:
  double kld(const diagnose::Weights& weights, std::size_t text) const {
    using Kind = diagnose::Weights::Kind;
    if (weights.kind == Kind::candidate) return klds_.candidate[text];
    if (weights.kind == Kind::assembled) return klds_.free[text];
    if (weights.calibrated_on) return klds_.calibrated;
    return weights.mix == "Q4_K_M" ? 0.004 : klds_.free[text];
  }
  Klds klds_;
  double ppl_factor_;
  bool all_;
};

/// What `ask` says of a paired patient.
template <class Ask>
auto asked(Klds klds, double ppl_factor, bool all, const model::Importance* imatrix, Ask&& ask,
           const model::Encoding* foreign = nullptr) {
  model::Checkpoint candidate = test::tied_model(6.6, 2.6);
  if (foreign) candidate.tensors.back().encoding = *foreign;
  const model::Checkpoint baseline = test::tied_model(16, 16);
  DomainLab lab(klds, ppl_factor, all);
  diagnose::Patient patient;
  patient.candidate = &candidate;
  patient.baseline = &baseline;
  patient.candidate_path = "models/tiny.gguf";
  patient.baseline_path = "models/tiny-F16.gguf";
  patient.imatrix = imatrix;
  diagnose::Case examined(patient, &lab);
  EXPECT_TRUE(examined.explore());
  auto result = ask(examined);
  EXPECT_TRUE(result) << describe(result.error());
  return *std::move(result);
}

std::optional<diagnose::Fix> prescribed(Klds klds) {
  return asked(klds, 1, false, nullptr, diagnose::prescribe_calibration);
}

diagnose::CheckResult examine(Klds klds, double ppl_factor = 1, bool all = false,
                              const model::Importance* imatrix = nullptr) {
  return asked(klds, ppl_factor, all, imatrix, diagnose::examine_calibration);
}

const model::Encoding kGptq{"GPTQ 4 bit g128", -1, model::Grid{{{4, 128}}, true}};

diagnose::CheckResult examine_foreign(Klds klds, const model::Encoding& encoding) {
  return asked(klds, 1, false, nullptr, diagnose::examine_calibration, &encoding);
}

std::vector<std::string> said(const diagnose::CheckResult& result, std::string_view evidence) {
  std::vector<std::string> all;
  for (const auto& one : result.evidence)
    if (one.name == evidence) all.push_back(one.says);
  return all;
}

TEST(calibration, a_mismatch_that_no_other_calibration_repairs_is_cleared) {
  // The interaction is real (0.14), and yet the candidate beats plain rounding everywhere.
  const auto found = examine({{0.073, 0.044}, {0.084, 0.057}, 0.071});
  EXPECT_EQ(found.status, Status::cleared);
  EXPECT_TRUE(std::ranges::any_of(found.evidence, [](const diagnose::Evidence& evidence) {
    return evidence.name == "interaction_text" && evidence.value->low > 0.1;
  }));
}

TEST(calibration, a_loss_that_another_calibration_takes_away_contributes) {
  const auto found = examine({{0.123, 0.072}, {0.11, 0.09}, 0.09});
  EXPECT_EQ(found.status, Status::contributes);
  ASSERT_TRUE(found.share);
  EXPECT_NEAR(found.share->value, 1 - 0.09 / 0.123, 1e-6);
}

TEST(calibration, weights_that_pass_with_another_calibration_make_it_the_cause) {
  EXPECT_EQ(examine({{0.05, 0.006}, {0.012, 0.012}, 0.005}).status, Status::cause);
}

TEST(calibration, one_that_fits_all_texts_alike_is_cleared) {
  EXPECT_EQ(examine({{0.05, 0.04}, {0.06, 0.048}, 0.01}).status, Status::cleared);
}

TEST(calibration, a_perplexity_below_the_baselines_is_never_a_pass) {
  const auto found = examine({{0.005, 0.005}, {0.006, 0.006}, 0.005}, -1);
  EXPECT_EQ(found.status, Status::cannot_tell);
}

TEST(calibration, a_perplexity_that_plain_rounding_lowers_as_well_is_not_the_calibrations) {
  const auto found = examine({{0.005, 0.005}, {0.005, 0.005}, 0.005}, -1, true);
  EXPECT_EQ(found.status, Status::cleared);
}

TEST(calibration, a_matrix_without_an_entry_and_a_starved_expert_are_holes_of_the_calibration) {
  model::Importance imatrix;
  for (const char* name : {"attn_q", "attn_k", "attn_v", "ffn_gate", "ffn_up", "ffn_down"})
    imatrix.entries.push_back({"blk.0." + std::string(name) + ".weight", {}, {100, 100}});
  imatrix.entries[4].counts = {120, 4, 116, 0};
  const auto found = examine({{0.005, 0.005}, {0.005, 0.005}, 0.005}, 1, false, &imatrix);
  EXPECT_EQ(
      said(found, "imatrix_coverage"),
      std::vector<std::string>{"The importance matrix leaves gaps in 2 of 7 quantized matrices"});
  EXPECT_EQ(said(found, "imatrix_gap"),
            (std::vector<std::string>{"blk.0.attn_output.weight has no entry",
                                      "blk.0.ffn_up.weight: expert 3 saw 0 of 60 on average"}));
  EXPECT_EQ(found.status, Status::cleared);  // a hole that costs nothing is told, not blamed
}

TEST(calibration, the_remedy_is_the_same_mix_calibrated_on_the_users_text) {
  const auto fix = prescribed({{0.05, 0.006}, {0.012, 0.012}, 0.005});
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command,
            "llama-imatrix -m models/tiny-F16.gguf -f mine.txt -o text.imatrix.gguf && "
            "llama-quantize --imatrix text.imatrix.gguf models/tiny-F16.gguf tiny-Q2_K.gguf Q2_K");
  EXPECT_EQ(fix->weights->mix, "Q2_K");
  EXPECT_EQ(fix->weights->calibrated_on, std::size_t{0});
  EXPECT_EQ(fix->text, 0U);
  EXPECT_EQ(fix->bytes, 1000);
  EXPECT_TRUE(fix->effect.starts_with("calibrated on text, ")) << fix->effect;
}

TEST(calibration, where_none_at_all_serves_best_the_remedy_is_plain_rounding) {
  const auto fix = prescribed({{0.05, 0.006}, {0.005, 0.005}, 0.02});
  ASSERT_TRUE(fix);
  EXPECT_EQ(fix->command, "llama-quantize models/tiny-F16.gguf tiny-Q2_K.gguf Q2_K");
  EXPECT_FALSE(fix->weights->calibrated_on);
}

TEST(calibration, of_another_tool_is_held_against_plain_rounding_on_its_own_grid) {
  const Klds worse{{0.05, 0.006}, {0.005, 0.005}, 0.02};
  const auto found = examine_foreign(worse, kGptq);
  EXPECT_EQ(found.status, Status::cause);
  EXPECT_EQ(said(found, "alternative").size(), 1U) << "what it was calibrated by is not repeated";
  EXPECT_FALSE(asked(worse, 1, false, nullptr, diagnose::prescribe_calibration, &kGptq))
      << "no command of llama.cpp's makes it";
  EXPECT_EQ(examine_foreign({{0.05, 0.05}, {0.06, 0.06}, 0.02}, kGptq).status, Status::cleared);
}

TEST(calibration, a_scheme_that_looks_at_the_weights_alone_has_none) {
  const Klds worse{{0.05, 0.006}, {0.005, 0.005}, 0.02};
  EXPECT_EQ(examine_foreign(worse, {"bitsandbytes nf4 block 64"}).status, Status::cleared);
  const auto unknown = examine_foreign(worse, {"EXL3 4 bit"});
  EXPECT_EQ(unknown.status, Status::not_examined);
  ASSERT_EQ(unknown.needs.size(), 1U);
  EXPECT_TRUE(unknown.needs[0].starts_with("plain rounding of EXL3 4 bit")) << unknown.needs[0];
}

TEST(calibration, weights_that_fail_with_every_calibration_are_left_to_the_tier) {
  EXPECT_FALSE(prescribed({{0.123, 0.072}, {0.11, 0.09}, 0.09}));
}

}  // namespace
}  // namespace qualm
