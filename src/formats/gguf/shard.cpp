#include "formats/gguf/shard.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <string>
#include <string_view>
#include <utility>

#include "base/byte_reader.h"
#include "base/checked.h"
#include "codec/ggml.h"
#include "formats/gguf/identify.h"
#include "formats/gguf/pairs.h"
#include "formats/gguf/tensor_infos.h"

namespace qualm::gguf {
namespace {

using model::Region;

constexpr std::string_view kMagic = "GGUF";
constexpr std::uint32_t kNewest = 3;

std::string text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

Result<void> read_magic(ByteReader& reader, std::span<const std::byte> file) {
  const auto head = file.first(std::min(file.size(), kMagic.size()));
  if (text_of(head) == kMagic) {
    QUALM_CHECK(reader.bytes("magic", kMagic.size()));
    return {};
  }
  if (!head.empty() && kMagic.starts_with(text_of(head)))
    return fail(reader.error(
        1, 0, "magic",
        {"4 bytes", fmt::format("{} in all", head.size()), std::string(ByteReader::kDamaged)}));
  auto [name, advice] = identify(file);
  return fail(reader.error(4, 0, "magic", {"a GGUF", std::move(name), std::move(advice)}));
}

Result<std::uint32_t> read_version(ByteReader& reader) {
  const std::uint64_t at = reader.offset();
  QUALM_TRY(const auto version, reader.number<std::uint32_t>("version"));
  if (version == 2 || version == kNewest) return version;
  const std::uint32_t swapped = __builtin_bswap32(version);
  if (swapped >= 1 && swapped <= kNewest)
    return fail(reader.error(5, at, "version",
                             {"2 or 3", fmt::format("{} in big-endian bytes", swapped),
                              "The file was made for big-endian machines (s390x): convert the "
                              "original without --bigendian."}));
  if (version < 2)
    return fail(
        reader.error(6, at, "version",
                     {"2 or 3", fmt::format("{}", version),
                      "GGUF 1 was in use for some weeks of 2023 and no runtime reads it any "
                      "more: take a newer file."}));
  return fail(reader.error(7, at, "version",
                           {"2 or 3", fmt::format("{}", version),
                            "Either the file is damaged, or it needs a newer qualm."}));
}

/// Appends regions that follow each other, leaving out empty ones.
class Regions {
 public:
  void add(Region::Kind kind, std::uint64_t end, std::string name = {}) {
    if (end > end_) regions_.push_back({kind, end_, end, std::move(name)});
    end_ = std::max(end_, end);
  }
  [[nodiscard]] std::vector<Region> take() && { return std::move(regions_); }

 private:
  std::vector<Region> regions_;
  std::uint64_t end_ = 0;
};

/// Padding up to the next multiple counts as such even where the file ends inside it.
void add_padding(Regions& regions, std::uint64_t from, std::uint64_t origin,
                 std::uint64_t alignment, std::uint64_t file_bytes) {
  const auto end = checked_round_up(from - origin, alignment);
  regions.add(Region::Kind::padding, std::min(file_bytes, end ? origin + *end : file_bytes));
}

Result<model::Tensor> tensor_from(const TensorInfo& info,
                                  const std::shared_ptr<const FileSource>& file) {
  model::Tensor tensor{
      info.name, info.dims, {info.type_name, info.type}, static_cast<std::int64_t>(info.bytes), {}};
  QUALM_TRY(tensor.data, codec::make_ggml(info.type, tensor.row_count(), tensor.row_length(),
                                          file->bytes().subspan(info.offset, info.bytes), file));
  return tensor;
}

}  // namespace

Result<Shard> read_shard(const std::shared_ptr<const FileSource>& file) {
  ByteReader reader(file->path(), "GGUF", file->bytes());
  const std::uint64_t file_bytes = file->bytes().size();
  Shard shard;
  QUALM_CHECK(read_magic(reader, file->bytes()));
  QUALM_TRY(shard.version, read_version(reader));
  QUALM_TRY(const auto tensors, reader.count("tensor count", kSmallestInfo));
  QUALM_TRY(const auto pair_count, reader.count("metadata count", kSmallestPair));

  Regions regions;
  regions.add(Region::Kind::header, reader.offset());
  QUALM_TRY(auto pairs, read_pairs(reader, pair_count));
  regions.add(Region::Kind::metadata, reader.offset());
  QUALM_TRY(auto infos, read_infos(reader, tensors));
  regions.add(Region::Kind::tensor_info, reader.offset());
  const std::uint64_t alignment = pairs.alignment;
  QUALM_CHECK(place(infos, reader, alignment, file_bytes));

  add_padding(regions, reader.offset(), 0, alignment, file_bytes);
  const std::uint64_t data = infos.empty() ? file_bytes : infos.front().offset;
  for (const TensorInfo& info : infos) {
    QUALM_TRY(auto tensor, tensor_from(info, file));
    shard.tensors.push_back(std::move(tensor));
    regions.add(Region::Kind::tensor, info.offset + info.bytes, info.name);
    add_padding(regions, info.offset + info.bytes, data, alignment, file_bytes);
  }
  regions.add(Region::Kind::trailing, file_bytes);
  shard.metadata = std::move(pairs.metadata);
  shard.source = {file->path(), file_bytes, std::move(regions).take(), file};
  return shard;
}

}  // namespace qualm::gguf
