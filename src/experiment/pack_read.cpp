#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "base/sha256.h"
#include "experiment/pack_columns.h"
#include "experiment/pack_description.h"
#include "experiment/reference_pack.h"
#include "formats/safetensors/safetensors.h"

namespace qualm::experiment {
namespace {

using codec::Dtype;
using Windows = PackDescription::Windows;

constexpr std::size_t kPeek = 4096;  // bytes in which a pack names itself

/// Tensors of one text, copied into vectors once their shapes are known to be right.
class TensorReader {
 public:
  TensorReader(const safetensors::Container& tensors, std::string file)
      : tensors_(tensors), file_(std::move(file)) {}

  template <class T>
  [[nodiscard]] Result<std::vector<T>> read(const std::string& name, Dtype dtype,
                                            std::vector<std::int64_t> shape) const {
    const codec::Part* part = tensors_.find(name);
    const std::string expected =
        fmt::format("{} [{}]", codec::dtype_name(dtype), fmt::join(shape, ", "));
    if (!part) return refuse_pack(file_, "PACK-004", "tensor " + name, expected, "no such tensor");
    if (part->dtype != dtype || part->shape != shape)
      return refuse_pack(file_, "PACK-004", "tensor " + name, expected, codec::shape_text(*part));
    std::vector<T> values(part->bytes.size() / sizeof(T));
    if (!values.empty()) std::memcpy(values.data(), part->bytes.data(), part->bytes.size());
    return values;
  }
  [[nodiscard]] Result<TokenColumns> tokens(const std::string& name, std::int64_t rows,
                                            std::size_t width) const {
    const std::vector<std::int64_t> shape{rows, static_cast<std::int64_t>(width)};
    TokenColumns columns{width, {}, {}};
    QUALM_TRY(columns.ids, read<std::int32_t>(name + ".id", Dtype::kI32, shape));
    QUALM_TRY(columns.log_p, read<float>(name + ".log_p", Dtype::kF32, shape));
    return columns;
  }
  [[nodiscard]] Result<std::string> text(const std::string& name) const {
    const codec::Part* part = tensors_.find(name);
    if (!part || part->dtype != Dtype::kU8 || part->shape.size() != 1)
      return refuse_pack(file_, "PACK-004", "tensor " + name, "U8 [bytes]",
                         part ? codec::shape_text(*part) : "no such tensor");
    if (part->bytes.empty())
      return refuse_pack(file_, "PACK-004", "tensor " + name, "a text", "none");
    return std::string(reinterpret_cast<const char*>(part->bytes.data()), part->bytes.size());
  }
  [[nodiscard]] const std::string& file() const { return file_; }

