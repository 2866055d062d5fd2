#include "evaluate/score_pairs.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
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

// Watches one candidate's windows and says when its question is answered.
class Watch {
 public:
  explicit Watch(const StopRule& rule) : rule_(rule) {}

  void add(const WindowScores& window) {
    if (rule_.quantity == StopRule::Quantity::never) return;
    if (const auto mean = window_mean(window, rule_.quantity)) sequence_.add(*mean);
  }
  [[nodiscard]] bool decided() const {
    if (rule_.quantity == StopRule::Quantity::never || sequence_.count() < rule_.at_least)
      return false;
    const double line = rule_.quantity == StopRule::Quantity::ppl_change
                            ? std::log1p(rule_.threshold)
                            : rule_.threshold;
    const auto interval = sequence_.interval();
    return interval && (interval->high < line || interval->low > line);
  }

 private:
  StopRule rule_;
  numeric::ConfidenceSequence sequence_;
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
      QUALM_CHECK(run_step(windows, active, position, std::min(step, text_.ctx_size - position),
                           *baseline, out));
    return {};
  }

 private:
  Result<void> run_step(std::span<const std::int32_t> windows, std::span<const std::size_t> active,
                        std::int32_t position, std::int32_t length, engine::LogitSource& baseline,
                        std::vector<std::vector<WindowScores>>& out) {
    std::vector<engine::Piece> pieces;
    std::vector<engine::Token> targets;
    std::vector<Score> scores;
    std::vector<std::size_t> owner;
    for (std::size_t w = 0; w < windows.size(); ++w) {
      const auto tokens = text_.window(windows[w]);
      pieces.push_back(
          {tokens.subspan(static_cast<std::size_t>(position), static_cast<std::size_t>(length)),
           position, text_.first, text_.last});
      for (std::int32_t p = std::max(position, text_.first);
           p < std::min(position + length, text_.last); ++p) {
        targets.push_back(tokens[static_cast<std::size_t>(p) + 1]);
        scores.push_back({.position = p});
        owner.push_back(w);
      }
    }
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

// What the store knows of each candidate, by window.
std::vector<std::map<std::int32_t, WindowScores>> recall(std::span<const Candidate> candidates,
                                                         std::span<const std::int32_t> windows,
                                                         WindowStore& store) {
  std::vector<std::map<std::int32_t, WindowScores>> known(candidates.size());
  for (std::size_t c = 0; c < candidates.size(); ++c)
    for (auto& scores : store.load(candidates[c].key, windows)) {
      const std::int32_t window = scores.window;
      known[c].insert_or_assign(window, std::move(scores));
    }
  return known;
}

}  // namespace

Result<PairRun> score_pairs(SourceMaker& baseline, std::span<const Candidate> candidates,
                            const TextWindows& text, std::int32_t begin, std::int32_t end,
                            const StopRule& rule, std::int32_t threads, WindowStore& store,
                            Progress& progress) {
  const auto order =
      std::span(text.order)
          .subspan(static_cast<std::size_t>(begin), static_cast<std::size_t>(end - begin));
  auto known = recall(candidates, order, store);
  PairLoop loop(baseline, candidates, text, threads);
  PairRun run;
  run.candidates.resize(candidates.size());
  std::vector<Watch> watches(candidates.size(), Watch(rule));
  std::vector<std::size_t> active(candidates.size());
  for (std::size_t c = 0; c < active.size(); ++c) active[c] = c;
  const std::string step = candidates.size() == 1
                               ? "measuring " + candidates[0].name
                               : fmt::format("measuring {} candidates", candidates.size());
  std::size_t at = 0;
  while (at < order.size() && !active.empty()) {
    progress.update(step, static_cast<std::int64_t>(at), static_cast<std::int64_t>(order.size()));
    if (progress.cancelled()) {
      run.cancelled = true;
      break;
    }
    // Take known windows one by one without touching the engine, unknown ones a call's worth at a
    // time.
    std::vector<std::int32_t> windows{order[at]};
    const auto unknown_to = [&](std::int32_t window) {
      std::vector<std::size_t> missing;
      for (const std::size_t c : active)
        if (!known[c].contains(window)) missing.push_back(c);
      return missing;
    };
    const auto missing = unknown_to(order[at]);
    if (!missing.empty()) {
      QUALM_TRY(const std::int32_t per_call, loop.windows_per_call());
      while (windows.size() < static_cast<std::size_t>(per_call) &&
             at + windows.size() < order.size() &&
             unknown_to(order[at + windows.size()]) == missing)
        windows.push_back(order[at + windows.size()]);
      std::vector<std::vector<WindowScores>> fresh;
      QUALM_CHECK(loop.run(windows, missing, fresh));
      run.windows_run += static_cast<std::int64_t>(windows.size() * (missing.size() + 1));
      for (std::size_t i = 0; i < missing.size(); ++i) {
        store.save(candidates[missing[i]].key, fresh[i]);
        for (auto& scores : fresh[i]) {
          const std::int32_t window = scores.window;
          known[missing[i]].insert_or_assign(window, std::move(scores));
        }
      }
    }
    at += windows.size();
    // Asked after every window, however many ran together: the answer depends neither on the batch
    // nor on what the store knew. Windows that ran past it stay in the store.
    std::erase_if(active, [&](std::size_t c) {
      auto& read = run.candidates[c].windows;
      for (const std::int32_t window : windows) {
        watches[c].add(known[c].at(window));
        read.push_back(std::move(known[c].at(window)));
        if (!watches[c].decided()) continue;
        run.candidates[c].stopped_early = read.size() < order.size();
        return true;
      }
      return false;
    });
  }
  return run;
}

}  // namespace qualm::evaluate
