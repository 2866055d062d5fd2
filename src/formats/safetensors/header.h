// The header of one safetensors file: from bytes to checked parts. Internal to this folder.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/error.h"
#include "base/file.h"
#include "codec/part.h"
#include "model/checkpoint.h"

namespace qualm::safetensors {

struct Header {
  std::vector<codec::Part> parts;  ///< in the order of their bytes
  std::map<std::string, std::string> metadata;
  model::SourceFile regions;
};

/// Errors: ST-001 .. ST-013, see safetensors.h.
[[nodiscard]] Result<Header> read_header(const std::shared_ptr<const FileSource>& file);

}  // namespace qualm::safetensors
