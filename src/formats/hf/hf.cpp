#include "formats/hf/hf.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/file.h"
#include "formats/hf/config.h"
#include "formats/hf/scheme.h"
#include "formats/hf/tensors.h"
#include "formats/hf/tokenizer.h"
#include "formats/json.h"
#include "model/sample_rows.h"

namespace qualm::formats::hf {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::string_view kSafetensors = ".safetensors";
constexpr std::string_view kIndex = ".safetensors.index.json";

std::vector<std::string> names_in(const fs::path& folder) {
  std::vector<std::string> names;
  std::error_code reason;
  for (fs::directory_iterator entry(folder, reason), end; !reason && entry != end;
       entry.increment(reason))
    names.push_back(entry->path().filename().string());
  std::ranges::sort(names);
  return names;
}

std::string first_ending(const std::vector<std::string>& names, std::string_view end) {
  const auto found =
      std::ranges::find_if(names, [&](const std::string& name) { return name.ends_with(end); });
  return found == names.end() ? std::string() : *found;
}

/// PyTorch's pickled weights; a folder may hold other *.bin, too.
std::string first_pickle(const std::vector<std::string>& names) {
  const auto found = std::ranges::find_if(names, [](const std::string& name) {
    const bool model = name.find("model") != std::string::npos;
    return (name.ends_with(".bin") && model) || name.ends_with(".pt") || name.ends_with(".pth");
  });
  return found == names.end() ? std::string() : *found;
}

Result<json> read_json(const fs::path& path) {
  QUALM_TRY(const auto file, map_file(path.string()));
  const auto bytes = file->bytes();
  return parse_json({reinterpret_cast<const char*>(bytes.data()), bytes.size()}, path.string(), "");
}

/// Null where there is no config.json.
Result<json> read_config_json(const fs::path& path) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return json();
  auto parsed = read_json(path);
  if (!parsed && parsed.error().code.starts_with("JSON"))
    return fail({Kind::input, "HF-002", path.string(), parsed.error().place,
                 parsed.error().expected, parsed.error().found,
                 "Fetch config.json of the model again."});
  return parsed;
}

/// The configuration's, else that of a file some quantizers write instead.
QuantizationConfig quantization_of(const fs::path& folder, const json& config) {
  QuantizationConfig found = quantization_config(config);
  for (const char* name : {"quantize_config.json", "quant_config.json", "hf_quant_config.json"}) {
    std::error_code ignored;
    if (!found.values.empty() || !fs::exists(folder / name, ignored)) continue;
    if (const auto parsed = read_json(folder / name)) found = quantization_config(*parsed);
  }
  return found;
}

struct Chosen {
  fs::path folder;
  std::string weights;  ///< what safetensors::open takes
};

Chosen choose(const std::string& path) {
  std::error_code ignored;
  if (fs::is_directory(path, ignored)) return {path, path};
  fs::path folder = fs::path(path).parent_path();
  if (folder.empty()) folder = ".";
  const std::string name = fs::path(path).filename().string();
  const bool all = name == "config.json" || name.find("-of-") != std::string::npos;
  return {folder, all && !name.ends_with(kIndex) ? folder.string() : path};
}

/// A folder of PEFT: what training added to a model, and no model.
Result<void> refuse_adapter(const Chosen& chosen, bool has_config) {
  std::error_code ignored;
  const fs::path config = chosen.folder / "adapter_config.json";
  const std::string name = fs::path(chosen.weights).filename().string();
  const bool given = name.starts_with("adapter_model");
  const bool folder = fs::is_directory(chosen.weights, ignored) && !has_config;
  if (!fs::exists(config, ignored) || (!given && !folder)) return {};
  std::string base = "its base model";
  if (const auto read = read_json(config))
    if (const auto found = read->find("base_model_name_or_path");
        found != read->end() && found->is_string())
      base = printable(found->get_ref<const std::string&>().substr(0, 200));
  return fail({Kind::input, "HF-013", chosen.folder.string(), "adapter_config.json", "a model",
               "a PEFT adapter, which holds changes to a model and no model",
               fmt::format("Merge it into {} first (peft: merge_and_unload, then save_pretrained) "
                           "and give the merged folder.",
                           base)});
}

