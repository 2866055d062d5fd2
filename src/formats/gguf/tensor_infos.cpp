#include "formats/gguf/tensor_infos.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <string_view>
#include <unordered_set>

#include "base/checked.h"
#include "base/units.h"
#include "codec/ggml.h"
#include "formats/gguf/pairs.h"
#include "formats/gguf/type_names.h"

namespace qualm::gguf {
namespace {

constexpr std::uint32_t kMaxDims = 4;  // GGML_MAX_DIMS
constexpr std::size_t kMaxName = 63;   // GGML_MAX_NAME - 1
constexpr auto kMaxInt64 = std::numeric_limits<std::int64_t>::max();

std::string shape_text(const std::vector<std::int64_t>& dims) {
  return fmt::format("[{}]", fmt::join(dims, ", "));
}

class InfoReader {
 public:
  explicit InfoReader(ByteReader& reader) : reader_(reader) {}

  Result<TensorInfo> read() {
    TensorInfo info;
    QUALM_TRY(info.name, read_name());
    QUALM_TRY(info.dims, read_dims(info.name));
    QUALM_CHECK(read_type(info));
    info.info_at = reader_.offset();
    QUALM_TRY(info.offset, reader_.number<std::uint64_t>("offset of " + info.name));
    return info;
  }

 private:
  Result<std::string> read_name() {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto name, reader_.string("tensor name", kMaxString));
    if (name.size() > kMaxName || name.contains('\0'))
      return fail(reader_.error(
          14, at, "tensor name",
          {fmt::format("at most {} bytes, none of them NUL", kMaxName),
           name.size() > kMaxName ? fmt::format("{} bytes", grouped(name.size())) : shown(name),
           std::string(ByteReader::kDamaged)}));
    if (!names_.insert(name).second)
      return fail(
          reader_.error(15, at, "tensor name",
                        {"each tensor once", shown(name) + " a second time",
                         "Two tools wrote into this file, or it is damaged: make it anew."}));
    return std::string(name);
  }

  Result<std::vector<std::int64_t>> read_dims(const std::string& name) {
    std::uint64_t at = reader_.offset();
    QUALM_TRY(const auto count, reader_.number<std::uint32_t>("dimensions of " + name));
    if (count > kMaxDims)
      return fail(reader_.error(16, at, "dimensions of " + name,
                                {fmt::format("at most {}", kMaxDims), grouped(count),
                                 std::string(ByteReader::kDamaged)}));
    std::vector<std::int64_t> dims;
    std::int64_t product = 1;  // of those that are not zero: what they multiply to must fit, too
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint64_t dim_at = reader_.offset();
      QUALM_TRY(const auto dim, reader_.number<std::int64_t>("shape of " + name));
      if (dim < 0)
        return fail(reader_.error(
            17, dim_at, "shape of " + name,
            {"sizes of 0 or more", fmt::format("{}", dim), std::string(ByteReader::kDamaged)}));
      dims.push_back(dim);
      const auto next = checked_multiply(product, dim == 0 ? 1 : dim);
      product = next.value_or(kMaxInt64);
    }
    if (product == kMaxInt64)
      return fail(reader_.error(
          18, at + sizeof(count), "shape of " + name,
          {"fewer than 2^63 - 1 weights", shape_text(dims), std::string(ByteReader::kDamaged)}));
    return dims;
  }

  Result<void> read_type(TensorInfo& info) {
    const std::uint64_t at = reader_.offset();
    QUALM_TRY(info.type, reader_.number<std::int32_t>("type of " + info.name));
    const auto facts = codec::ggml_type_facts(info.type);
    if (!facts) return fail(unknown_type(info, at));
    info.type_name = facts->name;
    const std::int64_t row = info.dims.empty() ? 1 : info.dims[0];
    if (row % facts->weights != 0)
      return fail(reader_.error(
          22, at, "type of " + info.name,
          {fmt::format("rows of a multiple of {} weights for {}", facts->weights, facts->name),
           fmt::format("rows of {}", row), std::string(ByteReader::kDamaged)}));
    std::int64_t weights = 1;
    for (const std::int64_t dim : info.dims) weights *= dim;
    const auto bytes = checked_multiply(weights / facts->weights, facts->bytes);
    if (!bytes)
      return fail(reader_.error(18, at, "type of " + info.name,
                                {"fewer than 2^63 bytes", facts->name + " " + shape_text(info.dims),
                                 std::string(ByteReader::kDamaged)}));
    info.bytes = static_cast<std::uint64_t>(*bytes);
    return {};
  }

  Error unknown_type(const TensorInfo& info, std::uint64_t at) const {
    const ForeignType foreign = foreign_type(info.type);
    const int code = foreign.origin == ForeignType::Origin::removed        ? 20
                     : foreign.origin == ForeignType::Origin::ik_llama_cpp ? 21
                                                                           : 19;
    return reader_.error(code, at, "type of " + info.name,
                         {"a type that this libggml knows", foreign.says, foreign.advice});
  }

  ByteReader& reader_;
  std::unordered_set<std::string_view> names_;  ///< views into the file
};

Error misplaced(const ByteReader& reader, const TensorInfo& info, std::uint64_t expected,
                std::uint64_t alignment) {
  std::string found = grouped(info.offset);
  if (info.offset % alignment != 0) {
    found += fmt::format(", not a multiple of {}", alignment);
  } else if (info.offset < expected) {
    found +=
        fmt::format(", {} bytes into data of tensors before it", grouped(expected - info.offset));
  } else {
    found += fmt::format(", leaving a hole of {} bytes", grouped(info.offset - expected));
  }
  return reader.error(23, info.info_at, "offset of " + info.name,
                      {expected == 0 ? "0, where the data begins"
                                     : grouped(expected) + ", where the tensor before it ends",
                       std::move(found),
                       "The header was altered or written by a faulty tool: make the file anew."});
}

}  // namespace

Result<std::vector<TensorInfo>> read_infos(ByteReader& reader, std::uint64_t count) {
  std::vector<TensorInfo> infos;
  infos.reserve(std::min<std::uint64_t>(count, 4096));
  InfoReader one(reader);
  for (std::uint64_t i = 0; i < count; ++i) {
    QUALM_TRY(auto info, one.read());
    infos.push_back(std::move(info));
  }
  return infos;
}

Result<void> place(std::vector<TensorInfo>& infos, const ByteReader& reader,
                   std::uint64_t alignment, std::uint64_t file_bytes) {
  // reader.offset() < 2^63, alignment < 2^32: no overflow.
  const std::uint64_t data = *checked_round_up(reader.offset(), alignment);
  std::uint64_t expected = 0;
  for (TensorInfo& info : infos) {
    if (info.offset != expected) return fail(misplaced(reader, info, expected, alignment));
    const std::uint64_t begin = data + expected;
    if (begin > file_bytes || info.bytes > file_bytes - begin) {
      Error error = reader.error(
          24, 0, "",
          {fmt::format("{} bytes from byte {} on", grouped(info.bytes), grouped(begin)),
           fmt::format("a file of {} bytes", grouped(file_bytes)),
           "The file is cut short: download or copy it again."});
      error.place = "tensor " + info.name;
      return fail(std::move(error));
    }
    info.offset = begin;
    // Inside the file, hence far from overflow.
    expected = *checked_round_up(expected + info.bytes, alignment);
  }
  return {};
}

}  // namespace qualm::gguf
