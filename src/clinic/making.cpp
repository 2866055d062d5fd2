#include "clinic/making.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "assemble/recipe.h"
#include "base/file.h"
#include "clinic/changed_weights.h"
#include "clinic/originals.h"
#include "formats/read.h"
#include "model/layer_name.h"
#include "model/tensor_class.h"

namespace qualm::clinic {
namespace {

constexpr std::size_t kZeroedBytes = 4096;
constexpr double kRopeFactor = 100;
constexpr double kEpsilonFactor = 1000;
constexpr double kUsualEpsilon = 1e-5;
constexpr int kUint32 = 4;  // GGUF's types of values
constexpr int kFloat32 = 6;
constexpr double kDefaultRopeBase = 10000;  // llama.cpp's where a file does not say
constexpr std::size_t kMisledBlock = 32;
constexpr float kHardlyCounts = 1e-4F;

using Image = assemble::Image;
using model::Checkpoint;
using model::Tensor;

/// As if in every block only the least used input counted: the others' weights are rounded to suit
/// its own.
void mislead(std::span<float> mean_squares) {
  for (; mean_squares.size() >= kMisledBlock; mean_squares = mean_squares.subspan(kMisledBlock)) {
    const auto block = mean_squares.first(kMisledBlock);
    const auto least = std::ranges::min_element(block);
    std::ranges::fill(block, kHardlyCounts);
    *least = 1;
  }
}

model::Importance misguided(const ClinicCase& made, model::Importance importance) {
  for (model::ImportanceEntry& entry : importance.entries) {
    const auto experts = std::max<std::int64_t>(1, std::ssize(entry.counts));
    const auto first = first_expert(entry.tensor, experts, std::span(entry.mean_squares));
    if (made.edit == Edit::misled) mislead(entry.mean_squares);
    if (made.edit == Edit::unseen_expert && !first.empty()) {
      std::ranges::fill(first, 0.0F);
      entry.counts.front() = 0;
    }
  }
  return importance;
}

/// The list under `key` in reverse order.
bool reverse(model::Metadata& metadata, const std::string& key) {
  for (const model::Entry& entry : metadata.entries()) {
    if (entry.key != key) continue;
    model::Value value = entry.value;
    const int type = entry.type;
    if (auto* scores = std::get_if<std::vector<double>>(&value)) std::ranges::reverse(*scores);
    if (auto* merges = std::get_if<std::vector<std::string>>(&value)) std::ranges::reverse(*merges);
    metadata.set(key, std::move(value), type);
    return true;
  }
  return false;
}

Result<void> edit_metadata(const ClinicCase& made, Checkpoint& file) {
  if (made.edit == Edit::chat_template)
    file.metadata.set("tokenizer.chat_template",
                      std::string("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n"
                                  "{% endfor %}"));
  if (made.edit == Edit::token_scores && !reverse(file.metadata, "tokenizer.ggml.scores") &&
      !reverse(file.metadata, "tokenizer.ggml.merges"))
    return fail(nothing_to_edit(file.path, "token scores or merges"));
  if (made.edit == Edit::no_bos) file.metadata.set("tokenizer.ggml.add_bos_token", false);
  if (made.edit == Edit::other_eos) {
    const std::string key = "tokenizer.ggml.eos_token_id";
    file.metadata.set(key, std::uint64_t(file.metadata.integer(key).value_or(0)) + 1, kUint32);
  }
  if (made.edit == Edit::norm_epsilon) {
    const std::string key = file.architecture() + ".attention.layer_norm_rms_epsilon";
    file.metadata.set(key, kEpsilonFactor * file.metadata.number(key).value_or(kUsualEpsilon),
                      kFloat32);
  }
  if (made.edit == Edit::rope_base) {
    const std::string key = file.architecture() + ".rope.freq_base";
    file.metadata.set(key, kRopeFactor * file.metadata.number(key).value_or(kDefaultRopeBase));
  }
  return {};
}

/// The bytes of a file with those of its largest matrix of the layers damaged.
Result<std::string> damaged(const ClinicCase& made, const Checkpoint& file) {
  QUALM_TRY(const auto source, map_file(file.files.front().path));
  std::string bytes(reinterpret_cast<const char*>(source->bytes().data()), source->bytes().size());
  if (made.edit == Edit::zero_tail) {
    std::fill(bytes.end() - static_cast<std::ptrdiff_t>(bytes.size() / 4), bytes.end(), '\0');
    return bytes;
  }
  const model::Region* largest = nullptr;
  for (const model::Region& region : file.files.front().regions)
    if (region.kind == model::Region::Kind::tensor && model::layer_of(region.name) &&
        (!largest || region.end - region.begin > largest->end - largest->begin))
      largest = &region;
  if (!largest || largest->end - largest->begin < kZeroedBytes)
    return fail(nothing_to_edit(file.path, "a matrix of 4096 bytes"));
  char* const begin = bytes.data() + largest->begin;
  if (made.edit == Edit::zeroed_block) {
    std::memset(begin, 0, kZeroedBytes);
  } else {
    const std::uint16_t nan = 0x7e00;  // Q8_0 blocks begin with their scale
    std::memcpy(begin, &nan, sizeof(nan));
  }
  return bytes;
}

Result<Image> quantized(const ClinicCase& made, const ClinicStock& stock, const CaseTools& tools) {
  assemble::QuantizeOptions options = assemble::quantize_options(made.mix, made.overrides);
  const std::string& source = stock.of(made.source);
  model::Importance used;
  if (!made.calibrated_on.empty()) {
    QUALM_TRY(const auto* seen, tools.importance(source, made.calibrated_on));
    used = misguided(made, *seen);
    options.importance = &used;
  }
  QUALM_TRY(const auto changed, original(made, stock, tools.quantizer, tools.progress));
  return tools.quantizer.quantize(changed ? changed->path() : source, options);
}

/// What is done to the file that was quantized; all other edits are done before.
bool changes_the_file(Edit edit) {
  constexpr std::array kAfter{Edit::chat_template, Edit::token_scores, Edit::zeroed_block,
                              Edit::rope_base,     Edit::nan_scale,    Edit::crushed_router,
                              Edit::no_bos,        Edit::other_eos,    Edit::norm_epsilon,
                              Edit::zero_tail};
  return std::ranges::find(kAfter, edit) != kAfter.end();
}

}  // namespace

Result<void> make_case(const ClinicCase& made, const ClinicStock& stock, const CaseTools& tools,
                       const std::string& path) {
  QUALM_TRY(const auto image, quantized(made, stock, tools));
  if (!changes_the_file(made.edit)) return image.save(path);
  QUALM_TRY(auto file, formats::read(image.path()));
  if (made.edit == Edit::zeroed_block || made.edit == Edit::nan_scale ||
      made.edit == Edit::zero_tail) {
    QUALM_TRY(const auto bytes, damaged(made, file));
    return write_file(path, bytes);
  }
  QUALM_CHECK(edit_metadata(made, file));
  assemble::Recipe recipe;
  if (made.edit == Edit::crushed_router)
    recipe.rules.push_back({"*.ffn_gate_inp.weight", assemble::Action::encode, "Q2_K"});
  QUALM_TRY(const auto edited, assemble::assemble(file, nullptr, recipe, tools.progress));
  return edited.save(path);
}

}  // namespace qualm::clinic
