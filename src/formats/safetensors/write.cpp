#include "formats/safetensors/write.h"

#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "base/file.h"

namespace qualm::safetensors {
namespace {

constexpr std::size_t kAlignment = 8;  // of the data: the header is filled up with blanks

std::string header_of(std::span<const codec::Part> parts,
                      const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header;
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::size_t offset = 0;
  for (const codec::Part& part : parts) {
    header[part.name] = {{"dtype", codec::dtype_name(part.dtype)},
                         {"shape", part.shape},
                         {"data_offsets", {offset, offset + part.bytes.size()}}};
    offset += part.bytes.size();
  }
  std::string text = header.dump();
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  const std::uint64_t length = text.size();
  std::string out(sizeof(length), '\0');
  std::memcpy(out.data(), &length, sizeof(length));
  return out + text;
}

}  // namespace

Result<void> write(const std::string& path, std::span<const codec::Part> parts,
                   const std::map<std::string, std::string>& metadata) {
  const std::string header = header_of(parts, metadata);
  std::vector<std::span<const std::byte>> all{std::as_bytes(std::span(header))};
  for (const codec::Part& part : parts) all.push_back(part.bytes);
  return write_file(path, all);
}

}  // namespace qualm::safetensors
