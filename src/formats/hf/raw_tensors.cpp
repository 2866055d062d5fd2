#include <fmt/format.h>

#include <unordered_set>

#include "codec/numbers.h"
#include "formats/hf/tensors.h"

namespace qualm::formats::hf {

Result<Tensors> raw_tensors(const safetensors::Container& container,
                            const QuantizationConfig& quantization) {
  Tensors out;
  std::unordered_set<std::string> consumed;
  std::unordered_set<std::string> names;
  const auto add = [&](std::string name, Weight weight) {
    for (std::string& used : weight.consumed) consumed.insert(std::move(used));
    for (model::Note& note : weight.notes)
      out.notes.push_back({"tensor " + name, std::move(note.says), note.kind});
    if (!names.insert(name).second) return;
    out.tensors.push_back({std::move(name), std::move(weight.dims), std::move(weight.encoding),
                           weight.bytes, std::move(weight.data)});
  };
  for (const std::string& module : weight_modules(container)) {
    const bool one = container.find(module + ".weight") != nullptr;
    const codec::Part* blocks = one ? nullptr : container.find(module + "_blocks");
    QUALM_TRY(auto weight, read_weight(container, quantization, module));
    add(blocks != nullptr ? module : module + ".weight", std::move(weight));
  }
  std::int64_t left_out = 0;
  for (const codec::Part& part : container.tensors()) {
    if (consumed.contains(part.name)) continue;
    if (!codec::is_number(part.dtype)) {
      ++left_out;
      continue;
    }
    QUALM_TRY(auto weight, read_plain(container, part.name));
    add(part.name, std::move(weight));
  }
  if (left_out > 0)
    out.notes.push_back({"", fmt::format("{} tensors hold no numbers and are left out", left_out)});
  return out;
}

}  // namespace qualm::formats::hf
