// Any bytes at all as the config.json of a small Llama: hyperparameters, names, shapes.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "formats/hf/hf.h"
#include "formats/json.h"
#include "support.h"

namespace {

using namespace qualm;

/// One layer of hidden 8, two heads of 4, feed forward 12, vocabulary 5, all BF16; no head.
safetensors::Container small_llama() {
  struct Made {
    std::string name;
    std::vector<std::int64_t> shape;
  };
  const std::vector<Made> tensors = {{"model.embed_tokens.weight", {5, 8}},
                                     {"model.norm.weight", {8}},
                                     {"model.layers.0.input_layernorm.weight", {8}},
                                     {"model.layers.0.post_attention_layernorm.weight", {8}},
                                     {"model.layers.0.self_attn.q_proj.weight", {8, 8}},
                                     {"model.layers.0.self_attn.k_proj.weight", {4, 8}},
                                     {"model.layers.0.self_attn.v_proj.weight", {4, 8}},
                                     {"model.layers.0.self_attn.o_proj.weight", {8, 8}},
                                     {"model.layers.0.mlp.gate_proj.weight", {12, 8}},
                                     {"model.layers.0.mlp.up_proj.weight", {12, 8}},
                                     {"model.layers.0.mlp.down_proj.weight", {8, 12}}};
  nlohmann::json header = nlohmann::json::object();
  std::int64_t end = 0;
  for (const auto& [name, shape] : tensors) {
    const std::int64_t begin = end;
    std::int64_t elements = 1;
    for (const std::int64_t n : shape) elements *= n;
    end += 2 * elements;
    header[name] = {{"dtype", "BF16"}, {"shape", shape}, {"data_offsets", {begin, end}}};
  }
  const std::string text = header.dump();
  const std::uint64_t length = text.size();
  const auto file =
      memory_file("m.safetensors", std::string(reinterpret_cast<const char*>(&length), 8) + text +
                                       std::string(static_cast<std::size_t>(end), '\x3c'));
  return safetensors::open_file(file).value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const safetensors::Container kContainer = small_llama();
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto config = formats::parse_json(text, "config.json", "");
  if (!config || config->is_null()) return 0;
  const auto model = formats::hf::make_checkpoint(kContainer, *config, "config.json",
                                                  formats::quantization_config(*config));
  if (model) {
    fuzz::look_at(*model);
    fuzz::demand(!model->architecture().empty(), "an accepted model has an architecture");
  } else {
    fuzz::demand_code(model.error());
  }
  return 0;
}
