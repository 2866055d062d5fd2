// The folders that real models came in against the GGUFs that others made of them, if they are at
// hand: QUALM_SHARED, or shared/ beside the sources.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>

#include "codec/numbers.h"
#include "formats/read.h"
#include "support/hf_model.h"

namespace qualm::formats {
namespace {

std::string shared(const std::string& name) {
  const char* stated = std::getenv("QUALM_SHARED");
  return (stated != nullptr ? std::string(stated) : QUALM_SOURCE_DIR "/../shared") + "/models/" +
         name;
}

class HfShared : public testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(HfShared, has_the_weights_of_its_gguf) {
  const std::string folder = shared(GetParam().first);
  if (!std::filesystem::exists(folder)) GTEST_SKIP() << "NOT TESTED, absent: " << folder;
  const auto found = read(folder);
  const auto expected = read(shared(GetParam().second));
  ASSERT_TRUE(found.has_value()) << describe(found.error());
  ASSERT_TRUE(expected.has_value()) << describe(expected.error());
  EXPECT_EQ(found->tensors.size(), expected->tensors.size());
  for (const model::Tensor& tensor : expected->tensors) {
    SCOPED_TRACE(tensor.name);
    const model::Tensor* other = found->find(tensor.name);
    ASSERT_NE(other, nullptr);
    ASSERT_EQ(other->dims, tensor.dims);
    const auto a = test::all_of(*found, tensor.name);
    const auto b = test::all_of(*expected, tensor.name);
    std::size_t different = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
      different += codec::round_to_half(a[i]) != codec::round_to_half(b[i]) ? 1 : 0;
    EXPECT_EQ(different, 0u) << "of " << a.size();
  }
  for (const model::Entry& entry : expected->metadata.entries()) {
    if (!entry.key.starts_with("llama.")) continue;
    const model::Value* value = found->metadata.find(entry.key);
    ASSERT_NE(value, nullptr) << entry.key;
    EXPECT_NEAR(*found->metadata.number(entry.key), *expected->metadata.number(entry.key), 1e-9)
        << entry.key;
  }
}

INSTANTIATE_TEST_SUITE_P(Pairs, HfShared,
                         testing::Values(std::pair("qualm-tiny-base-hf",
                                                   "qualm-tiny-base-F16.gguf"),
                                         std::pair("tinystories-656k/hf-bf16",
                                                   "tinystories-656k/TinyStories-656K.f16.gguf")));

}  // namespace
}  // namespace qualm::formats
