#include "evaluate/score_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "evaluate/score_rows.h"
#include "numeric/sequence.h"

namespace qualm::evaluate {
namespace {

// Absent where no position of the window is finite: that is no evidence of no loss.
std::optional<double> window_mean(const WindowScores& window, StopRule::Quantity quantity) {
  double sum = 0;
  std::int64_t count = 0;
  for (const Score& score : window.scores) {
    if (!score.finite) continue;
    sum += quantity == StopRule::Quantity::kld_mean ? static_cast<double>(score.kld)
                                                    : score.nll_q - score.nll_p;
    ++count;
  }
  if (count == 0) return std::nullopt;
  return sum / static_cast<double>(count);
}

// Windows of each stratum, before a loss is called under its line. What is rare in a text can only
// make the windows read look better than the whole (tests/evaluate/order_simulation_slow.cpp).
constexpr std::int64_t kRoundsToClear = 2;

// Watches one candidate's windows and says when its question is answered.
class Watch {
 public:
  Watch(const StopRule& rule, std::int64_t strata)
      : rule_(rule), strata_(strata), sequence_(rule.confidence) {}

  void add(const WindowScores& window) {
    if (rule_.quantity == StopRule::Quantity::never) return;
    ++windows_;
    lost_ = lost_ || std::ranges::any_of(window.scores, &Score::lost);
    if (const auto mean = window_mean(window, rule_.quantity)) sequence_.add(*mean);
  }
  [[nodiscard]] bool decided() const {
    if (rule_.quantity == StopRule::Quantity::never) return false;
    // A lost position is a fault, whatever the others say: no interval is under a line with it.
    if (lost_) return windows_ >= std::max(rule_.at_least, numeric::kFewestClusters);
    const std::int64_t read = sequence_.count();
    const auto now = interval();
    if (!now || read < std::max(rule_.at_least, strata_)) return false;
    return now->low > rule_.threshold ||
           (now->high < rule_.threshold && read >= kRoundsToClear * strata_);
  }
  /// What is known of the quantity, where that decides.
  [[nodiscard]] std::optional<Stopped> stopped() const {
    const auto now = interval();
    if (lost_ || !now) return std::nullopt;
    return Stopped{watches_ppl() ? MetricId::ppl_change : MetricId::kld_mean, *now};
  }

 private:
  [[nodiscard]] bool watches_ppl() const noexcept {
    return rule_.quantity == StopRule::Quantity::ppl_change;
  }
  [[nodiscard]] std::optional<numeric::Estimate> interval() const {
    auto now = sequence_.interval();
    if (now && watches_ppl())
      now = {std::expm1(now->value), std::expm1(now->low), std::expm1(now->high)};
    return now;
  }

  StopRule rule_;
  std::int64_t strata_;
  numeric::ConfidenceSequence sequence_;
  std::int64_t windows_ = 0;
  bool lost_ = false;
};

// A source opened at first use, and its logits of the pieces at hand.
class LazySource {
 public:
  explicit LazySource(SourceMaker& maker) : maker_(&maker) {}
  [[nodiscard]] Result<engine::LogitSource*> get() {
    if (!source_) {
      QUALM_TRY(source_, maker_->open());
    }
    return source_.get();
  }
  void close() { source_.reset(); }

 private:
  SourceMaker* maker_;
  std::unique_ptr<engine::LogitSource> source_;
};

class PairLoop {
 public:
  PairLoop(SourceMaker& baseline, std::span<const Candidate> candidates, const TextWindows& text,
           std::int32_t threads)
      : text_(text), threads_(threads), baseline_(baseline) {
    for (const Candidate& candidate : candidates) sources_.emplace_back(*candidate.source);
  }

  [[nodiscard]] Result<std::int32_t> windows_per_call() {
    QUALM_TRY(engine::LogitSource* const source, baseline_.get());
    return source->windows_per_call();
  }
  [[nodiscard]] Result<void> open(std::size_t candidate) {
    QUALM_CHECK(sources_[candidate].get());
    return {};
  }
  void close(std::size_t candidate) { sources_[candidate].close(); }

  /// Scores `windows` for the candidates of `active`; out[i] belongs to active[i].
  Result<void> run(std::span<const std::int32_t> windows, std::span<const std::size_t> active,
                   std::vector<std::vector<WindowScores>>& out) {
    out.assign(active.size(), std::vector<WindowScores>(windows.size()));
    for (auto& scores : out)
      for (std::size_t w = 0; w < windows.size(); ++w) scores[w].window = windows[w];
    QUALM_TRY(engine::LogitSource* const baseline, baseline_.get());
    const std::int32_t step =
        std::max(1, baseline->tokens_per_call() / static_cast<std::int32_t>(windows.size()));
    for (std::int32_t position = 0; position < text_.ctx_size; position += step)
      QUALM_CHECK(
          run_step(windows, active, {position, std::min(position + step, text_.ctx_size)}, out));
    return {};
  }

