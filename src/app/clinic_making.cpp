#include "app/clinic_making.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>
#include <optional>
#include <span>

#include "assemble/gguf_writer.h"
#include "assemble/recipe.h"
#include "base/file.h"
#include "formats/read.h"
#include "model/tensor_class.h"

namespace qualm::app {
namespace {

constexpr std::size_t kZeroedBytes = 4096;
constexpr double kRopeFactor = 100;
constexpr double kDefaultRopeBase = 10000;  // llama.cpp's where a file does not say
constexpr float kSharper = 1.2F;
constexpr std::size_t kMisledBlock = 32;
constexpr float kHardlyCounts = 1e-4F;
constexpr int kF32 = 0;  // GGUF's type of a tensor

using Image = assemble::Image;
using model::Checkpoint;
using model::Tensor;

Error nothing_to_edit(const std::string& path, const std::string& what) {
  return {Kind::input, "CLINIC-003", path, "", what, "none", "Take another --baseline."};
}

using Values = std::span<float>;
/// Changes the values of a tensor in place.
using Change = std::function<Result<void>(const Tensor&, Values)>;

/// The first of the experts that a stack holds; empty where the tensor is none.
template <class T>
std::span<T> first_expert(std::string_view tensor, std::int64_t experts, std::span<T> values) {
  if (model::tensor_class(tensor) != model::TensorClass::experts) return {};
  return values.first(values.size() / static_cast<std::size_t>(experts));
}

/// Every tensor in F32, changed.
Result<Image> changed(const std::string& path, const Change& change) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  QUALM_TRY(auto writer, assemble::GgufWriter::create("changed"));
  QUALM_CHECK(writer.metadata(file.metadata));
  for (const Tensor& tensor : file.tensors)
    QUALM_CHECK(writer.declare(tensor.name, tensor.dims, kF32));
  QUALM_CHECK(writer.finish_header());
  for (const Tensor& tensor : file.tensors) {
    std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
    QUALM_CHECK(tensor.data->rows(0, tensor.row_count(), values));
    QUALM_CHECK(change(tensor, values));
    QUALM_CHECK(writer.data(std::as_bytes(std::span(values))));
    QUALM_CHECK(writer.end_tensor());
  }
  return std::move(writer).take();
}

/// Halfway between the two.
Result<Image> merged(const std::string& one, const std::string& two) {
  QUALM_TRY(const Checkpoint b, formats::read(two));
  return changed(one, [&](const Tensor& tensor, Values values) -> Result<void> {
    const Tensor* other = b.find(tensor.name);
    if (!other || other->dims != tensor.dims)
      return fail(nothing_to_edit(two, "the tensor " + tensor.name));
    std::vector<float> theirs(values.size());
    QUALM_CHECK(other->data->rows(0, other->row_count(), theirs));
    std::ranges::transform(values, theirs, values.begin(),
                           [](float p, float q) { return (p + q) / 2; });
    return {};
  });
}

/// The first expert of each layer as Q2_K leaves it.
Result<Image> with_crushed_expert(const std::string& path, Progress& progress) {
  QUALM_TRY(const Checkpoint file, formats::read(path));
  const assemble::Recipe recipe{{{"*_exps.weight", assemble::Action::encode, "Q2_K"}}};
  QUALM_TRY(const Image rounded_image, assemble::assemble(file, nullptr, recipe, progress));
  QUALM_TRY(const Checkpoint rounded, formats::read(rounded_image.path()));
  const std::int64_t experts = file.arch_integer("expert_count").value_or(1);
  return changed(path, [&](const Tensor& tensor, Values values) -> Result<void> {
    const Values crushed = first_expert(tensor.name, experts, values);
    if (crushed.empty()) return {};
    return rounded.find(tensor.name)->data->rows(0, tensor.row_count() / experts, crushed);
  });
}

Result<Image> sharpened(const std::string& path) {
  return changed(path, [](const Tensor& tensor, Values values) -> Result<void> {
    if (tensor.name == "output_norm.weight")
      for (float& value : values) value *= kSharper;
    return {};
  });
}

/// As Q2_K leaves it.
Result<Image> through_q2_k(const std::string& path, assemble::Quantizer& quantizer) {
  QUALM_TRY(const Image low, quantizer.quantize(path, {.mix = "Q2_K",
                                                       .token_embedding_type = {},
                                                       .output_tensor_type = {},
                                                       .overrides = {}}));
  return changed(low.path(), [](const Tensor&, Values) -> Result<void> { return {}; });
}

/// The file that is quantized, where it is not the stock itself.
Result<std::optional<Image>> original(const ClinicPatient& patient, const ClinicStock& stock,
                                      assemble::Quantizer& quantizer, Progress& progress) {
  const std::string& path = stock.of(patient.source);
  switch (patient.edit) {
    case Edit::half_merge:
      return merged(stock.finetune, stock.base);
    case Edit::crushed_expert:
      return with_crushed_expert(path, progress);
    case Edit::sharpened:
      return sharpened(path);
    case Edit::through_q2_k:
      return through_q2_k(path, quantizer);
    default:
      return std::nullopt;
  }
}

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

model::Importance misguided(const ClinicPatient& patient, model::Importance importance) {
  for (model::ImportanceEntry& entry : importance.entries) {
    const auto experts = std::max<std::int64_t>(1, std::ssize(entry.counts));
    const auto first = first_expert(entry.tensor, experts, std::span(entry.mean_squares));
    if (patient.edit == Edit::misled) mislead(entry.mean_squares);
    if (patient.edit == Edit::unseen_expert && !first.empty()) {
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

Result<void> edit_metadata(const ClinicPatient& patient, Checkpoint& file) {
  if (patient.edit == Edit::chat_template)
    file.metadata.set("tokenizer.chat_template",
                      std::string("{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n"
                                  "{% endfor %}"));
  if (patient.edit == Edit::token_scores && !reverse(file.metadata, "tokenizer.ggml.scores") &&
      !reverse(file.metadata, "tokenizer.ggml.merges"))
    return fail(nothing_to_edit(file.path, "token scores or merges"));
  if (patient.edit == Edit::rope_base) {
    const std::string key = file.architecture() + ".rope.freq_base";
    file.metadata.set(key, kRopeFactor * file.metadata.number(key).value_or(kDefaultRopeBase));
  }
  return {};
}

/// The bytes of a file with those of its largest matrix of the layers damaged.
Result<std::string> damaged(const ClinicPatient& patient, const Checkpoint& file) {
  QUALM_TRY(const auto source, map_file(file.files.front().path));
  std::string bytes(reinterpret_cast<const char*>(source->bytes().data()), source->bytes().size());
  const model::Region* largest = nullptr;
  for (const model::Region& region : file.files.front().regions)
    if (region.kind == model::Region::Kind::tensor && region.name.starts_with("blk.") &&
        (!largest || region.end - region.begin > largest->end - largest->begin))
      largest = &region;
  if (!largest || largest->end - largest->begin < kZeroedBytes)
    return fail(nothing_to_edit(file.path, "a matrix of 4096 bytes"));
  char* const begin = bytes.data() + largest->begin;
  if (patient.edit == Edit::zeroed_block) {
    std::memset(begin, 0, kZeroedBytes);
  } else {
    const std::uint16_t nan = 0x7e00;  // Q8_0 blocks begin with their scale
    std::memcpy(begin, &nan, sizeof(nan));
  }
  return bytes;
}

Result<Image> quantized(const ClinicPatient& patient, const ClinicStock& stock,
                        const ImportanceOf& importance, assemble::Quantizer& quantizer,
                        Progress& progress) {
  assemble::QuantizeOptions options{
      .mix = patient.mix, .token_embedding_type = {}, .output_tensor_type = {}, .overrides = {}};
  for (const auto& [tensors, type] : patient.overrides) {
    if (tensors == "token_embd.weight") {
      options.token_embedding_type = type;
    } else {
      options.overrides.emplace_back(tensors, type);
    }
  }
  const std::string& source = stock.of(patient.source);
  model::Importance used;
  if (!patient.calibrated_on.empty()) {
    QUALM_TRY(const auto* seen, importance(source, patient.calibrated_on));
    used = misguided(patient, *seen);
    options.importance = &used;
  }
  QUALM_TRY(const auto made, original(patient, stock, quantizer, progress));
  return quantizer.quantize(made ? made->path() : source, options);
}

bool changes_the_file(Edit edit) {
  constexpr std::array kBefore{Edit::none,        Edit::half_merge, Edit::crushed_expert,
                               Edit::sharpened,   Edit::misled,     Edit::unseen_expert,
                               Edit::through_q2_k};
  return std::ranges::find(kBefore, edit) == kBefore.end();
}

}  // namespace

Result<void> make_clinic_patient(const ClinicPatient& patient, const ClinicStock& stock,
                                 const ImportanceOf& importance, assemble::Quantizer& quantizer,
                                 const std::string& path, Progress& progress) {
  QUALM_TRY(const auto image, quantized(patient, stock, importance, quantizer, progress));
  if (!changes_the_file(patient.edit)) return image.save(path);
  QUALM_TRY(auto file, formats::read(image.path()));
  if (patient.edit == Edit::zeroed_block || patient.edit == Edit::nan_scale) {
    QUALM_TRY(const auto bytes, damaged(patient, file));
    return write_file(path, bytes);
  }
  QUALM_CHECK(edit_metadata(patient, file));
  assemble::Recipe recipe;
  if (patient.edit == Edit::crushed_router)
    recipe.rules.push_back({"*.ffn_gate_inp.weight", assemble::Action::encode, "Q2_K"});
  QUALM_TRY(const auto edited, assemble::assemble(file, nullptr, recipe, progress));
  return edited.save(path);
}

}  // namespace qualm::app
