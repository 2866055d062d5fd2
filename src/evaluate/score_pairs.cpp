#include "evaluate/score_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <optional>
#include <ranges>
#include <utility>

#include "evaluate/follower.h"
#include "evaluate/kept_check.h"

namespace qualm::evaluate {
namespace {

/// Adds the time until its end.
class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

class PairLoop {
 public:
  PairLoop(SourceMaker& baseline, std::span<const Candidate> candidates, const Reading& reading)
      : text_(reading.text),
        threads_(reading.threads),
        original_(reading.kept
                      ? kept_original(baseline, *reading.kept, reading.text, reading.threads)
                      : live_original(baseline)) {
    for (const Candidate& candidate : candidates) sources_.emplace_back(*candidate.source);
    checks_.resize(candidates.size());
  }

  /// How many of the windows that come next run together.
  [[nodiscard]] Result<std::size_t> together(std::span<const std::int32_t> next,
                                             std::span<const std::size_t> active) {
    for (const std::size_t i : active) {
      QUALM_TRY(engine::LogitSource* const source, sources_[i].get());
      next =
          next.first(std::min(next.size(), static_cast<std::size_t>(source->windows_per_call())));
    }
    return original_->together(next);
  }
  [[nodiscard]] Result<void> open(std::size_t candidate) {
    QUALM_CHECK(sources_[candidate].get());
    return {};
  }
  void close(std::size_t candidate) { sources_[candidate].close(); }
  [[nodiscard]] std::optional<KeptError> kept_error(std::size_t candidate) const {
    return checks_[candidate].error();
  }
  /// Windows and time; of the original those that were not kept.
  [[nodiscard]] Pace of_original() const noexcept {
    return {original_->passes(), original_seconds_};
  }
  [[nodiscard]] Pace of_candidates() const noexcept { return {passes_, seconds_}; }
  /// The original reads those of `windows` that it does not know, while no candidate is open.
  [[nodiscard]] Result<void> read_ahead(std::span<const std::int32_t> windows, Progress& progress) {
    const auto unknown = original_->unknown(windows);
    if (unknown.empty()) return {};
    for (LazySource& source : sources_) source.close();
    return original_->read_ahead(unknown, kRunsOriginal, progress);
  }

  /// Scores `windows` for the candidates of `active`; out[i] belongs to active[i].
  Result<void> run(std::span<const std::int32_t> windows, std::span<const std::size_t> active,
                   std::vector<std::vector<WindowScores>>& out) {
    out.assign(active.size(), std::vector<WindowScores>(windows.size()));
    for (auto& scores : out)
      for (std::size_t w = 0; w < windows.size(); ++w) scores[w].window = windows[w];
    QUALM_TRY(const std::int32_t step, tokens_of_a_window(windows, active));
    for (std::int32_t position = 0; position < text_.ctx_size; position += step)
      QUALM_CHECK(
          run_call(call_of(text_, windows, position, std::min(position + step, text_.ctx_size)),
                   active, out));
    passes_ += static_cast<std::int64_t>(windows.size() * active.size());
    return {};
  }

 private:
  /// How many one call takes. Before anything runs, all have the original's vocabulary: another one
  /// is another number of windows that a call takes.
  Result<std::int32_t> tokens_of_a_window(std::span<const std::int32_t> windows,
                                          std::span<const std::size_t> active) {
    QUALM_TRY(const OriginalSide::Limits original, original_->begin(windows));
    std::int32_t tokens = original.tokens_per_call;
    for (const std::size_t i : active) {
      QUALM_TRY(engine::LogitSource* const source, sources_[i].get());
      if (source->vocab_size() != original.vocab_size)
        return fail({Kind::input, "EVAL-011", "", "vocabulary",
                     fmt::format("{} tokens, as the baseline has", original.vocab_size),
                     fmt::format("{} tokens", source->vocab_size()), ""});
      tokens = std::min(tokens, source->tokens_per_call());
    }
    return tokens_of_each(tokens, windows.size(), text_);
  }

