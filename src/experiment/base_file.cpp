#include "experiment/base_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include "base/byte_reader.h"
#include "base/checked.h"
#include "base/sha256.h"
#include "evaluate/thinned_row.h"

namespace qualm::experiment {
namespace {

constexpr std::string_view kMagic = "_logits_";
constexpr std::size_t kHeadBytes = 20;
constexpr std::int64_t kLeastWindow = 16;
constexpr std::int64_t kMostOfHead = 1 << 24;  // tokens of a window, of a vocabulary
constexpr float kFloor = 15.99F;               // nat below the largest: such a row is cut off there
constexpr float kCutOff = 60;  // nat: what is below the floor weighs nothing, as for llama.cpp
constexpr std::size_t kRowHead = 2 * sizeof(float);

struct Head {
  std::int64_t ctx_size = 0;
  std::int64_t vocab_size = 0;
  std::int64_t windows = 0;
  [[nodiscard]] std::int64_t rows() const { return ctx_size - 1 - ctx_size / 2; }
  /// Bytes of a row: its head and an even number of values of 16 bits.
  [[nodiscard]] std::int64_t row_bytes() const {
    return static_cast<std::int64_t>(kRowHead) + (vocab_size + 1) / 2 * 2 * 2;
  }
};

std::unexpected<Error> refuse_base(const FileSource& file, std::string expected,
                                   std::string found) {
  return fail({Kind::input, "PACK-010", file.path(), "base file", std::move(expected),
               std::move(found), "Write it again with llama-perplexity --kl-divergence-base."});
}

Result<Head> head_of(const FileSource& file, ByteReader& in) {
  if (file.bytes().size() < kHeadBytes)
    return refuse_base(file, "a head", fmt::format("{} bytes", file.bytes().size()));
  QUALM_CHECK(in.bytes("magic", kMagic.size()));
  QUALM_TRY(const auto ctx_size, in.number<std::uint32_t>("n_ctx"));
  QUALM_TRY(const auto vocab_size, in.number<std::int32_t>("n_vocab"));
  QUALM_TRY(const auto windows, in.number<std::int32_t>("n_chunk"));
  const Head head{ctx_size, vocab_size, windows};
  if (head.ctx_size < kLeastWindow || head.ctx_size > kMostOfHead || head.vocab_size < 1 ||
      head.vocab_size > kMostOfHead || head.windows < 1)
    return refuse_base(file, "a context, a vocabulary and chunks",
                       fmt::format("{}, {}, {}", ctx_size, vocab_size, windows));
  const auto tokens = checked_multiply(head.windows, head.ctx_size * 4);
  const auto rows = checked_multiply(head.windows, head.rows());
  const auto bytes = rows ? checked_multiply(*rows, head.row_bytes()) : std::nullopt;
  if (!tokens || !bytes || static_cast<std::int64_t>(in.remaining()) - *tokens != *bytes)
    return refuse_base(file, "as many bytes as its chunks need",
                       fmt::format("{} bytes", file.bytes().size()));
  return head;
}

/// A row as it is stored.
class StoredRow {
 public:
  explicit StoredRow(const std::byte* bytes) : values_(bytes + kRowHead) {
    std::memcpy(&scale_, bytes, sizeof(scale_));
    std::memcpy(&least_, bytes + sizeof(scale_), sizeof(least_));
  }
  [[nodiscard]] bool finite() const { return std::isfinite(scale_) && std::isfinite(least_); }
  /// ln P.
  [[nodiscard]] float operator[](std::size_t token) const {
    return scale_ * static_cast<float>(code(token)) + least_;
  }
  /// What lies at the floor may be anything below it: llama.cpp lets it weigh nothing.
  [[nodiscard]] bool cut_off(std::size_t token) const {
    return code(token) == 0 && scale_ * std::numeric_limits<std::uint16_t>::max() >= kFloor;
  }