Result<void> check_folder(const Chosen& chosen, bool has_config) {
  std::error_code ignored;
  if (!fs::is_directory(chosen.weights, ignored)) return {};
  const auto names = names_in(chosen.folder);
  if (first_ending(names, kSafetensors).empty()) {
    const std::string pickle = first_pickle(names);
    return fail({Kind::input, "HF-010", chosen.folder.string(), "", "weights in safetensors",
                 pickle.empty() ? "none" : "only pickled ones: " + pickle,
                 pickle.empty() ? "Fetch the model's *.safetensors into this folder."
                                : "A pickle can run code when it is read, so qualm does not: take "
                                  "the model's safetensors, or a GGUF."});
  }
  if (has_config) return {};
  return fail({Kind::input, "HF-001", chosen.folder.string(), "",
               "a config.json beside the weights", "none",
               "Fetch it from where the model comes from, or name the .safetensors file itself to "
               "look at its tensors."});
}

/// Whatever of the folder decides what the model does, in the order of names.
void add_files(const fs::path& folder, model::Checkpoint& checkpoint) {
  for (const std::string& name : names_in(folder)) {
    const bool counts = name.ends_with(".json") || name.ends_with(".model") ||
                        name.ends_with(".jinja") || name == "merges.txt" || name == "vocab.txt";
    std::error_code ignored;
    const fs::path path = folder / name;
    if (!counts || !fs::is_regular_file(path, ignored)) continue;
    const auto bytes = static_cast<std::uint64_t>(fs::file_size(path, ignored));
    std::vector<model::Region> regions;
    if (bytes > 0) regions.push_back({model::Region::Kind::metadata, 0, bytes, name});
    checkpoint.files.push_back({path.string(), bytes, std::move(regions)});
  }
}

void add_tokenizer(const fs::path& folder, const std::string& model_type,
                   model::Checkpoint& checkpoint) {
  std::vector<std::string> notes;
  const model::Tensor* embedding = checkpoint.find("token_embd.weight");
  const std::int64_t rows = embedding == nullptr ? 0 : embedding->row_count();
  const auto done = read_tokenizer(folder.string(), model_type, rows, checkpoint.metadata, notes);
  for (std::string& says : notes) checkpoint.notes.push_back({"tokenizer", std::move(says)});
  if (!done && done.error().code != "TOK-020") {
    checkpoint.lacks.push_back("a tokenizer that can be read: " + describe(done.error()));
  } else if (checkpoint.metadata.find("tokenizer.ggml.model") == nullptr) {
    checkpoint.lacks.emplace_back("a tokenizer (tokenizer.json or tokenizer.model in its folder)");
  }
}

/// Where the configuration says the model comes from.
void add_origin(const json& config, model::Metadata& metadata) {
  const auto found = config.find("_name_or_path");
  if (found == config.end() || !found->is_string()) return;
  const auto& origin = found->get_ref<const std::string&>();
  if (!origin.empty() && origin.size() <= 200)
    metadata.set("general.source.name_or_path", printable(origin));
}

void check_vocabulary(const Config& config, model::Checkpoint& checkpoint) {
  const model::Tensor* embedding = checkpoint.find("token_embd.weight");
  if (embedding == nullptr) return;
  const std::int64_t rows = embedding->row_count();
  if (config.family->writes_vocab_size)
    checkpoint.metadata.set(fmt::format("{}.vocab_size", config.family->architecture),
                            static_cast<std::uint64_t>(rows));
  if (config.vocab_size > 0 && rows != config.vocab_size)
    checkpoint.notes.push_back(
        {"config.json",
         fmt::format("vocab_size is {}, the embedding has {} rows", config.vocab_size, rows)});
  if (!config.tied && checkpoint.find("output.weight") == nullptr)
    checkpoint.notes.push_back(
        {"config.json",
         "the head is not tied to the embedding, but there is none: the embedding "
         "is used"});
}

/// A head that the flag drops and that is not the embedding: what reads the flag runs another model
/// than what reads the tensor.
Result<void> check_dropped_head(const Weight& head, model::Checkpoint& checkpoint) {
  constexpr std::int64_t kRows = 256;
  constexpr double kApart = 0.05;  // relative: twice the largest error of any float is 0.008
  const model::Tensor* embedding = checkpoint.find("token_embd.weight");
  if (embedding == nullptr || head.dims.size() != 2 || head.dims[0] != embedding->row_length())
    return {};
  std::vector<float> own(static_cast<std::size_t>(head.dims[0])), tied(own.size());
  double apart = 0, squares = 0;
  for (const std::int64_t row :
       model::sample_rows(std::min(head.dims[1], embedding->row_count()), kRows)) {
    QUALM_CHECK(head.data->rows(row, 1, own));
    QUALM_CHECK(embedding->data->rows(row, 1, tied));
    for (std::size_t i = 0; i < own.size(); ++i) {
      apart += (double{own[i]} - tied[i]) * (double{own[i]} - tied[i]);
      squares += double{tied[i]} * tied[i];
    }
  }
  const double share = squares > 0 ? std::sqrt(apart / squares) : 0;
  if (share > kApart)
    checkpoint.notes.push_back(
        {"tensor output.weight",
         fmt::format("tie_word_embeddings drops a head that is not the embedding: they differ by "
                     "{:.0f} % of their size (set it to false)",
                     100 * share),
         model::Note::Kind::mislabelled});
  return {};
}

