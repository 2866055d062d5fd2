#include "model/file_type.h"

#include <algorithm>
#include <array>
#include <map>

namespace qualm::model {
namespace {

using enum Made;

constexpr auto kLabels = std::to_array<FileTypeLabel>({
    {0, "F32", "F32", "", plainly},
    {1, "F16", "F16", "", plainly},
    {2, "Q4_0", "Q4_0", "", plainly},
    {3, "Q4_1", "Q4_1", "", plainly},
    {7, "Q8_0", "Q8_0", "", plainly},
    {8, "Q5_0", "Q5_0", "", plainly},
    {9, "Q5_1", "Q5_1", "", plainly},
    {10, "Q2_K", "Q2_K", "Q3_K", plainly},
    {11, "Q3_K_S", "Q3_K", "", plainly},
    {12, "Q3_K_M", "Q3_K", "", plainly},
    {13, "Q3_K_L", "Q3_K", "Q5_K", plainly},
    {14, "Q4_K_S", "Q4_K", "", plainly},
    {15, "Q4_K_M", "Q4_K", "", plainly},
    {16, "Q5_K_S", "Q5_K", "", plainly},
    {17, "Q5_K_M", "Q5_K", "", plainly},
    {18, "Q6_K", "Q6_K", "", plainly},
    {19, "IQ2_XXS", "IQ2_XXS", "", with_importance},
    {20, "IQ2_XS", "IQ2_XS", "", with_importance},
    {21, "Q2_K_S", "Q2_K", "", with_importance},
    {22, "IQ3_XS", "IQ3_S", "IQ3_XXS", plainly},
    {23, "IQ3_XXS", "IQ3_XXS", "", with_importance},
    {24, "IQ1_S", "IQ1_S", "", with_importance},
    {25, "IQ4_NL", "IQ4_NL", "", plainly},
    {26, "IQ3_S", "IQ3_S", "", plainly},
    {27, "IQ3_M", "IQ3_S", "", plainly},
    {28, "IQ2_S", "IQ2_XS", "IQ2_S", with_importance},
    {29, "IQ2_M", "IQ2_S", "", with_importance},
    {30, "IQ4_XS", "IQ4_XS", "", plainly},
    {31, "IQ1_M", "IQ1_M", "", with_importance},
    {32, "BF16", "BF16", "", plainly},
    {36, "TQ1_0", "TQ1_0", ""},
    {37, "TQ2_0", "TQ2_0", ""},
    {38, "MXFP4_MOE", "MXFP4", "Q8_0"},
    {39, "NVFP4", "NVFP4", ""},
    {40, "Q1_0", "Q1_0", ""},
    {41, "Q2_0", "Q2_0", ""},
});

}  // namespace

std::optional<FileTypeLabel> file_type_label(std::int64_t id) noexcept {
  if (id >= kGuessedFileType) id -= kGuessedFileType;
  const auto it = std::ranges::find(kLabels, id, &FileTypeLabel::id);
  return it == kLabels.end() ? std::nullopt : std::optional(*it);
}

std::optional<FileTypeLabel> file_type_label(const Metadata& metadata) {
  const auto id = metadata.integer("general.file_type");
  return id ? file_type_label(*id) : std::nullopt;
}

std::optional<FileTypeLabel> file_type_named(std::string_view name) noexcept {
  const auto it = std::ranges::find(kLabels, name, &FileTypeLabel::name);
  return it == kLabels.end() ? std::nullopt : std::optional(*it);
}

std::string type_of(const Checkpoint& checkpoint) {
  if (const auto label = file_type_label(checkpoint.metadata)) return std::string(label->name);
  std::map<std::string, std::int64_t> weights;
  for (const Tensor& tensor : checkpoint.tensors)
    weights[tensor.encoding.name] += tensor.parameters();
  const auto most = std::ranges::max_element(weights, {}, [](const auto& w) { return w.second; });
  return most == weights.end() ? "" : most->first;
}

}  // namespace qualm::model
