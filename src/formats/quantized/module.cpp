#include "formats/quantized/module.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "codec/numbers.h"

namespace qualm::formats {
namespace {

/// Beside a weight, but about activations or the runtime.
constexpr std::array<std::string_view, 12> kBystanders{".input_scale",      ".input_global_scale",
                                                       ".output_scale",     ".input_zero_point",
                                                       ".activation_scale", ".qscale_act",
                                                       ".q_perm",           ".weight_shape",
                                                       ".weight_format",    ".wf",
                                                       ".input_amax",       ".offload_meta"};

}  // namespace

const codec::Part* Module::find_prefix(std::string_view prefix) const {
  const std::string wanted = name_ + std::string(prefix);
  const auto found = std::ranges::find_if(
      container_.tensors(), [&](const codec::Part& part) { return part.name.starts_with(wanted); });
  return found == container_.tensors().end() ? nullptr : &*found;
}

void Module::use(const codec::Part& part) {
  taken_.push_back(part.name);
  bytes_ += static_cast<std::int64_t>(part.bytes.size());
}

std::optional<codec::Part> Module::take(std::string_view suffix) {
  const codec::Part* part = find(suffix);
  if (part == nullptr) return std::nullopt;
  use(*part);
  return *part;
}

std::optional<codec::Part> Module::take_any(std::initializer_list<std::string_view> suffixes) {
  for (const std::string_view suffix : suffixes) {
    if (auto part = take(suffix)) return part;
  }
  return std::nullopt;
}

Result<codec::Part> Module::need(std::string_view suffix) { return need_any({suffix}); }

Result<codec::Part> Module::need_any(std::initializer_list<std::string_view> suffixes) {
  if (auto part = take_any(suffixes)) return *std::move(part);
  std::vector<std::string> names;
  for (const std::string_view suffix : suffixes) names.push_back(name_ + std::string(suffix));
  return fail(error("QW-003", fmt::format("the tensor {}", fmt::join(names, " or ")), "none",
                    "The checkpoint is incomplete: fetch its files again."));
}

Error Module::error(std::string code, std::string expected, std::string found,
                    std::string advice) const {
  const auto& files = container_.files();
  return {Kind::input,       std::move(code),     files.empty() ? "" : files.front().path,
          "module " + name_, std::move(expected), std::move(found),
          std::move(advice)};
}

Result<Weight> Module::finish(Result<codec::Matrix> matrix) const {
  if (!matrix) return std::unexpected(std::move(matrix).error());
  Weight weight;
  weight.module = name_;
  weight.dims.assign(matrix->shape.rbegin(), matrix->shape.rend());
  weight.encoding = std::move(matrix->encoding);
  weight.bytes = bytes_;
  weight.data = std::move(matrix->data);
  weight.consumed = taken_;
  weight.notes = std::move(matrix->notes);
  for (const std::string_view suffix : kBystanders) {
    const codec::Part* part = find(suffix);
    if (part != nullptr && std::ranges::find(taken_, part->name) == taken_.end())
      weight.consumed.push_back(part->name);
  }
  weight.input_scale = input_scale();
  return weight;
}

std::optional<double> Module::number(std::string_view suffix) const {
  const codec::Part* part = find(suffix);
  if (part == nullptr || part->elements() != 1 || !codec::is_number(part->dtype))
    return std::nullopt;
  float value = 0;
  codec::decode_numbers(*part, 0, 1, &value);
  return std::isfinite(value) ? std::optional(double{value}) : std::nullopt;
}

std::optional<double> Module::input_scale() const {
  // Codes around another value than 0 reach farther on one side: no largest code stands for both.
  if (number(".input_zero_point").value_or(0) != 0) return std::nullopt;
  for (const std::string_view name : {".input_scale", ".qscale_act"})
    if (const auto scale = number(name); scale && *scale > 0) return scale;
  // compressed-tensors' NVFP4: what the inputs are multiplied by.
  const auto inverse = number(".input_global_scale");
  return inverse && *inverse > 0 ? std::optional(1 / *inverse) : std::nullopt;
}

std::int64_t integer_or(const nlohmann::json& object, std::string_view key,
                        std::int64_t otherwise) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(std::string(key));
  const bool fits =
      found != object.end() && found->is_number_integer() &&
      (!found->is_number_unsigned() || std::in_range<std::int64_t>(found->get<std::uint64_t>()));
  return fits ? found->get<std::int64_t>() : otherwise;
}

std::string text_or(const nlohmann::json& object, std::string_view key, std::string otherwise) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(std::string(key));
  if (found == object.end() || !found->is_string()) return otherwise;
  return lower_case(found->get_ref<const std::string&>());
}

bool flag_or(const nlohmann::json& object, std::string_view key, bool otherwise) {
  if (!object.is_object()) return otherwise;
  const auto found = object.find(std::string(key));
  return found != object.end() && found->is_boolean() ? found->get<bool>() : otherwise;
}

}  // namespace qualm::formats
