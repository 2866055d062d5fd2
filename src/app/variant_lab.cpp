#include "app/variant_lab.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "assemble/recipe.h"
#include "diagnose/case.h"
#include "engine/llama_engine.h"
#include "formats/read.h"

namespace qualm::app {
namespace {

using diagnose::Variant;
using diagnose::Weights;

bool made(const Weights& weights) {
  return weights.kind == Weights::Kind::requantized || weights.kind == Weights::Kind::assembled;
}

/// The two tensors that llama-quantize has options of their own for go by these.
assemble::QuantizeOptions options_of(const Weights& weights, std::int32_t threads) {
  assemble::QuantizeOptions options{.mix = weights.mix,
                                    .token_embedding_type = {},
                                    .output_tensor_type = {},
                                    .overrides = {},
                                    .allow_requantize = true,
                                    .threads = threads};
  for (const auto& [pattern, type] : weights.overrides) {
    if (pattern == "token_embd.weight") {
      options.token_embedding_type = type;
    } else if (pattern == "output.weight") {
      options.output_tensor_type = type;
    } else {
      options.overrides.emplace_back(pattern, type);
    }
  }
  return options;
}

}  // namespace

std::int64_t memory_for_images() {
  return static_cast<std::int64_t>(::sysconf(_SC_AVPHYS_PAGES)) * ::sysconf(_SC_PAGESIZE) / 2;
}

VariantLab::VariantLab(Parts parts) : parts_(std::move(parts)), budget_(memory_for_images()) {}

PatientFile& VariantLab::file_of(const Weights& weights) const {
  if (weights.kind == Weights::Kind::baseline) return *parts_.baseline;
  return weights.kind == Weights::Kind::base_model ? *parts_.base_model : *parts_.candidate;
}

std::int64_t VariantLab::estimated_bytes(const Weights& weights) const {
  if (!made(weights)) return 0;
  const auto it = images_.find(diagnose::describe(weights));
  if (it != images_.end()) return it->second.bytes();
  const auto& file = parts_.baseline ? parts_.baseline : parts_.candidate;
  return static_cast<std::int64_t>(
      file->checkpoint().file_bytes());  // no rung is larger than its baseline
}

Result<assemble::Image*> VariantLab::image(const Weights& weights, const std::string& key) {
  if (const auto it = images_.find(key); it != images_.end()) return &it->second;
  ++made_;
  if (weights.kind == Weights::Kind::requantized) {
    parts_.progress.update("making " + key, 0, 0);
    QUALM_TRY(const auto source, parts_.baseline->runnable(parts_.progress));
    auto options = options_of(weights, parts_.settings.threads);
    if (weights.calibrated_on) {
      QUALM_TRY(options.importance, importance(*weights.calibrated_on));
    }
    QUALM_TRY(auto image, parts_.quantizer.quantize(source.path, options));
    return &images_.emplace(key, std::move(image)).first->second;
  }
  QUALM_TRY(auto image,
            assemble::assemble(parts_.candidate->checkpoint(),
                               parts_.baseline ? &parts_.baseline->checkpoint() : nullptr,
                               weights.recipe, parts_.progress));
  return &images_.emplace(key, std::move(image)).first->second;
}

Result<std::shared_ptr<engine::Model>> VariantLab::model(const Weights& weights) {
  const std::string key = diagnose::describe(weights);
  if (const auto it = models_.find(key); it != models_.end()) return it->second;
  engine::ModelFile file;
  if (made(weights)) {
    QUALM_TRY(assemble::Image* const made_image, image(weights, key));
    file = {made_image->path(), key};
  } else {
    QUALM_TRY(file, file_of(weights).runnable(parts_.progress));
  }
  QUALM_TRY(auto loaded, parts_.engine.load(file, parts_.gpu_layers));
  models_.emplace(key, loaded);
  return loaded;
}

bool VariantLab::is_given(const Variant& variant) const {
  const auto given = [](const std::string& type, const std::string& users) {
    return type == "f16" || type == users;
  };
  return given(variant.type_k, parts_.settings.type_k) &&
         given(variant.type_v, parts_.settings.type_v);
}

Subject VariantLab::subject(const Variant& variant) {
  Subject subject;
  const Weights weights = variant.weights;
  const std::string own = parts_.candidate->identity();
  const std::string base = parts_.baseline ? parts_.baseline->identity() : "";
  switch (weights.kind) {
    case Weights::Kind::candidate:
      subject.identity = own;
      break;
    case Weights::Kind::baseline:
      subject.identity = base;
      break;
    case Weights::Kind::base_model:
      subject.identity = parts_.base_model ? parts_.base_model->identity() : "";
      break;
    case Weights::Kind::requantized:
      subject.identity = fmt::format("{}>{}", base, diagnose::describe(weights));
      if (weights.calibrated_on)
        subject.identity += bench_of(*weights.calibrated_on).text_identity();
      break;
    case Weights::Kind::assembled:
      subject.identity = fmt::format("{}+{}>{}/{}", own, base, diagnose::describe(weights),
                                     assemble::kAssembleVersion);
      break;
  }
  subject.name = diagnose::describe(variant);
  subject.settings = parts_.settings;
  subject.settings.type_k = variant.type_k;
  subject.settings.type_v = variant.type_v;
  subject.load = [this, weights] { return model(weights); };
  return subject;
}

Result<std::vector<evaluate::Measurement>> VariantLab::measure(const Variant& reference,
                                                               std::span<const Variant> variants,
                                                               diagnose::WindowRange windows,
                                                               const evaluate::StopRule& rule) {
  std::vector<evaluate::Measurement> all;
  while (all.size() < variants.size()) {
    // As many in one pass of the reference as the memory holds, one at least.
    std::vector<Subject> group;
    std::int64_t bytes = estimated_bytes(reference.weights);
    for (std::size_t i = all.size(); i < variants.size(); ++i) {
      bytes += estimated_bytes(variants[i].weights);
      if (!group.empty() && bytes > budget_) break;
      group.push_back(subject(variants[i]));
      // A cache that is only tried may not suit the model's head size.
      group.back().optional = !is_given(variants[i]);
    }
    if (bytes > budget_) images_.clear();
    QUALM_TRY(auto measured,
              bench_of(windows.text)
                  .measure(subject(reference), group, windows.begin, windows.end, rule));
    for (auto& one : measured) all.push_back(std::move(one));
    std::erase_if(models_, [](const auto& entry) {
      return entry.first.starts_with("baseline as") || entry.first.starts_with("candidate with");
    });
    if (all.back().cancelled)
      return fail({Kind::cancelled, "APP-001", parts_.candidate->path(), "diagnosis", "",
                   "stopped on request",
                   "What was measured is kept: the same command goes on from there."});
  }
  return all;
}

std::vector<diagnose::Domain> VariantLab::texts() const {
  std::vector<diagnose::Domain> all{{parts_.text_name, windows_total(), true, parts_.text_path}};
  for (const DomainBench& domain : parts_.domains) all.push_back(domain.domain);
  return all;
}

Workbench& VariantLab::bench_of(std::size_t text) const {
  return text == 0 ? parts_.bench : *parts_.domains.at(text - 1).bench;
}

std::int64_t VariantLab::passes() const noexcept {
  std::int64_t passes = parts_.bench.passes();
  for (const DomainBench& domain : parts_.domains) passes += domain.bench->passes();
  return passes;
}

Result<const model::Importance*> VariantLab::importance(std::size_t text) {
  if (const auto it = importance_.find(text); it != importance_.end()) return &it->second;
  QUALM_TRY(const auto baseline, model(diagnose::kBaselineWeights));
  const Workbench& bench = bench_of(text);
  const auto tokens = bench.last_windows(diagnose::calibration_windows(bench.text().count()));
  QUALM_TRY(auto made, baseline->importance(parts_.settings, tokens, parts_.progress));
  return &importance_.emplace(text, std::move(made)).first->second;
}

Result<model::Checkpoint> VariantLab::opened(const Weights& weights) {
  if (!made(weights)) return file_of(weights).checkpoint();
  QUALM_TRY(const assemble::Image* const made_image, image(weights, diagnose::describe(weights)));
  return formats::read(made_image->path());
}

Result<std::optional<bool>> VariantLab::same_weights(const Weights& a, const Weights& b) {
  QUALM_TRY(const auto first, opened(a));
  QUALM_TRY(const auto second, opened(b));
  return std::ranges::all_of(first.tensors, [&](const model::Tensor& tensor) {
    const model::Tensor* other = second.find(tensor.name);
    return other && tensor.encoding.ggml_type >= 0 &&
           tensor.encoding.ggml_type == other->encoding.ggml_type &&
           std::ranges::equal(tensor.data->ggml_bytes(), other->data->ggml_bytes());
  });
}

Result<std::int64_t> VariantLab::model_bytes(const Weights& weights) {
  if (!made(weights)) {
    return static_cast<std::int64_t>(file_of(weights).checkpoint().file_bytes());
  }
  QUALM_TRY(const assemble::Image* const made_image, image(weights, diagnose::describe(weights)));
  return made_image->bytes();
}

std::int64_t VariantLab::cache_bytes(const std::string& type_k, const std::string& type_v) const {
  const auto& model = parts_.candidate->checkpoint();
  const std::int64_t heads = model.arch_integer("attention.head_count").value_or(0);
  if (heads == 0) return 0;
  const std::int64_t kv_heads = model.arch_integer("attention.head_count_kv").value_or(heads);
  const std::int64_t head = model.arch_integer("embedding_length").value_or(0) / heads;
  const std::int64_t k = model.arch_integer("attention.key_length").value_or(head) * kv_heads;
  const std::int64_t v = model.arch_integer("attention.value_length").value_or(head) * kv_heads;
  const std::int64_t layers = model.arch_integer("block_count").value_or(0);
  return layers * parts_.settings.ctx_size *
         (engine::cache_bytes(type_k, k) + engine::cache_bytes(type_v, v));
}

}  // namespace qualm::app
