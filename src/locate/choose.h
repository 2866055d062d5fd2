// Which file of a repository is meant, by the rules of llama.cpp's -hf.
#pragma once

#include <string>
#include <vector>

namespace qualm::locate {

/// A GGUF that is a model: no projector, importance matrix or draft model by its name, and no later
/// shard of a split model.
[[nodiscard]] bool is_model_file(const std::string& path);

/// The models whose path has `tag`, in any letter case, with . or - behind it. Without a tag those
/// of Q4_K_M, else those of Q8_0, else all. llama.cpp takes the first of them, in the order of the
/// folder, which nobody chose.
[[nodiscard]] std::vector<std::string> choose(const std::vector<std::string>& files,
                                              const std::string& tag);

/// The quant type that the file's name ends with, as llama.cpp reads it: "Q4_K_M"; or "".
[[nodiscard]] std::string tag_of(const std::string& path);

/// The name that `file` of the repository `id` has: id:TAG where that means this file alone, else
/// id/FILE.
[[nodiscard]] std::string name_of(const std::string& id, const std::string& file,
                                  const std::vector<std::string>& files);

/// The files hold weights of a Hugging Face model, and no GGUF of a model.
[[nodiscard]] bool is_safetensors_model(const std::vector<std::string>& files);

}  // namespace qualm::locate
