#include "formats/safetensors/safetensors.h"

#include <fmt/format.h>

#include <utility>

#include "formats/safetensors/header.h"

namespace qualm::safetensors {

const codec::Part* Container::find(std::string_view name) const noexcept {
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : &tensors_[found->second];
}

Result<void> Container::add(const std::shared_ptr<const FileSource>& file) {
  QUALM_TRY(Header header, read_header(file));
  for (const codec::Part& part : header.parts) {
    if (const codec::Part* other = find(part.name))
      return fail({Kind::input, "ST-014", file->path(), "tensor " + part.name,
                   "each tensor in one file", "it also in " + other->file->path(),
                   "Remove the files of another model from the folder."});
  }
  for (codec::Part& part : header.parts) {
    by_name_.emplace(part.name, tensors_.size());
    tensors_.push_back(std::move(part));
  }
  metadata_.merge(header.metadata);
  files_.push_back(std::move(header.regions));
  return {};
}

Result<Container> open_file(const std::shared_ptr<const FileSource>& file) {
  Container container;
  QUALM_CHECK(container.add(file));
  return container;
}

}  // namespace qualm::safetensors
