// Every family of Hugging Face folders runs as transformers runs it: the folders and the logits of
// tests/data/hf_families are its own (tools/fixtures/make_families.py).
#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <map>

#include "assemble/recipe.h"
#include "codec/numbers.h"
#include "engine/llama_engine.h"
#include "formats/hf/hf.h"
#include "formats/safetensors/safetensors.h"
#include "support/places.h"

namespace qualm::assemble {
namespace {

using engine::Token;

std::string folder_of(const std::string& name) {
  return test::source_file("tests/data/hf_families/" + name);
}

struct Expected {
  std::vector<Token> tokens;
  std::vector<float> logits;  ///< of every fourth position
};

Expected expected_of(const std::string& name) {
  const auto file = safetensors::open(folder_of(name) + "/expected.safetensors");
  EXPECT_TRUE(file) << (file ? "" : describe(file.error()));
  Expected expected;
  for (const codec::Part& part : file->tensors()) {
    std::vector<float> values(static_cast<std::size_t>(part.elements()));
    codec::decode_numbers(part, 0, part.elements(), values.data());
    if (part.name == "tokens") expected.tokens.assign(values.begin(), values.end());
    if (part.name == "logits") expected.logits = std::move(values);
  }
  return expected;
}

engine::Engine& llama() {
  static const auto instance = engine::make_llama_engine();
  return *instance;
}

/// The logits of every fourth position, in floats throughout.
std::vector<float> logits(const Image& image, const std::vector<Token>& tokens) {
  const auto model = llama().load({image.path(), "m"}, engine::on_cpu({}));
  EXPECT_TRUE(model) << (model ? "" : describe(model.error()));
  if (!model) return {};
  const auto length = static_cast<std::int32_t>(tokens.size());
  auto source = (*model)->open(
      {.ctx_size = length, .threads = 1, .type_k = "f32", .type_v = "f32", .flash_attn = "off"});
  EXPECT_TRUE(source) << (source ? "" : describe(source.error()));
  if (!source) return {};
  const std::vector pieces{engine::Piece{tokens, 0, 0, length}};
  const auto rows = (*source)->logits(pieces);
  EXPECT_TRUE(rows) << (rows ? "" : describe(rows.error()));
  std::vector<float> some;
  const auto vocab = static_cast<std::size_t>((*source)->vocab_size());
  for (std::size_t position = 3; rows && position < tokens.size(); position += 4) {
    const auto row = rows->subspan(position * vocab, vocab);
    some.insert(some.end(), row.begin(), row.end());
  }
  return some;
}

/// The largest difference, in standard deviations of the expected logits.
double difference(const std::vector<float>& found, const std::vector<float>& expected) {
  EXPECT_EQ(found.size(), expected.size());
  double largest = 0, sum = 0, squares = 0;
  for (std::size_t i = 0; i < std::min(found.size(), expected.size()); ++i) {
    const auto e = static_cast<double>(expected[i]);
    const double apart = std::abs(static_cast<double>(found[i]) - e);
    largest = apart <= largest ? largest : apart;  // NaN counts
    sum += e;
    squares += e * e;
  }
  const auto n = static_cast<double>(expected.size());
  return largest / std::sqrt(squares / n - sum * sum / n / n);
}

double run_apart(const std::string& name, const model::Checkpoint& model, const Recipe& recipe) {
  Progress progress;
  const auto image = assemble(model, nullptr, recipe, progress);
  EXPECT_TRUE(image) << (image ? "" : describe(image.error()));
  if (!image) return NAN;
  const Expected expected = expected_of(name);
  return difference(logits(*image, expected.tokens), expected.logits);
}

const Recipe kFloats{{{"*", Action::encode, "F32"}}};

/// What no key or tensor can make libllama compute, and what the note about it names.
const std::map<std::string, std::string> kNoted{
    {"gemma2-scalar", "query_pre_attn_scalar"}, {"llama-betas", "beta_fast"},
    {"mistral-window", "sliding_window"},       {"phi3-window", "sliding_window"},
    {"qwen2_moe-norm", "norm_topk_prob"},       {"qwen3_moe-sum", "norm_topk_prob"}};

class Family : public testing::TestWithParam<std::string> {};

TEST_P(Family, runs_as_transformers_runs_it_or_says_why_not) {
  const std::string name = GetParam();
  const auto model = formats::hf::read(folder_of(name));
  ASSERT_TRUE(model) << describe(model.error());
  const double apart = run_apart(name, *model, kFloats);
  if (const auto noted = kNoted.find(name); noted != kNoted.end()) {
    ASSERT_FALSE(model->notes.empty());
    EXPECT_THAT(model->notes[0].says, testing::HasSubstr(noted->second));
    EXPECT_GT(apart, 0.05);
    return;
  }
  EXPECT_TRUE(model->notes.empty()) << model->notes[0].says;
  // ggml looks GELU up in a table of F16.
  const bool gelu = name.starts_with("gemma") || name.starts_with("gpt2");
  EXPECT_LT(apart, gelu ? 1e-3 : 1e-5);
  EXPECT_LT(run_apart(name, *model, {}), 1e-2);
}

std::vector<std::string> all_families() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder_of("")))
    if (entry.is_directory()) names.push_back(entry.path().filename().string());
  std::ranges::sort(names);
  return names;
}

INSTANTIATE_TEST_SUITE_P(Hf, Family, testing::ValuesIn(all_families()), [](const auto& name) {
  std::string clean = name.param;
  std::ranges::replace(clean, '-', '_');
  return clean;
});

}  // namespace
}  // namespace qualm::assemble
