// Checkpoints as the packages write them that people quantize with (tools/fixtures/make_real.py),
// and the weights that the packages themselves decode from them.
//
// A package rounds what it decodes to the model's type, F16 or BF16; ours are not rounded. So ours
// rounded to that type are theirs bit for bit, except where a package rounds on the way as well:
// then they lie within a few units of that type's last digit, see kInexact.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "codec/numbers.h"
#include "formats/hf/hf.h"
#include "formats/quantized_linear.h"
#include "support/vectors.h"

namespace qualm::formats {
namespace {

namespace fs = std::filesystem;

const fs::path kRoot = QUALM_SOURCE_DIR "/tests/data/real";

/// "hqq/4bit-axis1": every folder there is; a new fixture is a new test.
std::vector<std::string> schemes() {
  std::vector<std::string> names;
  for (const auto& package : fs::directory_iterator(kRoot)) {
    if (!package.is_directory()) continue;
    for (const auto& scheme : fs::directory_iterator(package.path()))
      if (scheme.is_directory())
        names.push_back(package.path().filename().string() + "/" +
                        scheme.path().filename().string());
  }
  std::ranges::sort(names);
  return names;
}

/// Where the package rounds on the way, and how many units in the last digit of the matrix's
/// largest weight that may come to: HQQ rounds code - zero, then times scale; gemv_fast stores the
/// product of scale and zero point, rounded.
const std::map<std::string, double> kInexact{{"hqq/1bit-axis1", 1},
                                             {"hqq/3bit-axis1", 1},
                                             {"hqq/4bit-axis0", 1},
                                             {"hqq/4bit-axis1", 1},
                                             {"autoawq/gemv_fast", 1}};

/// One unit in the last digit of a value of this size.
double unit_of(codec::Dtype dtype, double value) {
  const int digits = dtype == codec::Dtype::kF16 ? 10 : dtype == codec::Dtype::kBF16 ? 7 : 23;
  const int smallest = dtype == codec::Dtype::kF16 ? -24 : -133;
  if (value == 0) return std::ldexp(1, smallest);
  return std::ldexp(1, std::max(std::ilogb(value) - digits, smallest));
}

class RealPackage : public testing::TestWithParam<std::string> {};

TEST_P(RealPackage, decodes_as_the_package_itself_does) {
  const fs::path folder = kRoot / GetParam();
  const auto container = safetensors::open(folder.string());
  ASSERT_TRUE(container) << describe(container.error());
  const auto expected = safetensors::open(folder.string() + ".expected.safetensors");
  ASSERT_TRUE(expected) << describe(expected.error());
  const auto config = quantization_config(
      nlohmann::json::parse(test::read_bytes((folder / "config.json").string())));
  ASSERT_EQ(expected->tensors().size(), 1u);
  const auto inexact = kInexact.find(GetParam());
  for (const codec::Part& part : expected->tensors()) {
    const auto weight = read_weight(*container, config, part.name);
    ASSERT_TRUE(weight) << describe(weight.error());
    ASSERT_EQ(weight->dims, (std::vector{part.shape[1], part.shape[0]}));
    const auto found = test::decode_all(*weight->data, part.shape[0], part.shape[1]);
    std::vector<float> theirs(found.size());
    codec::decode_numbers(part, 0, part.elements(), theirs.data());
    const double largest = static_cast<double>(std::abs(
        *std::ranges::max_element(theirs, {}, [](float value) { return std::abs(value); })));
    double worst = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double off = std::abs(static_cast<double>(found[i]) - static_cast<double>(theirs[i]));
      const double size = inexact == kInexact.end() ? static_cast<double>(theirs[i]) : largest;
      worst = std::max(worst, off / unit_of(part.dtype, size));
    }
    // Half a unit is what one rounding to the package's type leaves.
    EXPECT_LE(worst, inexact == kInexact.end() ? 0.5 : inexact->second)
        << part.name << ", " << codec::dtype_name(part.dtype) << ", " << weight->encoding.name;
  }
}

TEST_P(RealPackage, the_whole_folder_reads_as_a_model) {
  const auto checkpoint = hf::read((kRoot / GetParam()).string());
  ASSERT_TRUE(checkpoint) << describe(checkpoint.error());
  EXPECT_EQ(checkpoint->architecture(), "llama");
  EXPECT_EQ(checkpoint->tensors.size(), 11u);  // as many as the model has: nothing is left over
  for (const model::Note& note : checkpoint->notes)
    EXPECT_EQ(note.says.find("have no place"), std::string::npos) << note.says;
  for (const model::Tensor& tensor : checkpoint->tensors) {
    std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
    const auto done = tensor.data->rows(0, tensor.row_count(), values);
    EXPECT_TRUE(done) << describe(done.error());
  }
}

INSTANTIATE_TEST_SUITE_P(All, RealPackage, testing::ValuesIn(schemes()), [](const auto& tested) {
  std::string name = tested.param;
  std::ranges::replace_if(
      name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
  return name;
});

}  // namespace
}  // namespace qualm::formats
