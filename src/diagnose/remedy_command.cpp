#include "diagnose/remedy_command.h"

#include <fmt/format.h>
#include <fnmatch.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <map>

#include "assemble/quantizer.h"
#include "base/text.h"
#include "diagnose/thresholds.h"
#include "model/encoding.h"
#include "model/file_type.h"

namespace qualm::diagnose {
namespace {

using model::TensorClass;

constexpr std::string_view kSafeType = "Q8_0";

bool in_group(const ClassGroup& group, const std::string& name) {
  return std::ranges::any_of(group.patterns, [&](const std::string& pattern) {
    return ::fnmatch(pattern.c_str(), name.c_str(), 0) == 0;
  });
}

/// "blk.*.ffn_up_exps.weight" -> "ffn_up_exps.weight", which as a regular expression fits those
/// tensors and no others.
std::string tensor_type_pattern(const std::string& pattern) {
  const auto star = pattern.find("*.");
  return star == std::string::npos ? pattern : pattern.substr(star + 2);
}

std::int64_t shortest_row(const model::Checkpoint& candidate, const ClassGroup& group) {
  std::int64_t common = 256;
  for (const model::Tensor& tensor : candidate.tensors)
    if (in_group(group, tensor.name))
      while (common > 1 && tensor.row_length() % common != 0) common /= 2;
  return common;
}

std::string option_of(const std::string& pattern, const std::string& type) {
  if (pattern == "token_embd.weight") return "--token-embedding-type " + type;
  if (pattern == "output.weight") return "--output-tensor-type " + type;
  return "--tensor-type " + pattern + "=" + type;
}

}  // namespace

std::string own_type(const model::Checkpoint& candidate) {
  const auto label = model::file_type_label(candidate.metadata);
  return label && label->made == model::Made::plainly ? std::string(label->name) : kFloorType;
}

std::string type_of_rest(const model::Checkpoint& candidate, const ClassGroup& group) {
  std::map<std::string, std::int64_t> by_type;
  for (const model::Tensor& tensor : candidate.tensors) {
    const auto what = model::tensor_class(tensor.name);
    if (tensor.dims.size() < 2 || what == TensorClass::token_embd || what == TensorClass::output ||
        what == TensorClass::router || in_group(group, tensor.name))
      continue;
    by_type[tensor.encoding.name] += tensor.parameters();
  }
  if (by_type.empty()) return std::string(kSafeType);
  const std::string most =
      std::ranges::max_element(by_type, {}, [](const auto& entry) { return entry.second; })->first;
  const auto label = model::file_type_label(candidate.metadata);
  if (label && (label->main_type == most || label->or_type == most))
    return std::string(label->name);
  // A file without a label that fits.
  const std::string_view type = model::encoding_type(most).quant_type;
  return std::string(type.empty() ? kSafeType : type);
}

std::vector<Weights> overrides_for(const model::Checkpoint& candidate, const ClassGroup& group) {
  Weights weights = experiment::requantized(type_of_rest(candidate, group));
  if (group.classes.front() == TensorClass::router) return {weights};
  const std::int64_t row = shortest_row(candidate, group);
  std::vector<Weights> choices;
  for (const auto& [type, block] :
       {std::pair{"q6_K", 256}, std::pair{"q8_0", 32}, std::pair{"f16", 1}}) {
    if (row % block != 0 || (choices.size() == 2)) continue;
    weights.overrides.clear();
    for (const std::string& pattern : group.patterns)
      weights.overrides.emplace_back(tensor_type_pattern(pattern), type);
    choices.push_back(weights);
  }
  return choices;
}

std::string stem_of(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  path.erase(0, path.find_last_of('/') + 1);
  if (path.ends_with(".gguf")) path.resize(path.size() - 5);
  return path;
}

GgufOriginal gguf_original(const Given& given) {
  if (given.baseline->format.starts_with("GGUF")) return {"", shell_word(given.baseline_path)};
  const std::string made = shell_word(stem_of(given.baseline_path) + ".gguf");
  return {fmt::format("convert_hf_to_gguf.py {} --outtype auto --outfile {} && ",
                      shell_word(given.baseline_path), made),
          made};
}

namespace {

/// 4-bit groups of these tools have 4.1 to 4.6 bits per weight; what needs more gets 8.
constexpr double kMostForFourBits = 5.2;

/// How a runtime's own format is made, for a shell. {from} and {to} are words of the shell, never
/// part of Python's code; {bits} are those of the fix, {whole} 4 or 8.
struct OtherFormat {
  std::string_view runtime;
  std::string_view name;
  std::string_view command;
};

/// As the tools' own documentation has it: exllamav2 and exllamav3 (convert.py), llm-compressor
/// (oneshot), transformers (GPTQConfig).
constexpr std::array kOtherFormats{
    OtherFormat{"exllamav2", "EXL2 at {bits:.1f} bits per weight",
                "python convert.py -i {from} -o work -cf {to} -b {bits:.1f}"},
    OtherFormat{"exllamav3", "EXL3 at {bits:.1f} bits per weight",
                "python convert.py -i {from} -o {to} -w work -b {bits:.1f}"},
    OtherFormat{"vllm", "GPTQ W{whole}A16",
                "python -c 'import sys; from llmcompressor import oneshot; from "
                "llmcompressor.modifiers.quantization import GPTQModifier; "
                "oneshot(model=sys.argv[1], output_dir=sys.argv[2], dataset=\"open_platypus\", "
                "recipe=GPTQModifier(targets=\"Linear\", scheme=\"W{whole}A16\", "
                "ignore=[\"lm_head\"]), max_seq_length=2048, num_calibration_samples=512)' "
                "{from} {to}"},
    OtherFormat{"transformers", "GPTQ at {whole} bits",
                "python -c 'import sys; from transformers import AutoModelForCausalLM as M, "
                "AutoTokenizer as T, GPTQConfig; t = T.from_pretrained(sys.argv[1]); "
                "m = M.from_pretrained(sys.argv[1], device_map=\"auto\", "
                "quantization_config=GPTQConfig(bits={whole}, group_size=32, dataset=\"c4\", "
                "tokenizer=t)); m.save_pretrained(sys.argv[2]); t.save_pretrained(sys.argv[2])' "
                "{from} {to}"}};

}  // namespace

Fix in_format_of(const Given& given, Fix fix) {
  const auto other = std::ranges::find(kOtherFormats, given.runtime, &OtherFormat::runtime);
  const std::int64_t weights = given.candidate->parameters();
  if (other == kOtherFormats.end() || !fix.bytes || weights == 0) return fix;
  const double bits = 8.0 * static_cast<double>(*fix.bytes) / static_cast<double>(weights);
  const bool folder = given.baseline && !given.baseline->format.starts_with("GGUF");
  const auto filled = [&](std::string_view text) {
    return fmt::format(
        fmt::runtime(text), fmt::arg("bits", bits),
        fmt::arg("whole", bits <= kMostForFourBits ? 4 : 8),
        fmt::arg("from", shell_word(folder ? given.baseline_path : "ORIGINAL_FOLDER")),
        fmt::arg("to", shell_word(stem_of(given.candidate_path) + "-fixed")));
  };
  const std::string name = filled(other->name);
  return {
      .name = name,
      .command = filled(other->command),
      .effect = fmt::format("about the bits of {}, which was measured here as a GGUF; {} itself "
                            "is not measured: qualm does not make this format",
                            fix.name, name)};
}

std::string imatrix_command(const std::string& model, const Domain& text,
                            const std::string& matrix) {
  return fmt::format("llama-imatrix -m {} -f {} -c {} --chunks {} -o {}", model,
                     shell_word(text.path), text.ctx_size, text.windows, shell_word(matrix));
}

std::string named_as(const std::string& stem, const std::string& type) {
  const auto end = stem.find_last_of("-.");
  const bool named = end != std::string::npos && end > 0 &&
                     model::file_type_named(upper_case(stem.substr(end + 1))).has_value();
  const std::string name = (named ? stem.substr(0, end) : stem) + "-" + type;
  return same_letters(name, stem) ? name + "-new" : name;
}

std::string quantize_command(const Given& given, const Weights& weights,
                             const std::string& imatrix) {
  std::string command = "llama-quantize";
  if (!imatrix.empty()) command += " --imatrix " + shell_word(imatrix);
  auto overrides = weights.overrides;
  std::ranges::move(assemble::native_types(*given.baseline), std::back_inserter(overrides));
  for (const auto& [pattern, type] : overrides)
    command += " " + option_of(shell_word(pattern), type);
  const std::string type = weights.mix + (weights.overrides.empty() ? "" : "-fixed");
  return fmt::format("{} {} {} {}", command, gguf_original(given).path,
                     shell_word(named_as(stem_of(given.candidate_path), type) + ".gguf"),
                     weights.mix);
}

}  // namespace qualm::diagnose
