#include "model/kind.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "model/layer_name.h"

namespace qualm::model {
namespace {

constexpr std::array kRows{
    KindRow{Kind::language_model, "a language model", "", true},
    KindRow{Kind::encoder, "an encoder, which embeds or ranks texts and predicts no next token",
            "qualm measures the prediction of the next token: give a language model. qualm inspect "
            "and qualm compare read this file.",
            true},
    KindRow{Kind::encoder_decoder, "an encoder-decoder model (T5)",
            "qualm runs decoder-only models: use qualm inspect or qualm compare.", true},
    KindRow{Kind::projector, "the vision or audio part of a multimodal model (mmproj)",
            "Give the language model that belongs to it. qualm inspect and qualm compare read this "
            "file.",
            true},
    KindRow{Kind::split_experts,
            "a mixture of experts in the layout of before April 2024, one tensor for each expert",
            "Current runtimes do not load it: convert and quantize the original model again, or "
            "download a newer file.",
            true},
    KindRow{Kind::adapter, "a LoRA adapter, which holds changes to a model and no model",
            "Merge it into its base model first (llama-export-lora -m BASE.gguf --lora "
            "ADAPTER.gguf -o MERGED.gguf) and give the merged file."},
    KindRow{Kind::importance, "an importance matrix, as llama-imatrix writes it",
            "Give the model, and this file with --imatrix (qualm diagnose)."},
    KindRow{Kind::vocabulary, "a vocabulary without weights",
            "It is made to test tokenizers (convert_hf_to_gguf.py --vocab-only): give the model."}};

static_assert(std::ranges::is_sorted(kRows, {}, &KindRow::kind));

/// llama.cpp's encoders (llama-arch.cpp) whose files may lack the key attention.causal.
constexpr std::array<std::string_view, 11> kEncoders{
    "bert",      "modern-bert",      "nomic-bert",     "nomic-bert-moe",
    "neo-bert",  "jina-bert-v2",     "jina-bert-v3",   "eurobert",
    "t5encoder", "wavtokenizer-dec", "gemma-embedding"};

/// "ffn_up.3.weight" of "blk.0.ffn_up.3.weight".
bool is_one_expert(const Tensor& tensor) {
  const auto name = layer_name(tensor.name);
  if (!name || !name->rest.starts_with("ffn_")) return false;
  const auto dot = name->rest.find('.');
  return dot != std::string_view::npos && dot + 1 < name->rest.size() &&
         std::isdigit(static_cast<unsigned char>(name->rest[dot + 1])) != 0;
}

Kind found_in(const Checkpoint& checkpoint) {
  const Metadata& keys = checkpoint.metadata;
  const std::string type = keys.string("general.type").value_or("");
  const std::string arch = checkpoint.architecture();
  const auto any_ends = [&](std::string_view end) {
    return std::ranges::any_of(checkpoint.tensors,
                               [&](const Tensor& t) { return t.name.ends_with(end); });
  };
  if (type == "imatrix" || any_ends(".in_sum2")) return Kind::importance;
  if (type == "adapter" || keys.find("adapter.type") || any_ends(".lora_a")) return Kind::adapter;
  if (type == "mmproj" || arch == "clip") return Kind::projector;
  if (checkpoint.tensors.empty() && keys.find("tokenizer.ggml.model")) return Kind::vocabulary;
  if (arch == "t5") return Kind::encoder_decoder;
  if (std::ranges::find(kEncoders, arch) != kEncoders.end() ||
      keys.boolean(arch + ".attention.causal") == false)
    return Kind::encoder;
  if (std::ranges::any_of(checkpoint.tensors, is_one_expert)) return Kind::split_experts;
  return Kind::language_model;
}

}  // namespace

const KindRow& kind_of(const Checkpoint& checkpoint) {
  return kRows[static_cast<std::size_t>(found_in(checkpoint))];
}

}  // namespace qualm::model
