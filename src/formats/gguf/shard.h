// One GGUF file: header, pairs, infos, and what each of its bytes is for. Internal to this folder.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "model/checkpoint.h"

namespace qualm::gguf {

struct Shard {
  std::uint32_t version = 0;
  model::Metadata metadata;
  std::vector<model::Tensor> tensors;
  model::SourceFile source;
};

/// Errors: GGUF-001 .. GGUF-024.
[[nodiscard]] Result<Shard> read_shard(const std::shared_ptr<const FileSource>& file);

}  // namespace qualm::gguf
