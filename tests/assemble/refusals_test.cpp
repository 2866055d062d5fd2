// One test per error of assemble, with its text; and what becomes of encodings ggml does not know.
#include <ggml.h>
#include <gtest/gtest.h>

#include <cmath>

#include "assemble/gguf_writer.h"
#include "assemble/recipe.h"
#include "base/file.h"
#include "formats/gguf/gguf.h"
#include "support/places.h"

namespace qualm::assemble {
namespace {

using model::Checkpoint;
using model::Tensor;

/// Floats in no encoding of ggml's.
class Values final : public model::TensorData {
 public:
  Values(std::vector<float> values, std::int64_t row) : values_(std::move(values)), row_(row) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    if (broken) return fail({Kind::input, "CODEC-009", "", "", "", "a broken block", ""});
    std::copy_n(values_.begin() + first * row_, count * row_, out.begin());
    return {};
  }
  bool broken = false;

 private:
  std::vector<float> values_;
  std::int64_t row_;
};

Tensor tensor(const std::string& name, std::vector<std::int64_t> dims, std::vector<float> values) {
  const std::int64_t row = dims.empty() ? 1 : dims[0];
  return {name,
          std::move(dims),
          {"GPTQ 4 bit", -1},
          0,
          std::make_shared<Values>(std::move(values), row)};
}

Checkpoint checkpoint(const std::string& path, std::vector<Tensor> tensors) {
  Checkpoint model;
  model.path = path;
  model.tensors = std::move(tensors);
  return model;
}

Checkpoint one(const std::string& path, std::vector<std::int64_t> dims) {
  std::int64_t count = 1;
  for (const std::int64_t dim : dims) count *= dim;
  return checkpoint(path, {tensor("w", std::move(dims),
                                  std::vector<float>(static_cast<std::size_t>(count), 0.5F))});
}

std::string refusal(const Checkpoint& candidate, const Checkpoint* baseline, Rule rule) {
  Progress silent;
  const auto image = assemble(candidate, baseline, {{std::move(rule)}}, silent);
  return image ? "accepted" : describe(image.error());
}

/// The type a tensor of foreign encoding is written as.
std::string written_as(std::vector<std::int64_t> dims, std::vector<float> values) {
  Progress silent;
  const auto image = assemble(checkpoint("c", {tensor("w", std::move(dims), std::move(values))}),
                              nullptr, {}, silent);
  if (!image) return describe(image.error());
  const auto model = gguf::read(memory_file("made", test::contents(image->path())));
  return model ? model->tensors[0].encoding.name : describe(model.error());
}

TEST(AssembleRefusals, a_baseline_that_lacks_the_tensor) {
  const Checkpoint candidate = one("c.gguf", {32, 2});
  const Rule rule{"w", Action::from_baseline, ""};
  const std::string rest = " Baseline and candidate are not the same architecture.";
  EXPECT_EQ(refusal(candidate, nullptr, rule),
            "error[ASSEMBLE-001] tensor w: expected the candidate's tensor in the same shape, "
            "found no baseline." +
                rest);
  const Checkpoint empty = checkpoint("b.gguf", {});
  EXPECT_EQ(refusal(candidate, &empty, rule),
            "error[ASSEMBLE-001] b.gguf, tensor w: expected the candidate's tensor in the same "
            "shape, found no such tensor." +
                rest);
  const Checkpoint other = one("b.gguf", {32, 3});
  EXPECT_EQ(refusal(candidate, &other, {"w", Action::encode_baseline, "Q8_0"}),
            "error[ASSEMBLE-001] b.gguf, tensor w: expected the candidate's tensor in the same "
            "shape, found another shape." +
                rest);
}

TEST(AssembleRefusals, a_type_that_cannot_be_encoded) {
  const Checkpoint candidate = one("c.gguf", {256, 2});
  const auto encode = [&](const char* type) {
    return refusal(candidate, nullptr, {"w", Action::encode, type});
  };
  EXPECT_EQ(encode("Q9_X"), "error[ASSEMBLE-002] tensor w: expected a type of ggml, found Q9_X.");
  EXPECT_EQ(encode("IQ2_XXS"),
            "error[ASSEMBLE-002] tensor w: expected a type that ggml encodes without an importance "
            "matrix, found iq2_xxs.");
  EXPECT_EQ(encode("I32"),
            "error[ASSEMBLE-002] tensor w: expected a type that ggml encodes without an importance "
            "matrix, found i32.");
  EXPECT_EQ(refusal(one("c.gguf", {48, 2}), nullptr, {"w", Action::encode, "Q8_0"}),
            "error[ASSEMBLE-002] tensor w: expected rows of a multiple of 32 weights, found 48.");
  EXPECT_EQ(refusal(candidate, &candidate, {"w", Action::encode_like_candidate, ""}),
            "error[ASSEMBLE-002] tensor w: expected a type of ggml, or a grid that plain rounding "
            "makes, found GPTQ 4 bit.");
}

TEST(AssembleRefusals, a_model_that_lacks_what_a_run_needs_says_what) {
  Checkpoint candidate = one("c", {32, 2});
  candidate.lacks = {"a tokenizer (no tokenizer.json)", "layer 1"};
  EXPECT_EQ(
      refusal(candidate, nullptr, {"w", Action::keep, ""}),
      "error[ASSEMBLE-005] c: expected a model that can be run, found one that lacks a "
      "tokenizer (no tokenizer.json); layer 1. `qualm inspect` and `qualm compare` need less.");
}

TEST(AssembleRefusals, types_that_hold_activations_only) {
  const Checkpoint candidate = one("c.gguf", {256, 2});
  for (const std::string type : {"q8_1", "q8_K"})  // libggml would abort
    EXPECT_EQ(refusal(candidate, nullptr, {"w", Action::encode, type}),
              "error[ASSEMBLE-002] tensor w: expected a type that ggml encodes without an "
              "importance matrix, found " +
                  type + ".");
}

TEST(AssembleRefusals, every_type_of_ggml_is_encoded_or_refused_but_never_aborts) {
  const Checkpoint candidate = one("c.gguf", {256, 2});
  for (int id = 0; id < GGML_TYPE_COUNT; ++id) {
    const char* name = ggml_type_name(static_cast<ggml_type>(id));
    if (!name || !*name) continue;
    const std::string said = refusal(candidate, nullptr, {"w", Action::encode, name});
    EXPECT_TRUE(said == "accepted" || said.starts_with("error[ASSEMBLE-002]")) << said;
  }
}

TEST(AssembleRefusals, a_key_that_is_empty) {
  Checkpoint candidate = one("c.gguf", {32, 2});
  candidate.metadata.set("", std::string("x"));
  EXPECT_EQ(refusal(candidate, nullptr, {}),
            "error[ASSEMBLE-003] c.gguf, metadata: expected a key, found an empty one.");
}

TEST(AssembleRefusals, a_name_that_gguf_cannot_hold) {
  const std::string name(64, 'n');
  EXPECT_EQ(refusal(checkpoint("c", {tensor(name, {4}, {1, 2, 3, 4})}), nullptr, {}),
            "error[ASSEMBLE-004] c, tensor " + name +
                ": expected a new name shorter than 64 bytes and at most 4 dimensions, found 64 "
                "bytes, 1 dimensions.");
}

TEST(AssembleRefusals, a_block_that_cannot_be_decoded_ends_with_its_error) {
  auto data = std::make_shared<Values>(std::vector<float>{1, 2}, 2);
  data->broken = true;
  Checkpoint candidate = checkpoint("c", {{"w", {2, 1}, {"EXL2", -1}, 0, data}});
  EXPECT_EQ(refusal(candidate, nullptr, {}), "error[CODEC-009]: a broken block.");
}

TEST(AssembleRefusals, a_stop_on_request_is_obeyed) {
  class Stop final : public Progress {
    bool cancelled() const override { return true; }
  } stop;
  const auto image = assemble(one("c", {32, 2}), nullptr, {}, stop);
  ASSERT_FALSE(image);
  EXPECT_EQ(image.error().kind, Kind::cancelled);
  EXPECT_EQ(image.error().code, "ASSEMBLE-009");
}

TEST(ForeignEncodings, become_f16_where_f16_holds_them) {
  EXPECT_EQ(written_as({4, 1}, {0.5F, -2, 1024, 0}), "F16");
}

TEST(ForeignEncodings, become_f32_where_f16_would_overflow_or_underflow) {
  EXPECT_EQ(written_as({2, 1}, {70000, 1}), "F32");
  EXPECT_EQ(written_as({2, 1}, {1e-9F, 2e-9F}), "F32");
}

TEST(ForeignEncodings, vectors_stay_f32) { EXPECT_EQ(written_as({2}, {0.5F, 1}), "F32"); }

TEST(ForeignEncodings, values_that_f16_holds_come_back_exactly) {
  Progress silent;
  const std::vector<float> values{0.5F, -0.25F, 3, 1e-3F * 0, -65504, 6.103515625e-05F};
  const auto image = assemble(checkpoint("c", {tensor("w", {3, 2}, values)}), nullptr, {}, silent);
  ASSERT_TRUE(image);
  const auto model = gguf::read(memory_file("made", test::contents(image->path())));
  ASSERT_TRUE(model);
  std::vector<float> back(6);
  ASSERT_TRUE(model->tensors[0].data->rows(0, 2, back));
  EXPECT_EQ(back, values);
  EXPECT_EQ(model->tensors[0].encoding.name, "F16");
}

}  // namespace
}  // namespace qualm::assemble
