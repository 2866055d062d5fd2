#include "evaluate/original_side.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "evaluate/score_rows.h"

namespace qualm::evaluate {
namespace {

class LiveOriginal final : public OriginalSide {
 public:
  explicit LiveOriginal(SourceMaker& maker) : source_(maker) {}

  Result<std::size_t> together(std::span<const std::int32_t> next) override {
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    return std::min(next.size(), static_cast<std::size_t>(source->windows_per_call()));
  }
  Result<Limits> begin(std::span<const std::int32_t>) override {
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    vocab_size_ = source->vocab_size();
    return Limits{vocab_size_, source->tokens_per_call()};
  }
  Result<void> read(const Call& call) override {
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    QUALM_TRY(logits_, source->logits(call.pieces));
    if (call.begin == 0) passes_ += static_cast<std::int64_t>(call.windows.size());
    return check_rows(logits_, vocab_size_, call);
  }
  void score(const Call& call, std::span<const float> q, std::int32_t threads,
             std::span<Score> out) const override {
    score_rows(logits_, q, vocab_size_, call.targets, threads, out);
  }
  std::int64_t passes() const noexcept override { return passes_; }

 private:
  LazySource source_;
  std::span<const float> logits_;
  std::int64_t vocab_size_ = 0;
  std::int64_t passes_ = 0;
};

class KeptOriginal final : public OriginalSide {
 public:
  KeptOriginal(SourceMaker& maker, Reference& kept, const TextWindows& text, std::int32_t threads)
      : source_(maker), kept_(kept), text_(text), threads_(threads) {}

  /// Known windows with known ones, unknown ones with unknown ones.
  Result<std::size_t> together(std::span<const std::int32_t> next) override {
    const bool first = known(next.front()) != nullptr;
    const auto other = std::ranges::find_if(
        next, [&](std::int32_t window) { return (known(window) != nullptr) != first; });
    const auto alike = static_cast<std::size_t>(other - next.begin());
    if (first) return alike;
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    return std::min(alike, static_cast<std::size_t>(source->windows_per_call()));
  }

  Result<Limits> begin(std::span<const std::int32_t> windows) override {
    rows_.clear();
    for (const std::int32_t window : windows)
      if (auto found = known(window);
          found && (rows_.empty() || found->vocab_size == rows_.front()->vocab_size))
        rows_.push_back(std::move(found));
    runs_ = rows_.size() < windows.size();
    if (!runs_) return Limits{.vocab_size = rows_.front()->vocab_size};
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    rows_.clear();
    running_.clear();
    for (std::size_t i = 0; i < windows.size(); ++i) {
      running_.push_back(std::make_shared<KeptWindow>());
      running_.back()->vocab_size = source->vocab_size();
      running_.back()->rows.resize(rows_of_a_window());
      rows_.push_back(running_.back());
    }
    return Limits{source->vocab_size(), source->tokens_per_call()};
  }

  Result<void> read(const Call& call) override {
    exact_ = {};
    if (!runs_) return {};
    QUALM_TRY(engine::LogitSource* const source, source_.get());
    QUALM_TRY(exact_, source->logits(call.pieces));
    QUALM_CHECK(check_rows(exact_, source->vocab_size(), call));
    std::vector<KeptRow> fresh(call.scores.size());
    const auto seeds = seeds_of(call);
    keep_rows({exact_, source->vocab_size(), call.targets}, seeds, threads_, fresh);
    for (std::size_t i = 0; i < fresh.size(); ++i)
      running_[call.owner[i]]->rows[row_of(call, i)] = std::move(fresh[i]);
    if (call.end < text_.ctx_size) return {};
    for (std::size_t i = 0; i < running_.size(); ++i) kept_.keep(call.windows[i], running_[i]);
    passes_ += static_cast<std::int64_t>(running_.size());
    return {};
  }

  std::vector<std::int32_t> unknown(std::span<const std::int32_t> windows) override {
    std::vector<std::int32_t> all;
    std::ranges::copy_if(windows, std::back_inserter(all),
                         [&](std::int32_t window) { return known(window) == nullptr; });
    return all;
  }

