#include "formats/imatrix/imatrix.h"

#include <fmt/format.h>

#include <algorithm>
#include <span>

#include "base/byte_reader.h"
#include "formats/gguf/gguf.h"

namespace qualm::formats {
namespace {

using model::Importance;
using model::ImportanceEntry;

constexpr std::string_view kSums = ".in_sum2";
constexpr std::string_view kCounts = ".counts";

/// An i32 that counts things of `each` bytes in the rest of the file.
Result<std::uint64_t> count(ByteReader& reader, std::string_view what, std::uint64_t each) {
  const std::uint64_t at = reader.offset();
  QUALM_TRY(const auto n, reader.number<std::int32_t>(what));
  if (n < 0 || static_cast<std::uint64_t>(n) > reader.remaining() / each)
    return fail(reader.error(
        4, at, what,
        {fmt::format("at most {}, what the rest of the file holds", reader.remaining() / each),
         fmt::format("{}", n), std::string(ByteReader::kDamaged)}));
  return static_cast<std::uint64_t>(n);
}

Result<std::string> text(ByteReader& reader, std::string_view what) {
  QUALM_TRY(const auto length, count(reader, what, 1));
  QUALM_TRY(const auto bytes, reader.bytes(what, length));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<ImportanceEntry> legacy_entry(ByteReader& reader) {
  ImportanceEntry entry;
  QUALM_TRY(entry.tensor, text(reader, "tensor name"));
  QUALM_TRY(const auto calls, reader.number<std::int32_t>("calls"));
  QUALM_TRY(const auto values, count(reader, "values", sizeof(float)));
  QUALM_TRY(const auto bytes, reader.bytes("values", values * sizeof(float)));
  entry.mean_squares.resize(values);
  std::ranges::copy(bytes, std::as_writable_bytes(std::span(entry.mean_squares)).begin());
  if (calls > 0)
    for (float& value : entry.mean_squares) value /= static_cast<float>(calls);
  return entry;
}

Result<Importance> read_legacy(const FileSource& file) {
  ByteReader reader(file.path(), "IMATRIX", file.bytes());
  constexpr std::uint64_t kLeastEntry = 12;
  QUALM_TRY(const auto entries, count(reader, "entries", kLeastEntry));
  Importance importance;
  for (std::uint64_t i = 0; i < entries; ++i) {
    QUALM_TRY(auto entry, legacy_entry(reader));
    importance.entries.push_back(std::move(entry));
  }
  if (reader.remaining() == 0) return importance;
  QUALM_CHECK(reader.number<std::int32_t>("chunks"));
  QUALM_TRY(importance.dataset, text(reader, "name of the data set"));
  return importance;
}

Result<std::vector<float>> values_of(const model::Tensor& tensor) {
  std::vector<float> values(static_cast<std::size_t>(tensor.parameters()));
  QUALM_CHECK(tensor.data->rows(0, tensor.row_count(), values));
  return values;
}

Result<ImportanceEntry> gguf_entry(const model::Checkpoint& file, const model::Tensor& sums) {
  ImportanceEntry entry;
  entry.tensor = sums.name.substr(0, sums.name.size() - kSums.size());
  const model::Tensor* counts = file.find(entry.tensor + std::string(kCounts));
  if (!counts || counts->parameters() != sums.row_count())
    return fail({Kind::input, "IMATRIX-006", file.path, "tensor " + sums.name,
                 fmt::format("{} counts beside it", sums.row_count()),
                 counts ? fmt::format("{}", counts->parameters()) : "none",
                 std::string(ByteReader::kDamaged)});
  QUALM_TRY(entry.mean_squares, values_of(sums));
  QUALM_TRY(const auto seen, values_of(*counts));
  const auto columns = static_cast<std::size_t>(sums.row_length());
  for (std::size_t m = 0; m < seen.size(); ++m) {
    const float n = seen[m] >= 0 && seen[m] < 1e15F ? seen[m] : 0.0F;  // NaN as well
    entry.counts.push_back(static_cast<std::int64_t>(n));
    for (std::size_t c = 0; c < columns; ++c)
      entry.mean_squares[m * columns + c] /= std::max(n, 1.0F);
  }
  return entry;
}

Result<Importance> read_gguf(const std::shared_ptr<const FileSource>& source) {
  QUALM_TRY(const auto file, gguf::read(source));
  if (file.metadata.string("general.type").value_or("") != "imatrix")
    return fail({Kind::input, "IMATRIX-005", source->path(), "general.type", "imatrix",
                 file.metadata.string("general.type").value_or("none"),
                 "Give the file that llama-imatrix wrote."});
  Importance importance;
  if (const auto* names = file.metadata.strings("imatrix.datasets"); names && !names->empty())
    importance.dataset = names->front();
  for (const model::Tensor& tensor : file.tensors) {
    if (!tensor.name.ends_with(kSums)) continue;
    QUALM_TRY(auto entry, gguf_entry(file, tensor));
    importance.entries.push_back(std::move(entry));
  }
  return importance;
}

}  // namespace

Result<Importance> read_imatrix(const std::shared_ptr<const FileSource>& file) {
  const auto bytes = file->bytes();
  const bool gguf = bytes.size() >= 4 && std::memcmp(bytes.data(), "GGUF", 4) == 0;
  return gguf ? read_gguf(file) : read_legacy(*file);
}

Result<Importance> read_imatrix(const std::string& path) {
  QUALM_TRY(const auto file, map_file(path));
  return read_imatrix(file);
}

}  // namespace qualm::formats
