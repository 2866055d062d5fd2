// Static activation scales against made-up inputs.
#include "diagnose/static_scales.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "diagnose/checks.h"
#include "support/fake_experiment.h"
#include "support/file_facts.h"
#include "support/known.h"
#include "support/plain_checkpoint.h"

namespace qualm::diagnose {
namespace {

using ::testing::HasSubstr;

constexpr double kFp8 = 448;
constexpr double kInt8 = 127;

/// A candidate each of whose matrices gets 10 as its largest input.
struct ScaledWorld {
  model::Checkpoint candidate = test::plain_checkpoint();
  model::Checkpoint baseline = test::plain_checkpoint();
  test::FakeExperiment experiment;
  std::vector<model::Tensor*> matrices{};

  /// Scales that reach so many times as far.
  explicit ScaledWorld(double times, double largest_code = kFp8) {
    candidate.metadata.set("quantization.activations",
                           std::string("8-bit float, scales stored in the file"));
    const auto matrix = std::ranges::find_if(candidate.tensors, [](const model::Tensor& tensor) {
      return tensor.dims.size() == 2 && tensor.name.starts_with("blk.");
    });
    std::vector<model::Tensor> added;
    for (const char* name : {"blk.0.attn_output.weight", "blk.0.ffn_down.weight"}) {
      model::Tensor another = *matrix;
      another.name = name;
      added.push_back(std::move(another));
    }
    std::ranges::move(added, std::back_inserter(candidate.tensors));
    for (model::Tensor& tensor : candidate.tensors) {
      if (tensor.dims.size() < 2 || !tensor.name.starts_with("blk.")) continue;
      experiment.given_inputs.entries.push_back({tensor.name, {}, {}, 10});
      matrices.push_back(&tensor);
      reach(matrices.size() - 1, times, largest_code);
    }
  }
  void reach(std::size_t matrix, double times, double largest_code = kFp8) {
    matrices.at(matrix)->input_scale = model::InputScale{10 * times / largest_code, largest_code};
  }
  Finding examine() {
    Facts facts;
    facts.given = {.candidate = &candidate};
    return test::known(facts, experiment, check_files);
  }
};

std::string said_of_scales(const Finding& finding) {
  const auto it = std::ranges::find(finding.evidence, "static_activation_scales", &Evidence::name);
  return it == finding.evidence.end() ? "" : it->says;
}

TEST(StaticScales, that_suit_the_text_are_evidence_and_no_more) {
  const auto found = ScaledWorld(0.9).examine();
  EXPECT_THAT(said_of_scales(found), HasSubstr("reach 0.9 times as far as the largest input of 4"));
  EXPECT_THAT(found.headline, Not(HasSubstr("static activation scales")));
  EXPECT_THAT(found.headline, HasSubstr("qualm runs the weights alone"));
}

TEST(StaticScales, that_cut_off_inputs_of_many_matrices_are_the_headline) {
  const auto found = ScaledWorld(0.3).examine();
  EXPECT_THAT(found.headline, HasSubstr("static activation scales cut off the largest inputs of"));
  EXPECT_THAT(found.headline, HasSubstr("is not measured"));
  EXPECT_NE(found.status, Status::cause) << "what it costs is not known";
}

TEST(StaticScales, the_worst_matrix_is_named) {
  ScaledWorld world(0.9);
  world.reach(1, 0.06);
  const auto found = world.examine();
  EXPECT_THAT(said_of_scales(found),
              HasSubstr("1 of " + std::to_string(world.matrices.size()) + " matrices (most in " +
                        world.matrices[1]->name + ": its scale reaches 0.06 times as far)"));
}

TEST(StaticScales, that_reach_far_too_far_waste_codes_of_integers_and_none_of_floats) {
  EXPECT_THAT(ScaledWorld(30, kInt8).examine().headline, HasSubstr("leave few codes"));
  EXPECT_THAT(ScaledWorld(30, kFp8).examine().headline, Not(HasSubstr("leave few codes")));
  EXPECT_THAT(ScaledWorld(15, kInt8).examine().headline, Not(HasSubstr("leave few codes")));
}

TEST(StaticScales, of_matrices_whose_inputs_were_not_seen_are_not_compared) {
  ScaledWorld world(0.3);
  world.experiment.given_inputs.entries.clear();
  const auto found = world.examine();
  EXPECT_THAT(said_of_scales(found), HasSubstr("not compared"));
  EXPECT_THAT(found.headline, Not(HasSubstr("cut off")));
}

TEST(StaticScales, a_file_without_any_needs_no_run) {
  ScaledWorld world(0.3);
  for (model::Tensor* matrix : world.matrices) matrix->input_scale.reset();
  Facts facts;
  facts.given = {.candidate = &world.candidate};
  facts.texts = world.experiment.texts();
  ASSERT_TRUE(check_files(facts));
  EXPECT_EQ(said_of_scales(*check_files(facts)), "");
}

}  // namespace
}  // namespace qualm::diagnose
