#include "formats/safetensors/header.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <tuple>

#include "base/byte_reader.h"
#include "base/checked.h"
#include "formats/json.h"
#include "formats/safetensors/refusal.h"

namespace qualm::safetensors {
namespace {

using nlohmann::json;

constexpr std::uint64_t kLengthBytes = 8;
constexpr std::uint64_t kMaxHeader = 100'000'000;

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

struct OtherKind {
  std::string_view magic, name, advice;
};

constexpr std::array<OtherKind, 8> kOthers{{
    {"GGUF", "a GGUF file", "Give it to qualm under its own name, ending in .gguf."},
    {"PK\x03\x04", "a ZIP archive, as PyTorch writes .bin and .pt",
     "Convert it to safetensors; archives that hold pickled code are not opened."},
    {"\x80\x02", "a pickle", "Convert it to safetensors; pickled code is not opened."},
    {"version https://git-lfs", "a Git LFS pointer, not the file itself",
     "Fetch the file: git lfs pull."},
    {"\x89HDF", "an HDF5 file", "Convert it to safetensors."},
    {"<!DOCTYPE", "an HTML page", "The download failed; fetch the file again."},
    {"<html", "an HTML page", "The download failed; fetch the file again."},
    {"{", "JSON text", "If it is an index, its name must end in .index.json."},
}};

/// An impossible length may mean another kind of file: name it where the first bytes tell.
std::unexpected<Error> refuse_length(const FileSource& file, std::string code, std::string place,
                                     std::string expected, std::string found) {
  const std::string_view text = text_of(file.bytes());
  for (const OtherKind& other : kOthers) {
    if (text.starts_with(other.magic))
      return refuse(file.path(), {"ST-012", "byte 0", "a safetensors file", std::string(other.name),
                                  std::string(other.advice)});
  }
  return refuse(file.path(),
                {std::move(code), std::move(place), std::move(expected), std::move(found)});
}

/// A tensor as the header states it.
struct Claim {
  std::string name;
  codec::Dtype dtype = codec::Dtype::kU8;
  std::vector<std::uint64_t> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

std::string place_of(const std::string& tensor) { return "tensor " + tensor; }

std::optional<std::vector<std::uint64_t>> unsigned_list(const json& object, const char* key) {
  const auto found = object.find(key);
  if (found == object.end() || !found->is_array()) return std::nullopt;
  std::vector<std::uint64_t> values;
  for (const json& item : *found) {
    if (!item.is_number_unsigned()) return std::nullopt;
    values.push_back(item.get<std::uint64_t>());
  }
  return values;
}

Result<Claim> read_claim(const FileSource& file, const std::string& name, const json& info) {
  const auto wrong = [&](std::string expected) {
    return refuse(file.path(), {"ST-005", place_of(name), std::move(expected), "something else"});
  };
  if (!info.is_object()) return wrong("an object with dtype, shape and data_offsets");
  const auto dtype = info.find("dtype");
  if (dtype == info.end() || !dtype->is_string()) return wrong("a dtype as a string");
  const auto known = codec::dtype_from_name(dtype->get_ref<const std::string&>());
  if (!known)
    return refuse(file.path(), {"ST-006", place_of(name), "a dtype of safetensors, such as F16",
                                dtype->get<std::string>(),
                                "Written by a newer version? Tell us about the file."});
  auto shape = unsigned_list(info, "shape");
  if (!shape) return wrong("a shape of integers >= 0");
  const auto offsets = unsigned_list(info, "data_offsets");
  if (!offsets || offsets->size() != 2) return wrong("two data_offsets >= 0");
  return Claim{name, *known, std::move(*shape), (*offsets)[0], (*offsets)[1]};
}

Result<std::map<std::string, std::string>> read_metadata(const FileSource& file,
                                                         const json& value) {
  std::map<std::string, std::string> metadata;
  if (value.is_null()) return metadata;
  const bool strings = value.is_object() && std::ranges::all_of(value, [](const json& item) {
                         return item.is_string();
                       });
  if (!strings)
    return refuse(file.path(),
                  {"ST-005", "header, __metadata__", "an object of strings", "something else"});
  for (const auto& [key, item] : value.items()) metadata.emplace(key, item.get<std::string>());
  return metadata;
}

/// Bytes that dtype and shape need, multiplied in the reference's order.
Result<std::uint64_t> needed_bytes(const FileSource& file, const Claim& claim) {
  std::optional<std::uint64_t> elements = 1;
  for (const std::uint64_t n : claim.shape) {
    if (elements) elements = checked_multiply(*elements, n);
    if (n > std::numeric_limits<std::int64_t>::max())
      return refuse(file.path(), {"ST-013", place_of(claim.name), "dimensions below 2^63",
                                  fmt::format("{}", n)});
  }
  const auto width = static_cast<std::uint64_t>(codec::dtype_bits(claim.dtype));
  const auto bits = elements ? checked_multiply(*elements, width) : std::nullopt;
  if (!bits)
    return refuse(file.path(), {"ST-009", place_of(claim.name),
                                "a shape whose size fits into 64 bits", "an overflow"});
  if (*bits % 8 != 0)
    return refuse(file.path(), {"ST-010", place_of(claim.name), "a whole number of bytes",
                                fmt::format("{} bits", *bits)});
  return *bits / 8;
}

/// The tensors must follow each other without hole or overlap and end with the file.
Result<void> check_layout(const FileSource& file, const std::vector<Claim>& claims,
                          std::uint64_t data_bytes) {
  std::uint64_t start = 0;
  for (const Claim& claim : claims) {
    if (claim.begin != start || claim.end < claim.begin)
      return refuse(
          file.path(),
          {"ST-007", place_of(claim.name),
           fmt::format("data_offsets that begin at {}, where the data before it ends", start),
           fmt::format("[{}, {}]", claim.begin, claim.end)});
    QUALM_TRY(const std::uint64_t needed, needed_bytes(file, claim));
    if (claim.end - claim.begin != needed)
      return refuse(file.path(), {"ST-008", place_of(claim.name),
                                  fmt::format("{} bytes, as dtype and shape say", needed),
                                  fmt::format("{}", claim.end - claim.begin)});
    start = claim.end;
  }
  if (start == data_bytes) return {};
  return refuse(file.path(),
                {"ST-011", "after the header", fmt::format("{} bytes of tensors", start),
                 fmt::format("{}", data_bytes)});
}

Result<std::pair<json, std::uint64_t>> parse_header(const FileSource& file) {
  const std::span<const std::byte> bytes = file.bytes();
  ByteReader reader(file.path(), "ST", bytes);
  QUALM_TRY(const auto length, reader.number<std::uint64_t>("header length"));  // ST-001
  if (length > kMaxHeader)
    return refuse_length(file, "ST-002", "byte 0, header length",
                         fmt::format("at most {} bytes", kMaxHeader), fmt::format("{}", length));
  if (length > bytes.size() - kLengthBytes)
    return refuse(file.path(),
                  {"ST-003", "byte 0, header length",
                   fmt::format("at most the {} bytes that follow", bytes.size() - kLengthBytes),
                   fmt::format("{}", length)});
  const std::string_view text = text_of(bytes.subspan(kLengthBytes, length));
  auto parsed = formats::parse_json(text, file.path(), "header", {.values = 4'000'000});
  if (!parsed) {
    const Error& error = parsed.error();
    return refuse(file.path(), {error.code == "JSON-006" ? "ST-004" : "ST-005", "byte 8, header",
                                error.expected, error.found});
  }
  if (!parsed->is_object())
    return refuse(file.path(), {"ST-005", "byte 8, header", "a JSON object", parsed->type_name()});
  return std::pair(std::move(*parsed), length);
}

/// Where the JSON ends and the spaces begin that pad it.
std::uint64_t json_end(const FileSource& file, std::uint64_t length) {
  const std::string_view text = text_of(file.bytes().subspan(kLengthBytes, length));
  return kLengthBytes + text.find_last_not_of(" \t\r\n") + 1;
}

}  // namespace

Result<Header> read_header(const std::shared_ptr<const FileSource>& file) {
  QUALM_TRY(const auto parsed, parse_header(*file));
  const auto& [root, length] = parsed;
  const std::uint64_t data_begin = kLengthBytes + length;
  Header header;
  std::vector<Claim> claims;
  for (const auto& [name, info] : root.items()) {
    if (name == "__metadata__") {
      QUALM_TRY(header.metadata, read_metadata(*file, info));
    } else {
      QUALM_TRY(auto claim, read_claim(*file, name, info));
      claims.push_back(std::move(claim));
    }
  }
  std::ranges::sort(claims, {}, [](const Claim& claim) {
    return std::tuple<std::uint64_t, std::uint64_t, const std::string&>(claim.begin, claim.end,
                                                                        claim.name);
  });
  QUALM_CHECK(check_layout(*file, claims, file->bytes().size() - data_begin));

  using Region = model::Region;
  const std::uint64_t text_end = json_end(*file, length);
  header.regions = {file->path(), file->bytes().size(), {}, file};
  const auto attribute = [&](Region::Kind kind, std::uint64_t begin, std::uint64_t end,
                             std::string name) {
    if (end > begin) header.regions.regions.push_back({kind, begin, end, std::move(name)});
  };
  attribute(Region::Kind::header, 0, kLengthBytes, "header length");
  attribute(Region::Kind::tensor_info, kLengthBytes, text_end, "header");
  attribute(Region::Kind::padding, text_end, data_begin, "header");
  for (Claim& claim : claims) {
    attribute(Region::Kind::tensor, data_begin + claim.begin, data_begin + claim.end, claim.name);
    header.parts.push_back(
        {std::move(claim.name),
         claim.dtype,
         {claim.shape.begin(), claim.shape.end()},
         file->bytes().subspan(data_begin + claim.begin, claim.end - claim.begin),
         file});
  }
  return header;
}

}  // namespace qualm::safetensors