  Result<void> run_call(Call call, std::span<const std::size_t> active,
                        std::vector<std::vector<WindowScores>>& out) {
    QUALM_CHECK(read_original(call));
    const Stopwatch watch(seconds_);
    for (std::size_t i = 0; i < active.size(); ++i) {
      QUALM_TRY(engine::LogitSource* const source, sources_[active[i]].get());
      QUALM_TRY(const auto q, source->logits(call.pieces));
      QUALM_CHECK(check_rows(q, source->vocab_size(), call));
      original_->score(call, q, threads_, call.scores);
      checks_[active[i]].add(call, {original_->exact(), q, source->vocab_size()}, call.scores,
                             threads_);
      for (std::size_t k = 0; k < call.scores.size(); ++k)
        out[i][call.owner[k]].scores.push_back(call.scores[k]);
    }
    return {};
  }

  Result<void> read_original(const Call& call) {
    const Stopwatch watch(original_seconds_);
    return original_->read(call);
  }

  const TextWindows& text_;
  std::int32_t threads_;
  std::unique_ptr<OriginalSide> original_;
  std::vector<LazySource> sources_;
  std::vector<KeptCheck> checks_;  ///< one for each candidate
  std::int64_t passes_ = 0;
  double seconds_ = 0;
  double original_seconds_ = 0;
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
        follower_(reading.rule.follower),
        ahead_(static_cast<std::size_t>(reading.original_ahead)),
        loop_(baseline, candidates, reading),
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
      QUALM_TRY(const auto windows, next_windows(progress));
      at_ += windows.size();
      hand_out(windows);
      if (enough()) break;
    }
    run_.windows_run = loop_.of_original().windows + loop_.of_candidates().windows;
    for (std::size_t i = 0; i < run_.candidates.size(); ++i)
      run_.candidates[i].kept_error = loop_.kept_error(i);
    return std::move(run_);
  }

 private:
  [[nodiscard]] bool enough() const {
    if (!follower_ || run_.candidates.empty()) return false;
    follower_->reached(
        {run_.candidates.front().windows, loop_.of_original(), loop_.of_candidates()});
    return !readers_.empty() && follower_->enough(static_cast<std::int64_t>(at_));
  }

  /// Known windows one by one without touching the engine, unknown ones a call's worth at a time;
  /// none where a candidate was lost on the way, or the user stopped it.
  Result<std::vector<std::int32_t>> next_windows(Progress& progress) {
    std::vector<std::int32_t> windows{order_[at_]};
    const auto runs = missing(readers_, at_, order_[at_]);
    if (runs.empty()) return windows;
    QUALM_TRY(const bool go_on, read_ahead(progress));
    if (!go_on) return std::vector<std::int32_t>();
    QUALM_TRY(const bool all_open, open_sources(loop_, readers_, runs, run_));
    if (!all_open) return std::vector<std::int32_t>();
    QUALM_TRY(const std::size_t together, loop_.together(order_.subspan(at_), indices_of(runs)));
    while (windows.size() < together &&
           missing(readers_, at_ + windows.size(), order_[at_ + windows.size()]) == runs)
      windows.push_back(order_[at_ + windows.size()]);
    QUALM_CHECK(run_windows(windows, runs));
    return windows;
  }

  /// Where the original and a candidate are never open together, it reads what comes next first.
  /// False after Ctrl-C.
  Result<bool> read_ahead(Progress& progress) {
    if (ahead_ == 0 || at_ < read_to_) return true;
    std::vector<std::int32_t> windows;
    for (read_to_ = at_; read_to_ < std::min(at_ + ahead_, order_.size()); ++read_to_)
      if (!missing(readers_, read_to_, order_[read_to_]).empty())
        windows.push_back(order_[read_to_]);
    QUALM_CHECK(loop_.read_ahead(windows, progress));
    return !progress.cancelled();
  }

  [[nodiscard]] std::vector<std::size_t> indices_of(std::span<const std::size_t> runs) const {
    std::vector<std::size_t> indices;
    indices.reserve(runs.size());
    for (const std::size_t r : runs) indices.push_back(readers_[r].index);
    return indices;
  }

  Result<void> run_windows(std::span<const std::int32_t> windows,
                           std::span<const std::size_t> runs) {
    std::vector<std::vector<WindowScores>> fresh;
    QUALM_CHECK(loop_.run(windows, indices_of(runs), fresh));
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
  Follower* follower_;
  std::size_t ahead_;
  std::size_t read_to_ = 0;  ///< windows before this place were read ahead
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
