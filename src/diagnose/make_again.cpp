// The remedy where the weights or the file are not to be trusted: the baseline in the same mix.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "diagnose/check.h"
#include "diagnose/lines.h"
#include "diagnose/override.h"
#include "model/file_type.h"
#include "numeric/format.h"

namespace qualm::diagnose {
namespace {

// Mixes that llama-quantize makes without an importance matrix.
constexpr std::array<std::string_view, 22> kPlainMixes{
    "Q8_0",  "Q6_K",   "Q5_K_M", "Q5_K_S", "Q5_1",   "Q5_0",   "Q4_K_M", "Q4_K_S",
    "Q4_1",  "Q4_0",   "IQ4_NL", "IQ4_XS", "Q3_K_L", "Q3_K_M", "Q3_K_S", "IQ3_M",
    "IQ3_S", "IQ3_XS", "Q2_K",   "F16",    "BF16",   "F32"};

}  // namespace

std::string own_mix(const model::Checkpoint& candidate) {
  const auto id = candidate.metadata.integer("general.file_type");
  const auto label = id ? model::file_type_label(*id & ~model::kGuessedFileType) : std::nullopt;
  const bool plain = label && std::ranges::find(kPlainMixes, label->name) != kPlainMixes.end();
  return plain ? std::string(label->name) : kFloorMix;
}

Result<std::optional<Fix>> make_again(Case& patient) {
  const Patient& given = patient.patient();
  if (!patient.paired()) return std::nullopt;
  const std::string mix = own_mix(*given.candidate);
  Fix fix;
  fix.weights = Weights{.kind = Weights::Kind::requantized, .mix = mix, .recipe = {}};
  const GgufBaseline source = gguf_baseline(given);
  const std::string made = fmt::format("{}-{}.gguf", stem_of(given.baseline_path), mix);
  fix.command =
      fmt::format("{}llama-quantize {} {} {}", source.make, source.path, shell_word(made), mix);
  QUALM_TRY(fix.bytes, patient.lab()->model_bytes(*fix.weights));
  fix.effect = fmt::format("made again from the baseline in the same tier, {}",
                           numeric::format_bytes(fix.bytes.value_or(0)));
  return fix;
}

}  // namespace qualm::diagnose
