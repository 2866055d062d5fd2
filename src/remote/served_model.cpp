#include "remote/served_model.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/parallel.h"
#include "numeric/random.h"
#include "remote/canaries.h"

namespace qualm::remote {
namespace {

using evaluate::KeptRow;
using evaluate::KeptWindow;
using evaluate::PartialRow;
using evaluate::PartialScore;
using evaluate::Score;
using evaluate::WindowScores;

constexpr std::int64_t kMostTogether = 8;  // windows, however many slots there are
/// It is asked about drawn tokens at one position of so many, which then counts as many times: each
/// such question is a request of its own, and the correction is small beside the rest of the sum.
constexpr std::uint64_t kSparse = 4;

Error stopped(const Server& server) {
  return {Kind::cancelled,
          "REMOTE-018",
          server.info().address.base,
          "server",
          "",
          "stopped on request",
          ""};
}

/// One window, in a slot of its own.
class WindowReader {
 public:
  WindowReader(Server& server, std::int64_t slot, const evaluate::TextWindows& text)
      : server_(server), slot_(slot), text_(text), stride_(server.reads_windows() ? 1 : kStride) {}

  Result<void> read(std::int32_t window, const KeptWindow& kept, const Progress& progress) {
    scores_.window = bounds_.window = window;
    tokens_ = text_.window(window);
    std::vector<PartialRow> rows;
    if (server_.reads_windows()) {
      QUALM_TRY(rows, server_.read(tokens_.first(static_cast<std::size_t>(text_.last) + 1)));
    }
    numeric::Random random(static_cast<std::uint64_t>(window) + 1);
    const auto begin = static_cast<std::int32_t>(random.below(static_cast<std::uint64_t>(stride_)));
    for (std::int32_t p = text_.first + begin; p < text_.last; p += stride_) {
      if (progress.cancelled()) return fail(stopped(server_));
      const KeptRow& row = kept.rows[text_.row_of(p)];
      const double at = random.uniform();
      const Draw draw{p, at, random.below(kSparse) == 0};
      if (!row.finite) {
        add({.position = p, .finite = false}, 0);
      } else if (rows.empty()) {
        QUALM_TRY(const PartialRow answer, ask(p, token_after(p)));
        QUALM_CHECK(score(row, answer, draw));
      } else {
        QUALM_CHECK(score(row, rows[static_cast<std::size_t>(p)], draw));
      }
    }
    return {};
  }

  [[nodiscard]] WindowScores& scores() noexcept { return scores_; }
  [[nodiscard]] WindowScores& bounds() noexcept { return bounds_; }

 private:
  /// Whether, and about which token of the rest, it is asked at a position.
  struct Draw {
    std::int32_t position = 0;
    double at = 0;  ///< in [0, 1): which token
    bool wanted = false;
  };

  [[nodiscard]] engine::Token token_after(std::int32_t position) const {
    return tokens_[static_cast<std::size_t>(position) + 1];
  }
  Result<PartialRow> ask(std::int32_t position, engine::Token forced) {
    return server_.ask({.before = tokens_.first(static_cast<std::size_t>(position) + 1),
                        .forced = forced,
                        .slot = slot_});
  }

  Result<void> score(const KeptRow& row, const PartialRow& answer, Draw draw) {
    PartialScore partial = evaluate::score_partial(row, answer, token_after(draw.position));
    partial.score.position = draw.position;
    const double bound = static_cast<double>(partial.score.kld);
    double kld = bound;
    const auto drawn = draw.wanted && partial.rest_p > kRestAsked
                           ? evaluate::draw_unknown(row, partial, draw.at)
                           : std::nullopt;
    if (drawn) {
      QUALM_TRY(const PartialRow more, ask(draw.position, drawn->token));
      const double whole = evaluate::kld_with(partial, *drawn, more.target_log_p);
      kld += static_cast<double>(kSparse) * (whole - bound);
    }
    add(partial.score, kld);
    return {};
  }

  void add(Score score, double estimate) {
    bounds_.scores.push_back(score);
    score.kld = static_cast<float>(estimate);
    scores_.scores.push_back(score);
  }

  Server& server_;
  std::int64_t slot_;
  const evaluate::TextWindows& text_;
  std::int32_t stride_;
  std::span<const engine::Token> tokens_;
  WindowScores scores_;
  WindowScores bounds_;
};

}  // namespace

std::size_t ServedModel::together() const noexcept {
  return static_cast<std::size_t>(std::min(server_->info().slots, kMostTogether));
}

Result<void> ServedModel::prepare(std::span<const engine::Token> window) {
  if (!connections_.empty()) return {};
  QUALM_CHECK(check_server(*server_, window));
  std::vector<std::unique_ptr<Server>> all;
  for (std::size_t i = 0; i < together(); ++i) {
    QUALM_TRY(auto one, server_->again());
    all.push_back(std::move(one));
  }
  connections_ = std::move(all);
  return {};
}

Result<evaluate::AskedScores> ServedModel::ask(const evaluate::TextWindows& text,
                                               std::span<const std::int32_t> windows,
                                               evaluate::Reference& kept, Progress& progress) {
  QUALM_CHECK(prepare(text.window(windows.front()).first(static_cast<std::size_t>(text.last) + 1)));
  std::vector<WindowReader> readers;
  std::vector<std::shared_ptr<const KeptWindow>> known;
  for (std::size_t i = 0; i < windows.size(); ++i) {
    readers.emplace_back(*connections_[i], static_cast<std::int64_t>(i), text);
    known.push_back(kept.find(windows[i]));
    if (!known.back())
      return fail({Kind::input, "REMOTE-019", server_->info().address.base, "--reference-memory",
                   "room for the original's distributions", "too little", ""});
  }
  const auto count = static_cast<std::int64_t>(windows.size());
  QUALM_TRY(const Ended ended,
            run_blocks(count, static_cast<int>(count), progress,
                       [&](std::int64_t block, const Lane& lane) -> Result<void> {
                         const auto i = static_cast<std::size_t>(block);
                         return readers[i].read(windows[i], *known[i], lane.progress);
                       }));
  if (ended == Ended::cancelled) return fail(stopped(*server_));
  evaluate::AskedScores scores;
  for (WindowReader& reader : readers) {
    scores.windows.push_back(std::move(reader.scores()));
    scores.bounds.push_back(std::move(reader.bounds()));
  }
  return scores;
}

}  // namespace qualm::remote