 private:
  const safetensors::Container& tensors_;
  std::string file_;
};

bool is_permutation_of_indices(std::vector<std::int32_t> order) {
  std::ranges::sort(order);
  for (std::size_t i = 0; i < order.size(); ++i)
    if (order[i] != static_cast<std::int32_t>(i)) return false;
  return true;
}

Result<evaluate::TextWindows> windows_of(const std::string& in, const Windows& described,
                                         const TensorReader& reader, std::int64_t vocab_size) {
  evaluate::TextWindows windows{.tokens = {},
                                .ctx_size = described.ctx_size,
                                .first = described.first,
                                .last = described.last,
                                .order = {}};
  QUALM_TRY(windows.tokens, reader.read<engine::Token>(in + "tokens", Dtype::kI32,
                                                       {described.count, described.ctx_size}));
  QUALM_TRY(windows.order, reader.read<std::int32_t>(in + "order", Dtype::kI32, {described.count}));
  if (!is_permutation_of_indices(windows.order))
    return refuse_pack(reader.file(), "PACK-005", "tensor " + in + "order", "each window once",
                       "another order");
  const auto lies = std::ranges::find_if(
      windows.tokens, [&](engine::Token token) { return token < 0 || token >= vocab_size; });
  if (lies != windows.tokens.end())
    return refuse_pack(reader.file(), "PACK-005", "tensor " + in + "tokens",
                       fmt::format("tokens of a vocabulary of {}", vocab_size),
                       fmt::format("{}", *lies));
  return windows;
}

Result<void> read_rows(const TensorReader& reader, std::int64_t vocab_size, PackText& text) {
  const std::string in = text.name + "/";
  const std::int64_t rows = std::int64_t{text.windows.count()} * text.windows.rows();
  RowColumns columns;
  QUALM_TRY(columns.nll, reader.read<double>(in + "nll", Dtype::kF64, {rows}));
  QUALM_TRY(columns.rest, reader.read<double>(in + "rest", Dtype::kF64, {rows}));
  QUALM_TRY(columns.top, reader.tokens(in + "top", rows, kPackTokens));
  QUALM_TRY(columns.drawn, reader.tokens(in + "drawn", rows, evaluate::kDraws));
  if (const auto wrong = from_columns(columns, text.windows, vocab_size, text.kept))
    return refuse_pack(reader.file(), "PACK-005", "text " + text.name, "a distribution", *wrong);
  return {};
}

Result<void> read_scores(const TensorReader& reader, const std::string& type, PackText& text) {
  const std::string of = text.name + "/" + type + "/";
  const std::int64_t rows = std::int64_t{text.windows.count()} * text.windows.rows();
  ScoreColumns columns;
  QUALM_TRY(columns.nll, reader.read<float>(of + "nll", Dtype::kF32, {rows}));
  QUALM_TRY(columns.kld, reader.read<float>(of + "kld", Dtype::kF32, {rows}));
  QUALM_TRY(columns.flags, reader.read<std::uint8_t>(of + "flags", Dtype::kU8, {rows}));
  if (const auto wrong = from_columns(columns, text.windows, text.kept, text.scores.emplace_back()))
    return refuse_pack(reader.file(), "PACK-005", "type " + type, "scores", *wrong);
  return {};
}

Result<void> read_text(const TensorReader& reader, const Windows& described,
                       const ReferencePack& pack, PackText& text) {
  const std::string in = text.name + "/";
  QUALM_TRY(text.windows, windows_of(in, described, reader, pack.vocab_size));
  QUALM_TRY(text.text, reader.text(in + "text"));
  QUALM_CHECK(read_rows(reader, pack.vocab_size, text));
  for (const PackType& type : pack.types) QUALM_CHECK(read_scores(reader, type.name, text));
  return {};
}

Result<PackDescription> description_in(const safetensors::Container& tensors,
                                       const FileSource& file) {
  const auto key = tensors.metadata().find(kPackKey);
  if (key == tensors.metadata().end())
    return fail({Kind::input, "PACK-001", file.path(), fmt::format("key {}", kPackKey),
                 "a reference pack", "a safetensors file without that key",
                 "A pack is made with `qualm reference MODEL -o FILE`."});
  return pack_from_json(key->second, file.path());
}

}  // namespace

Result<PackOriginal> original_of_pack(const std::shared_ptr<const FileSource>& file) {
  QUALM_TRY(const safetensors::Container tensors, safetensors::open_file(file));
  QUALM_TRY(PackDescription described, description_in(tensors, *file));
  return std::move(described.pack.original);
}

Result<ReferencePack> read_pack(const std::shared_ptr<const FileSource>& file) {
  QUALM_TRY(const safetensors::Container tensors, safetensors::open_file(file));
  QUALM_TRY(PackDescription described, description_in(tensors, *file));
  ReferencePack& pack = described.pack;
  const TensorReader reader(tensors, file->path());
  for (std::size_t i = 0; i < pack.texts.size(); ++i)
    QUALM_CHECK(read_text(reader, described.windows[i], pack, pack.texts[i]));
  pack.digest = sha256(file->bytes());
  return std::move(pack);
}

std::string identity_of(const ReferencePack& pack) { return "pack2:" + pack.digest; }

Error original_needed(const std::string& what) {
  return {Kind::input,
          "PACK-007",
          "",
          what,
          "the original model",
          "a reference pack",
          "Give the original with --baseline."};
}

bool looks_like_pack(const FileSource& file) {
  const auto begin = file.bytes().first(std::min(file.bytes().size(), kPeek));
  const std::string_view text(reinterpret_cast<const char*>(begin.data()), begin.size());
  return text.find(kPackKey) != std::string_view::npos;
}

}  // namespace qualm::experiment
