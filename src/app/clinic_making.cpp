#include "app/clinic_making.h"

#include <algorithm>
#include <cstring>

#include "assemble/gguf_writer.h"
#include "assemble/recipe.h"
#include "base/file.h"
#include "formats/read.h"

namespace qualm::app {
namespace {

constexpr std::size_t kZeroedBytes = 4096;
constexpr double kRopeFactor = 100;
constexpr double kDefaultRopeBase = 10000;  // llama.cpp's where a file does not say
constexpr int kF32 = 0;                     // GGUF's type of a tensor

using Image = assemble::Image;
using model::Checkpoint;
using model::Tensor;

Error nothing_to_edit(const std::string& path, const std::string& what) {
  return {Kind::input, "CLINIC-003", path, "", what, "none", "Take another --baseline."};
}

/// Every tensor halfway between the two, in F32.
Result<Image> merged(const std::string& one, const std::string& two) {
  QUALM_TRY(const Checkpoint a, formats::read(one));
  QUALM_TRY(const Checkpoint b, formats::read(two));
  QUALM_TRY(auto writer, assemble::GgufWriter::create("merge"));
  QUALM_CHECK(writer.metadata(a.metadata));
  for (const Tensor& tensor : a.tensors)
    QUALM_CHECK(writer.declare(tensor.name, tensor.dims, kF32));
  QUALM_CHECK(writer.finish_header());
  for (const Tensor& tensor : a.tensors) {
    const Tensor* other = b.find(tensor.name);
    if (!other || other->dims != tensor.dims)
      return fail(nothing_to_edit(two, "the tensor " + tensor.name));
    std::vector<float> x(static_cast<std::size_t>(tensor.parameters()));
    std::vector<float> y(x.size());
    QUALM_CHECK(tensor.data->rows(0, tensor.row_count(), x));
    QUALM_CHECK(other->data->rows(0, other->row_count(), y));
    std::ranges::transform(x, y, x.begin(), [](float p, float q) { return (p + q) / 2; });
    QUALM_CHECK(writer.data(std::as_bytes(std::span(x))));
    QUALM_CHECK(writer.end_tensor());
  }
  return std::move(writer).take();
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
                        const ImportanceOf& importance, assemble::Quantizer& quantizer) {
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
  if (!patient.calibrated_on.empty()) {
    QUALM_TRY(options.importance, importance(source, patient.calibrated_on));
  }
  if (patient.edit != Edit::half_merge) return quantizer.quantize(source, options);
  QUALM_TRY(const auto merge, merged(stock.finetune, stock.base));
  return quantizer.quantize(merge.path(), options);
}

}  // namespace

Result<void> make_clinic_patient(const ClinicPatient& patient, const ClinicStock& stock,
                                 const ImportanceOf& importance, assemble::Quantizer& quantizer,
                                 const std::string& path, Progress& progress) {
  QUALM_TRY(const auto image, quantized(patient, stock, importance, quantizer));
  if (patient.edit == Edit::none || patient.edit == Edit::half_merge) return image.save(path);
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