void take_tensors(Tensors tensors, model::Checkpoint& checkpoint) {
  checkpoint.tensors = std::move(tensors.tensors);
  std::ranges::move(tensors.notes, std::back_inserter(checkpoint.notes));
}

/// A folder that holds a model, or may.
struct Folder {
  fs::path path;
  std::string weights;
  json config;
};

Result<Folder> open_folder(const std::string& path) {
  const Chosen chosen = choose(path);
  QUALM_TRY(json config, read_config_json(chosen.folder / "config.json"));
  QUALM_CHECK(refuse_adapter(chosen, !config.is_null()));
  QUALM_CHECK(check_folder(chosen, !config.is_null()));
  return Folder{chosen.folder, chosen.weights, std::move(config)};
}

Result<model::Checkpoint> checkpoint_of(const Folder& folder, const std::string& path) {
  QUALM_TRY(const auto container, safetensors::open(folder.weights));
  const QuantizationConfig quantization = quantization_of(folder.path, folder.config);
  QUALM_TRY(auto checkpoint, make_checkpoint(container, folder.config,
                                             (folder.path / "config.json").string(), quantization));
  checkpoint.path = path;
  if (folder.config.is_null()) return checkpoint;
  std::error_code ignored;
  const std::string name = fs::weakly_canonical(folder.path, ignored).filename().string();
  if (!name.empty()) checkpoint.metadata.set("general.name", name);
  add_files(folder.path, checkpoint);
  return checkpoint;
}

}  // namespace

Result<model::Checkpoint> make_checkpoint(const safetensors::Container& container,
                                          const json& config, const std::string& config_path,
                                          const QuantizationConfig& quantization) {
  model::Checkpoint checkpoint;
  checkpoint.files = container.files();
  for (const std::string& says : container.notes()) checkpoint.notes.push_back({"weights", says});
  if (config.is_null()) {
    QUALM_TRY(auto tensors, raw_tensors(container, quantization));
    take_tensors(std::move(tensors), checkpoint);
    checkpoint.lacks.emplace_back("a config.json beside its weights");
  } else {
    QUALM_TRY(Config read, read_config(config, config_path));
    checkpoint.metadata = std::move(read.metadata);
    checkpoint.lacks = std::move(read.lacks);
    for (std::string& says : read.notes)
      checkpoint.notes.push_back({"config.json", std::move(says)});
    QUALM_TRY(auto tensors, read.family != nullptr
                                ? canonical_tensors(container, quantization, read)
                                : raw_tensors(container, quantization));
    const std::optional<Weight> head = std::move(tensors.dropped_head);
    take_tensors(std::move(tensors), checkpoint);
    if (head) QUALM_CHECK(check_dropped_head(*head, checkpoint));
    if (read.family != nullptr) check_vocabulary(read, checkpoint);
    add_origin(config, checkpoint.metadata);
  }
  describe_quantization(quantization, checkpoint.tensors, checkpoint.metadata);
  checkpoint.format = scheme_of(checkpoint.tensors, quantization.method);
  return checkpoint;
}

bool is_model_folder(const std::string& path) {
  const auto names = names_in(path);
  return std::ranges::count(names, "config.json") > 0 ||
         !first_ending(names, kSafetensors).empty() || !first_pickle(names).empty();
}

Result<model::Checkpoint> read_without_tokenizer(const std::string& path) {
  QUALM_TRY(const Folder folder, open_folder(path));
  return checkpoint_of(folder, path);
}

Result<model::Checkpoint> read(const std::string& path) {
  QUALM_TRY(const Folder folder, open_folder(path));
  QUALM_TRY(auto checkpoint, checkpoint_of(folder, path));
  if (folder.config.is_null()) return checkpoint;
  const auto type = folder.config.find("model_type");
  if (checkpoint.find("token_embd.weight") != nullptr)
    add_tokenizer(folder.path,
                  type != folder.config.end() && type->is_string() ? type->get<std::string>() : "",
                  checkpoint);
  return checkpoint;
}

}  // namespace qualm::formats::hf
