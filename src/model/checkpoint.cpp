#include "model/checkpoint.h"

#include <algorithm>
#include <numeric>

namespace qualm::model {

std::int64_t Tensor::parameters() const noexcept {
  return std::accumulate(dims.begin(), dims.end(), std::int64_t{1}, std::multiplies<>());
}

std::int64_t Tensor::row_length() const noexcept { return dims.empty() ? 1 : dims[0]; }

std::int64_t Tensor::row_count() const noexcept {
  const std::int64_t length = row_length();
  return length == 0 ? 0 : parameters() / length;
}

double Tensor::bits_per_weight() const noexcept {
  const std::int64_t count = parameters();
  return count == 0 ? 0.0 : 8.0 * static_cast<double>(bytes) / static_cast<double>(count);
}

const Tensor* Checkpoint::find(std::string_view name) const noexcept {
  const auto it = std::ranges::find(tensors, name, &Tensor::name);
  return it == tensors.end() ? nullptr : &*it;
}

std::string Checkpoint::architecture() const {
  return metadata.string("general.architecture").value_or("");
}

std::optional<std::int64_t> Checkpoint::arch_integer(std::string_view suffix) const {
  return metadata.integer(architecture() + "." + std::string(suffix));
}

std::int64_t Checkpoint::parameters() const noexcept {
  return std::accumulate(tensors.begin(), tensors.end(), std::int64_t{0},
                         [](std::int64_t sum, const Tensor& t) { return sum + t.parameters(); });
}

std::int64_t Checkpoint::tensor_bytes() const noexcept {
  return std::accumulate(tensors.begin(), tensors.end(), std::int64_t{0},
                         [](std::int64_t sum, const Tensor& t) { return sum + t.bytes; });
}

std::uint64_t Checkpoint::file_bytes() const noexcept {
  return std::accumulate(files.begin(), files.end(), std::uint64_t{0},
                         [](std::uint64_t sum, const SourceFile& f) { return sum + f.bytes; });
}

double Checkpoint::bits_per_weight() const noexcept {
  const std::int64_t count = parameters();
  return count == 0 ? 0.0 : 8.0 * static_cast<double>(tensor_bytes()) / static_cast<double>(count);
}

bool Checkpoint::tied_embeddings() const noexcept {
  return find("token_embd.weight") != nullptr && find("output.weight") == nullptr;
}

void Checkpoint::release_pages() const noexcept {
  for (const SourceFile& file : files)
    if (file.source) file.source->release_pages();
}

}  // namespace qualm::model
