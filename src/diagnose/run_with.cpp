#include "diagnose/run_with.h"

#include <fmt/format.h>

namespace qualm::diagnose {
namespace {

void add_fault(FaultKind kind, const char* where, std::string says, FileFindings& found) {
  found.faults.push_back(
      {.kind = kind, .effect = Effect::prompts, .where = where, .says = std::move(says)});
}

/// "blk.0.attn_q.weight has 64 inputs in the adapter and 96 in the model", or "".
std::string misfit(const model::Tensor& part, const model::Checkpoint& candidate) {
  const bool a = part.name.ends_with(".lora_a");
  if ((!a && !part.name.ends_with(".lora_b")) || part.dims.size() < 2) return {};
  const std::string name = part.name.substr(0, part.name.size() - 7);
  const model::Tensor* matrix = candidate.find(name);
  if (!matrix || matrix->dims.size() < 2)
    return fmt::format("it changes {}, which the model does not have", name);
  const std::size_t side = a ? 0 : 1;
  if (part.dims[side] == matrix->dims[side]) return {};
  return fmt::format("{} has {} {} in the adapter and {} in the model", name, part.dims[side],
                     a ? "inputs" : "outputs", matrix->dims[side]);
}

void add_lora(const Given& given, FileFindings& found) {
  if (!given.lora) return;
  const std::string ours = given.candidate->architecture();
  const std::string theirs = given.lora->architecture();
  std::string why;
  if (!theirs.empty() && theirs != ours)
    why = fmt::format("it is for {}, the model is {}", theirs, ours);
  for (const model::Tensor& part : given.lora->tensors)
    if (why.empty()) why = misfit(part, *given.candidate);
  if (!why.empty()) {
    add_fault(FaultKind::adapter, "lora", "the LoRA adapter does not fit this model: " + why,
              found);
    return;
  }
  found.open.push_back(
      {"a LoRA adapter is loaded with the model: qualm runs the model without it",
       "the same prompts without --lora: if they are good, the adapter is the cause"});
}

void add_sampling(const Given& given, FileFindings& found) {
  const auto& heat = given.temperature;
  const auto& penalty = given.repeat_penalty;
  if (heat && *heat >= kHot)
    add_fault(FaultKind::sampling, "temperature",
              fmt::format("temperature {:.2g}: sampled answers stop making sense, whatever the "
                          "quantization (llama.cpp uses 0.8)",
                          *heat),
              found);
  if (penalty && *penalty > kHardPenalty)
    add_fault(
        FaultKind::sampling, "repeat_penalty",
        fmt::format("repeat penalty {:.3g}: it suppresses words that an answer has to repeat, "
                    "whatever the quantization (llama.cpp uses 1.0, none)",
                    *penalty),
        found);
  // Holtzman et al. 2020, The Curious Case of Neural Text Degeneration.
  if (heat && *heat == 0) {
    const char* says =
        "temperature 0 (greedy): models repeat themselves more than when they sample";
    if (given.asked_symptom == probe::SymptomId::repetition)
      add_fault(FaultKind::sampling, "temperature", says, found);
    else
      found.notes.push_back(fact("temperature", says));
  }
}

}  // namespace

void add_run_with(const Given& given, FileFindings& found) {
  add_lora(given, found);
  add_sampling(given, found);
}

}  // namespace qualm::diagnose