  Result<void> read_ahead(std::span<const std::int32_t> windows, std::string_view step,
                          Progress& progress) override {
    for (std::size_t done = 0; done < windows.size() && !progress.cancelled();) {
      progress.update(step, static_cast<std::int64_t>(done),
                      static_cast<std::int64_t>(windows.size()));
      QUALM_TRY(const std::size_t count, together(windows.subspan(done)));
      const auto group = windows.subspan(done, count);
      QUALM_TRY(const Limits limits, begin(group));
      const std::int32_t tokens = tokens_of_each(limits.tokens_per_call, count, text_);
      for (std::int32_t at = 0; at < text_.ctx_size; at += tokens)
        QUALM_CHECK(read(call_of(text_, group, at, std::min(at + tokens, text_.ctx_size))));
      done += count;
    }
    source_.close();
    rows_.clear();
    running_.clear();
    return {};
  }

  void score(const Call& call, std::span<const float> q, std::int32_t threads,
             std::span<Score> out) const override {
    std::vector<const KeptRow*> rows;
    rows.reserve(out.size());
    for (std::size_t i = 0; i < out.size(); ++i)
      rows.push_back(&rows_[call.owner[i]]->rows[row_of(call, i)]);
    score_kept(rows, {q, rows_.front()->vocab_size, call.targets}, threads, out);
  }
  std::span<const float> exact() const noexcept override { return exact_; }
  std::int64_t passes() const noexcept override { return passes_; }

 private:
  [[nodiscard]] std::shared_ptr<const KeptWindow> known(std::int32_t window) {
    auto found = kept_.find(window);
    return found && found->rows.size() == rows_of_a_window() ? found : nullptr;
  }
  [[nodiscard]] std::size_t rows_of_a_window() const {
    return static_cast<std::size_t>(text_.rows());
  }
  [[nodiscard]] std::size_t row_of(const Call& call, std::size_t score) const {
    return text_.row_of(call.scores[score].position);
  }
  /// The draws of a position are the same whatever else was in the call.
  [[nodiscard]] static std::vector<std::uint64_t> seeds_of(const Call& call) {
    std::vector<std::uint64_t> all;
    all.reserve(call.scores.size());
    for (std::size_t i = 0; i < call.scores.size(); ++i)
      all.push_back((static_cast<std::uint64_t>(call.windows[call.owner[i]]) << 32U) |
                    static_cast<std::uint32_t>(call.scores[i].position));
    return all;
  }

  LazySource source_;
  Reference& kept_;
  const TextWindows& text_;
  std::int32_t threads_;
  bool runs_ = false;
  std::span<const float> exact_;  ///< the source's own memory, until its next call
  std::vector<std::shared_ptr<const KeptWindow>> rows_;  ///< of the windows at hand
  std::vector<std::shared_ptr<KeptWindow>> running_;     ///< the same, while the original runs
  std::int64_t passes_ = 0;
};

}  // namespace

Result<engine::LogitSource*> LazySource::get() {
  if (!source_) {
    QUALM_TRY(source_, maker_->open());
  }
  return source_.get();
}

Call call_of(const TextWindows& text, std::span<const std::int32_t> windows, std::int32_t begin,
             std::int32_t end) {
  Call call;
  call.windows.assign(windows.begin(), windows.end());
  call.begin = begin;
  call.end = end;
  for (std::size_t w = 0; w < windows.size(); ++w) {
    const auto tokens = text.window(windows[w]);
    call.pieces.push_back(
        {tokens.subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin)),
         begin, text.first, text.last, text.stride});
    for (std::int32_t p = begin; p < end; ++p) {
      if (!call.pieces.back().wants(p)) continue;
      call.targets.push_back(tokens[static_cast<std::size_t>(p) + 1]);
      call.scores.push_back({.position = p});
      call.owner.push_back(w);
    }
  }
  return call;
}

std::int32_t tokens_of_each(std::int32_t tokens, std::size_t windows, const TextWindows& text) {
  return std::clamp(tokens / static_cast<std::int32_t>(windows), 1, text.ctx_size);
}

Result<void> check_rows(std::span<const float> logits, std::int64_t vocab_size, const Call& call) {
  const auto wanted = call.scores.size() * static_cast<std::size_t>(vocab_size);
  if (logits.size() == wanted) return {};
  return fail({Kind::engine, "EVAL-010", "", "logits",
               fmt::format("{} rows of {} logits", call.scores.size(), vocab_size),
               fmt::format("{} logits", logits.size()), ""});
}

std::unique_ptr<OriginalSide> live_original(SourceMaker& maker) {
  return std::make_unique<LiveOriginal>(maker);
}

std::unique_ptr<OriginalSide> kept_original(SourceMaker& maker, Reference& kept,
                                            const TextWindows& text, std::int32_t threads) {
  return std::make_unique<KeptOriginal>(maker, kept, text, threads);
}

}  // namespace qualm::evaluate