 private:
  struct Stretch {
    std::int32_t begin = 0;
    std::int32_t end = 0;
  };

  /// What one call evaluates: the same stretch of several windows.
  struct Call {
    std::vector<engine::Piece> pieces;
    std::vector<engine::Token> targets;
    std::vector<Score> scores;
    std::vector<std::size_t> owner;  ///< index of the window, for each score
  };

  [[nodiscard]] Call call_of(std::span<const std::int32_t> windows, Stretch stretch) const {
    Call call;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const auto tokens = text_.window(windows[w]);
      call.pieces.push_back({tokens.subspan(static_cast<std::size_t>(stretch.begin),
                                            static_cast<std::size_t>(stretch.end - stretch.begin)),
                             stretch.begin, text_.first, text_.last});
      for (std::int32_t p = std::max(stretch.begin, text_.first);
           p < std::min(stretch.end, text_.last); ++p) {
        call.targets.push_back(tokens[static_cast<std::size_t>(p) + 1]);
        call.scores.push_back({.position = p});
        call.owner.push_back(w);
      }
    }
    return call;
  }

  Result<void> run_step(std::span<const std::int32_t> windows, std::span<const std::size_t> active,
                        Stretch stretch, std::vector<std::vector<WindowScores>>& out) {
    auto [pieces, targets, scores, owner] = call_of(windows, stretch);
    QUALM_TRY(engine::LogitSource* const source_of_baseline, baseline_.get());
    engine::LogitSource& baseline = *source_of_baseline;
    QUALM_TRY(const auto p, baseline.logits(pieces));
    for (std::size_t i = 0; i < active.size(); ++i) {
      QUALM_TRY(engine::LogitSource* const source, sources_[active[i]].get());
      // Before it runs: another vocabulary is another number of windows that one call takes.
      if (source->vocab_size() != baseline.vocab_size())
        return fail({Kind::input, "EVAL-011", "", "vocabulary",
                     fmt::format("{} tokens, as the baseline has", baseline.vocab_size()),
                     fmt::format("{} tokens", source->vocab_size()), ""});
      QUALM_TRY(const auto q, source->logits(pieces));
      if (p.size() != q.size() ||
          p.size() != scores.size() * static_cast<std::size_t>(baseline.vocab_size()))
        return fail({Kind::engine, "EVAL-010", "", "logits",
                     fmt::format("{} rows of {} logits", scores.size(), baseline.vocab_size()),
                     fmt::format("{} and {} logits", p.size(), q.size()), ""});
      score_rows(p, q, baseline.vocab_size(), targets, threads_, scores);
      for (std::size_t k = 0; k < scores.size(); ++k) out[i][owner[k]].scores.push_back(scores[k]);
    }
    return {};
  }

  const TextWindows& text_;
  std::int32_t threads_;
  LazySource baseline_;
  std::vector<LazySource> sources_;
};

// A candidate on its way through the text.
struct Reader {
  std::size_t index = 0;
  const Candidate* candidate = nullptr;
  std::map<std::int32_t, WindowScores> known;  ///< by window, of the store or run ahead
  Watch watch;

  [[nodiscard]] bool wants(std::size_t at) const {
    return at < static_cast<std::size_t>(candidate->at_most);
  }
};

std::vector<Reader> start(std::span<const Candidate> candidates,
                          std::span<const std::int32_t> windows, const Watch& watch,
                          WindowStore& store) {
  std::vector<Reader> readers;
  for (std::size_t c = 0; c < candidates.size(); ++c) {
    readers.push_back({c, &candidates[c], {}, watch});
    const std::size_t wanted =
        std::min(windows.size(), static_cast<std::size_t>(candidates[c].at_most));
    for (auto& scores : store.load(candidates[c].key, windows.first(wanted))) {
      const std::int32_t window = scores.window;
      readers.back().known.insert_or_assign(window, std::move(scores));
    }
  }
  return readers;
}

// Those of `readers` that must run the window at place `at` of the order.
std::vector<std::size_t> missing(std::span<const Reader> readers, std::size_t at,
                                 std::int32_t window) {
  std::vector<std::size_t> all;
  for (std::size_t r = 0; r < readers.size(); ++r)
    if (readers[r].wants(at) && !readers[r].known.contains(window)) all.push_back(r);
  return all;
}

// Opens the sources of candidates that are about to run; an optional one that does not open goes.
Result<bool> open_sources(PairLoop& loop, std::vector<Reader>& readers,
                          std::span<const std::size_t> which, PairRun& run) {
  std::vector<std::size_t> lost;
  for (const std::size_t r : which) {
    const auto opened = loop.open(readers[r].index);
    if (opened) continue;
    if (!readers[r].candidate->optional) return std::unexpected(opened.error());
    run.candidates[readers[r].index].unavailable = opened.error().found;
    lost.push_back(r);
  }
  for (const std::size_t r : lost | std::views::reverse)
    readers.erase(readers.begin() + static_cast<std::ptrdiff_t>(r));
  return lost.empty();
}

/// All candidates on their way through the text, a call's worth of windows at a time.
class Run {
 public:
  Run(SourceMaker& baseline, std::span<const Candidate> candidates, const Reading& reading,
      WindowStore& store)
      : order_(std::span(reading.text.order)
                   .subspan(static_cast<std::size_t>(reading.begin),
                            static_cast<std::size_t>(reading.end - reading.begin))),
        store_(store),
        loop_(baseline, candidates, reading.text, reading.threads),
        readers_(start(candidates, order_, Watch(reading.rule, reading.text.strata()), store)) {
    run_.candidates.resize(candidates.size());
  }

