#include "experiment/kept_blob.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <type_traits>

namespace qualm::experiment {
namespace {

using evaluate::KeptRow;
using evaluate::KeptWindow;
using evaluate::TokenLogP;

static_assert(std::endian::native == std::endian::little, "the cache is a file of this machine");
static_assert(std::is_trivially_copyable_v<TokenLogP> && sizeof(TokenLogP) == 8);

// "qualm" and the version of what is kept.
constexpr std::uint64_t kBlobLayout = 0x6d6c'6175'71ULL | std::uint64_t{evaluate::kKeptVersion}
                                                              << 48U;

/// What stands before the tokens of a row.
struct RowHead {
  double nll = 0;
  double rest = 0;
  TokenLogP top;
  std::uint32_t tokens = 0;
  std::uint16_t drawn = 0;
  std::uint16_t finite = 0;
};
static_assert(std::is_trivially_copyable_v<RowHead> && sizeof(RowHead) == 32);

struct BlobHead {
  std::uint64_t layout = kBlobLayout;
  std::uint64_t checksum = 0;  ///< of all that follows it
  std::int64_t vocab_size = 0;
  std::uint64_t rows = 0;
};
constexpr std::size_t kChecked = 2 * sizeof(std::uint64_t);  // where the checksum begins

template <class T>
void put(std::string& out, std::span<const T> values) {
  if (values.empty()) return;
  out.append(reinterpret_cast<const char*>(values.data()), values.size_bytes());
}

/// Reads values until the bytes end.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {}
  template <class T>
  [[nodiscard]] bool get(std::span<T> values) {
    if (values.empty()) return true;
    if (values.size_bytes() > bytes_.size()) return false;
    std::memcpy(values.data(), bytes_.data(), values.size_bytes());
    bytes_.remove_prefix(values.size_bytes());
    return true;
  }
  [[nodiscard]] bool holds(std::size_t tokens) const {
    return tokens <= bytes_.size() / sizeof(TokenLogP);
  }
  [[nodiscard]] bool at_end() const { return bytes_.empty(); }

 private:
  std::string_view bytes_;
};

bool read_tokens(Reader& in, std::size_t count, std::int64_t vocab_size,
                 std::vector<TokenLogP>& out) {
  if (!in.holds(count)) return false;
  out.resize(count);
  return in.get(std::span(out)) && std::ranges::all_of(out, [&](const TokenLogP& at) {
           return at.token >= 0 && at.token < vocab_size && at.log_p <= 1e-3F;
         });
}

bool read_row(Reader& in, std::int64_t vocab_size, KeptRow& row) {
  RowHead head;
  if (!in.get(std::span(&head, 1))) return false;
  row.nll = head.nll;
  row.rest = head.rest;
  row.top = head.top;
  row.finite = head.finite != 0;
  const bool sound = std::isfinite(row.nll) && row.rest >= 0 && row.rest <= 1 + 1e-9 &&
                     head.drawn <= evaluate::kDraws;
  return sound && read_tokens(in, head.tokens, vocab_size, row.tokens) &&
         read_tokens(in, head.drawn, vocab_size, row.drawn);
}

}  // namespace

std::string to_blob(const KeptWindow& window) {
  BlobHead head{.vocab_size = window.vocab_size, .rows = window.rows.size()};
  std::string out;
  put(out, std::span<const BlobHead>(&head, 1));
  for (const KeptRow& row : window.rows) {
    const RowHead row_head{row.nll,
                           row.rest,
                           row.top,
                           static_cast<std::uint32_t>(row.tokens.size()),
                           static_cast<std::uint16_t>(row.drawn.size()),
                           static_cast<std::uint16_t>(row.finite ? 1 : 0)};
    put(out, std::span<const RowHead>(&row_head, 1));
    put(out, std::span<const TokenLogP>(row.tokens));
    put(out, std::span<const TokenLogP>(row.drawn));
  }
  head.checksum = XXH3_64bits(out.data() + kChecked, out.size() - kChecked);
  std::memcpy(out.data(), &head, sizeof(head));
  return out;
}

std::optional<KeptWindow> from_blob(std::string_view blob) {
  Reader in(blob);
  BlobHead head;
  if (!in.get(std::span(&head, 1)) || head.layout != kBlobLayout ||
      head.checksum != XXH3_64bits(blob.data() + kChecked, blob.size() - kChecked) ||
      head.rows > blob.size() / sizeof(RowHead))
    return std::nullopt;
  KeptWindow window{head.vocab_size, std::vector<KeptRow>(head.rows)};
  for (KeptRow& row : window.rows)
    if (!read_row(in, head.vocab_size, row)) return std::nullopt;
  if (!in.at_end()) return std::nullopt;
  return window;
}

std::int64_t bytes_of(const KeptWindow& window) noexcept {
  std::size_t bytes = 0;
  for (const KeptRow& row : window.rows)
    bytes += sizeof(KeptRow) + (row.tokens.size() + row.drawn.size()) * sizeof(TokenLogP);
  return static_cast<std::int64_t>(bytes);
}

}  // namespace qualm::experiment