 private:
  [[nodiscard]] std::uint16_t code(std::size_t token) const {
    std::uint16_t q = 0;
    std::memcpy(&q, values_ + token * sizeof(q), sizeof(q));
    return q;
  }
  const std::byte* values_;
  float scale_ = 0;
  float least_ = 0;
};

Result<std::vector<StoredRow>> rows_in(const FileSource& file, const Head& head, ByteReader& in) {
  std::vector<StoredRow> rows;
  for (std::int64_t i = 0; i < head.rows(); ++i) {
    QUALM_TRY(const auto bytes, in.bytes("row", static_cast<std::uint64_t>(head.row_bytes())));
    rows.emplace_back(bytes.data());
    if (!rows.back().finite())
      return refuse_base(file, "rows with a scale", "one that is not finite");
  }
  return rows;
}

std::shared_ptr<const evaluate::KeptWindow> kept_of(const std::vector<StoredRow>& rows,
                                                    std::span<const engine::Token> targets,
                                                    std::int64_t vocab_size, std::uint64_t seed,
                                                    std::int32_t threads) {
  std::vector<float> log_p;
  log_p.reserve(rows.size() * static_cast<std::size_t>(vocab_size));
  for (const StoredRow& row : rows)
    for (std::size_t token = 0; token < static_cast<std::size_t>(vocab_size); ++token)
      log_p.push_back(row[token] - (row.cut_off(token) ? kCutOff : 0));
  numeric::Random random(seed);
  std::vector<std::uint64_t> seeds(rows.size());
  for (std::uint64_t& one : seeds) one = random.next();
  evaluate::KeptWindow kept{vocab_size, std::vector<evaluate::KeptRow>(rows.size())};
  evaluate::keep_rows({log_p, vocab_size, targets}, seeds, threads, kept.rows);
  for (std::size_t i = 0; i < rows.size(); ++i)
    kept.rows[i].nll = -static_cast<double>(rows[i][static_cast<std::size_t>(targets[i])]);
  return evaluate::thinned(kept, kPackTokens, random);
}

Result<evaluate::TextWindows> windows_from(const FileSource& file, const Head& head,
                                           ByteReader& in) {
  std::vector<engine::Token> tokens(static_cast<std::size_t>(head.windows * head.ctx_size));
  QUALM_TRY(const auto bytes, in.bytes("tokens", tokens.size() * sizeof(engine::Token)));
  std::memcpy(tokens.data(), bytes.data(), bytes.size());
  const auto lies = std::ranges::find_if(
      tokens, [&](engine::Token token) { return token < 0 || token >= head.vocab_size; });
  if (lies != tokens.end())
    return refuse_base(file, fmt::format("tokens of a vocabulary of {}", head.vocab_size),
                       fmt::format("{}", *lies));
  const auto ctx_size = static_cast<std::int32_t>(head.ctx_size);
  QUALM_TRY(auto windows,
            evaluate::cut(std::move(tokens), {.ctx_size = ctx_size, .seed = evaluate::kOrderSeed}));
  windows.first = ctx_size / 2;
  windows.last = ctx_size - 1;
  return windows;
}

}  // namespace

bool looks_like_base_file(const FileSource& file) {
  const auto bytes = file.bytes();
  return bytes.size() >= kMagic.size() &&
         std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0;
}

Result<ReferencePack> read_base_file(const std::shared_ptr<const FileSource>& file,
                                     std::int32_t threads) {
  ByteReader in(file->path(), "PACK", file->bytes());
  QUALM_TRY(const Head head, head_of(*file, in));
  ReferencePack pack;
  pack.original.file = std::filesystem::path(file->path()).filename().string();
  pack.made_with =
      "llama-perplexity --kl-divergence-base: ln P has 16 bits, and is cut off 16 "
      "below the largest";
  pack.vocab_size = head.vocab_size;
  pack.noise_floor = {.estimate = std::nullopt,
                      .unit = "nat/token",
                      .absent = "a base file of llama-perplexity does not say it"};
  PackText& text = pack.texts.emplace_back();
  text.name = "text";
  text.source = pack.original.file;
  text.given = true;
  QUALM_TRY(text.windows, windows_from(*file, head, in));
  for (std::int32_t window = 0; window < text.windows.count(); ++window) {
    QUALM_TRY(const auto rows, rows_in(*file, head, in));
    const auto targets =
        text.windows.window(window).subspan(static_cast<std::size_t>(text.windows.first) + 1);
    text.kept.push_back(
        kept_of(rows, targets, head.vocab_size, static_cast<std::uint64_t>(window), threads));
  }
  pack.digest = sha256(file->bytes());
  return pack;
}

}  // namespace qualm::experiment
