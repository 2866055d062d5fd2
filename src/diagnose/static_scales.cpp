#include "diagnose/static_scales.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "diagnose/thresholds.h"

namespace qualm::diagnose {
namespace {

/// How far a scale reaches, as a multiple of the largest input of its matrix.
struct Reach {
  const model::Tensor* matrix = nullptr;
  double times = 0;
  [[nodiscard]] bool cuts_off() const noexcept { return times < kCutOff; }
  [[nodiscard]] bool too_wide() const noexcept {
    return times > kTooWide && matrix->input_scale->integers();
  }
};

bool has_scales(const model::Checkpoint& candidate) {
  return std::ranges::any_of(candidate.tensors, [](const model::Tensor& tensor) {
    return tensor.input_scale.has_value();
  });
}

/// From the shortest to the farthest. Matrices whose inputs are not known are left out.
std::vector<Reach> reaches_of(const model::Checkpoint& candidate, const model::Importance& inputs) {
  std::vector<Reach> reaches;
  for (const model::Tensor& tensor : candidate.tensors) {
    const auto* seen = tensor.input_scale ? inputs.find(tensor.name) : nullptr;
    if (seen && seen->largest > 0)
      reaches.push_back({&tensor, tensor.input_scale->range() / double{seen->largest}});
  }
  std::ranges::sort(reaches, {}, &Reach::times);
  return reaches;
}

/// "3 of 42 matrices (most in blk.1.ffn_down.weight: its scale reaches 0.06 times as far)"
std::string counted(std::ptrdiff_t count, const std::vector<Reach>& reaches, const Reach& most) {
  return fmt::format("{} of {} matrices (most in {}: its scale reaches {:.2g} times as far)", count,
                     reaches.size(), most.matrix->name, most.times);
}

std::string compared_in_words(const std::vector<Reach>& reaches, std::int32_t windows) {
  if (reaches.empty())
    return "Static activation scales: no inputs of their matrices were seen, not compared";
  return fmt::format(
      "Static activation scales of {} matrices reach {:.2g} times as far as the largest input of "
      "{} windows (median; a largest value has no interval)",
      reaches.size(), reaches[reaches.size() / 2].times, windows);
}

}  // namespace

Known<void> add_static_scales(const Facts& facts, FileFindings& found) {
  const model::Checkpoint& candidate = *facts.given.candidate;
  if (!facts.runs() || !has_scales(candidate)) return {};
  const std::int32_t windows = std::min(kForInputs, facts.texts.front().windows);
  QUALM_TRY(const auto* inputs, facts.inputs(windows));
  const std::vector<Reach> reaches = reaches_of(candidate, *inputs);
  std::string compared = compared_in_words(reaches, windows);
  const auto add = [&](std::ptrdiff_t count, const Reach& most, const std::string& what) {
    if (count == 0) return;
    const std::string says = fmt::format("{} {}", what, counted(count, reaches, most));
    compared += "; they " + says;
    if (static_cast<double>(count) > kFewMatrices * static_cast<double>(reaches.size()))
      found.open.insert(
          found.open.begin(),
          {fmt::format("static activation scales {}: qualm runs the weights alone, so what this "
                       "costs is not measured",
                       says),
           "a file whose activation scales were calibrated on text like yours, or scales that the "
           "runtime finds itself (dynamic)"});
  };
  if (!reaches.empty()) {
    add(std::ranges::count_if(reaches, &Reach::too_wide), reaches.back(),
        "leave few codes to the inputs of");
    add(std::ranges::count_if(reaches, &Reach::cuts_off), reaches.front(),
        "cut off the largest inputs of");
  }
  found.notes.insert(found.notes.begin(), fact("static_activation_scales", compared));
  return {};
}

}  // namespace qualm::diagnose
