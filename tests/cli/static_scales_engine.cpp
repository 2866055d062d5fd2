// A folder in FP8 whose file says how far the inputs of its matrices reach.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "codec/numbers.h"
#include "formats/safetensors/safetensors.h"
#include "support/packed_models.h"
#include "support/program.h"

namespace qualm::cli {
namespace {

using codec::Dtype;
using codec::Part;
using ::testing::HasSubstr;

constexpr float kLargestE4m3 = 448;

Part one_number(const std::string& name, float value) {
  return test::make_part(name, Dtype::kF32, {1}, test::bytes_of(std::vector<float>{value}));
}

bool of_linear(const Part& part) { return part.name.ends_with("_proj.weight"); }

/// The matrix in FP8 with one scale.
void add_fp8(const Part& part, std::vector<Part>& parts) {
  static const test::Book kBook(codec::f8_values(Dtype::kF8E4M3));
  std::vector<float> values(static_cast<std::size_t>(part.elements()));
  codec::decode_numbers(part, 0, part.elements(), values.data());
  float most = 0;
  for (const float value : values) most = std::max(most, std::abs(value));
  std::string codes;
  for (const float value : values)
    codes += static_cast<char>(kBook.nearest(value / most * kLargestE4m3));
  parts.push_back(test::make_part(part.name, Dtype::kF8E4M3, part.shape, codes));
  parts.push_back(one_number(part.name + "_scale", most / kLargestE4m3));
}

std::vector<Part> in_fp8(const std::string& original) {
  const auto file = safetensors::open(original);
  EXPECT_TRUE(file) << (file ? "" : describe(file.error()));
  std::vector<Part> parts;
  for (const Part& part : file->tensors()) {
    if (of_linear(part))
      add_fp8(part, parts);
    else
      parts.push_back(part);
  }
  return parts;
}

/// What check 0 says of such a folder, where the scales of all inputs reach up to `range`.
nlohmann::json examined(const std::string& original, std::vector<Part> parts, float range) {
  const test::Scratch home;
  const std::string folder = home.path("fp8");
  std::filesystem::create_directory(folder);
  for (const char* name : {"tokenizer.model", "tokenizer_config.json"})
    std::filesystem::copy(original + "/" + name, folder);
  auto config = nlohmann::json::parse(test::contents(original + "/config.json"));
  config["quantization_config"] = {{"quant_method", "fp8"}, {"activation_scheme", "static"}};
  test::write(folder + "/config.json", config.dump());
  std::vector<Part> scales;
  for (const Part& part : parts)
    if (of_linear(part))
      scales.push_back(one_number(part.name.substr(0, part.name.rfind('.')) + ".input_scale",
                                  range / kLargestE4m3));
  std::ranges::move(scales, std::back_inserter(parts));
  test::write(folder + "/model.safetensors", test::safetensors_bytes(parts));
  const auto ended = test::run_qualm(
      home, {"diagnose", folder, "--symptom", "none", "--chunks", "4", "--format", "json"});
  return test::document(ended)["checks"][0];
}

std::string said_of_scales(const nlohmann::json& check) {
  for (const auto& one : check["evidence"])
    if (one["name"] == "static_activation_scales") return one["says"];
  return "";
}

TEST(StaticScalesOfAFolder, are_compared_with_the_inputs_that_the_text_gives) {
  const std::string original = test::shared_file("models/qualm-tiny-base-hf");
  if (original.empty()) GTEST_SKIP() << "NOT TESTED, absent: models/qualm-tiny-base-hf";
  const std::vector<Part> parts = in_fp8(original);
  const auto short_ones = examined(original, parts, 1e-3F);
  EXPECT_THAT(short_ones["headline"].get<std::string>(),
              HasSubstr("cut off the largest inputs of 42 of 42 matrices"));
  EXPECT_THAT(said_of_scales(short_ones), HasSubstr("the largest input of 4 windows"));
  const auto wide_ones = examined(original, parts, 1e3F);
  EXPECT_THAT(wide_ones["headline"].get<std::string>(), Not(HasSubstr("cut off")));
  EXPECT_THAT(said_of_scales(wide_ones), HasSubstr("of 42 matrices reach"));
}

}  // namespace
}  // namespace qualm::cli