  Result<PairRun> read(const std::string& step, Progress& progress) {
    while (at_ < order_.size() && !readers_.empty()) {
      progress.update(step, static_cast<std::int64_t>(at_),
                      static_cast<std::int64_t>(order_.size()));
      if (progress.cancelled()) {
        run_.cancelled = true;
        break;
      }
      QUALM_TRY(const auto windows, next_windows());
      at_ += windows.size();
      hand_out(windows);
    }
    return std::move(run_);
  }

 private:
  /// Known windows one by one without touching the engine, unknown ones a call's worth at a time;
  /// none where a candidate was lost on the way.
  Result<std::vector<std::int32_t>> next_windows() {
    std::vector<std::int32_t> windows{order_[at_]};
    const auto runs = missing(readers_, at_, order_[at_]);
    if (runs.empty()) return windows;
    QUALM_TRY(const bool all_open, open_sources(loop_, readers_, runs, run_));
    if (!all_open) return std::vector<std::int32_t>();
    QUALM_TRY(const std::int32_t per_call, loop_.windows_per_call());
    while (windows.size() < static_cast<std::size_t>(per_call) &&
           at_ + windows.size() < order_.size() &&
           missing(readers_, at_ + windows.size(), order_[at_ + windows.size()]) == runs)
      windows.push_back(order_[at_ + windows.size()]);
    QUALM_CHECK(run_windows(windows, runs));
    return windows;
  }

  Result<void> run_windows(std::span<const std::int32_t> windows,
                           std::span<const std::size_t> runs) {
    std::vector<std::size_t> indices;
    indices.reserve(runs.size());
    for (const std::size_t r : runs) indices.push_back(readers_[r].index);
    std::vector<std::vector<WindowScores>> fresh;
    QUALM_CHECK(loop_.run(windows, indices, fresh));
    run_.windows_run += static_cast<std::int64_t>(windows.size() * (runs.size() + 1));
    for (std::size_t i = 0; i < runs.size(); ++i) {
      Reader& reader = readers_[runs[i]];
      store_.save(reader.candidate->key, fresh[i]);
      for (auto& scores : fresh[i]) {
        const std::int32_t window = scores.window;
        reader.known.insert_or_assign(window, std::move(scores));
      }
    }
    return {};
  }

  /// Asked after every window, however many ran together: the answer depends neither on the batch
  /// nor on what the store knew. Windows that ran past it stay in the store.
  void hand_out(std::span<const std::int32_t> windows) {
    std::erase_if(readers_, [&](Reader& reader) {
      PairScores& scores = run_.candidates[reader.index];
      for (const std::int32_t window : windows) {
        reader.watch.add(reader.known.at(window));
        scores.windows.push_back(std::move(reader.known.at(window)));
        const bool decided = reader.watch.decided();
        scores.stopped_early = decided && scores.windows.size() < order_.size();
        if (scores.stopped_early) scores.stopped = reader.watch.stopped();
        if (!decided && reader.wants(scores.windows.size())) continue;
        loop_.close(reader.index);
        return true;
      }
      return false;
    });
  }

  std::span<const std::int32_t> order_;
  WindowStore& store_;
  PairLoop loop_;
  std::vector<Reader> readers_;
  PairRun run_;
  std::size_t at_ = 0;
};

}  // namespace

Result<PairRun> score_pairs(SourceMaker& baseline, std::span<const Candidate> candidates,
                            const Reading& reading, WindowStore& store, Progress& progress) {
  const std::string step = candidates.size() == 1
                               ? "measuring " + candidates[0].name
                               : fmt::format("measuring {} candidates", candidates.size());
  Run run(baseline, candidates, reading, store);
  return run.read(step, progress);
}

}  // namespace qualm::evaluate
