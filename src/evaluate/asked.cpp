#include "evaluate/asked.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "evaluate/follower.h"

namespace qualm::evaluate {
namespace {

class AskedReader {
 public:
  AskedReader(SourceMaker& original, AskedCandidate& candidate, const Reading& reading)
      : reading_(reading),
        candidate_(candidate),
        original_(kept_original(original, *reading.kept, reading.text, reading.threads)),
        watch_(reading.rule, reading.text.strata()),
        order_(std::span(reading.text.order)
                   .subspan(static_cast<std::size_t>(reading.begin),
                            static_cast<std::size_t>(reading.end - reading.begin))) {}

  Result<AskedRun> read(Progress& progress) {
    std::size_t at = 0;
    while (at < order_.size()) {
      progress.update("asking the server", static_cast<std::int64_t>(at),
                      static_cast<std::int64_t>(order_.size()));
      const auto windows = order_.subspan(at, std::min(candidate_.together(), order_.size() - at));
      QUALM_CHECK(original_->read_ahead(original_->unknown(windows), kRunsOriginal, progress));
      run_.cancelled = progress.cancelled();
      if (run_.cancelled) break;
      QUALM_TRY(const bool go_on, ask(windows, progress));
      at += windows.size();
      if (!go_on) break;
    }
    run_.windows_run = original_->passes() + static_cast<std::int64_t>(run_.scores.windows.size());
    return std::move(run_);
  }

 private:
  /// False where the question is answered, or the server answers no more.
  Result<bool> ask(std::span<const std::int32_t> windows, Progress& progress) {
    const auto start = std::chrono::steady_clock::now();
    auto asked = candidate_.ask(reading_.text, windows, *reading_.kept, progress);
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    if (!asked && asked.error().kind == Kind::cancelled) run_.cancelled = true;
    if (!asked && !run_.cancelled && run_.scores.windows.empty())
      return std::unexpected(asked.error());
    if (!asked) {
      if (!run_.cancelled) run_.cut_off = describe(asked.error());
      return false;
    }
    for (std::size_t i = 0; i < asked->windows.size(); ++i) {
      watch_.add(asked->windows[i]);
      run_.scores.windows.push_back(std::move(asked->windows[i]));
      run_.bounds.push_back(std::move(asked->bounds[i]));
      if (watch_.decided()) return stop();
    }
    return !follower_is_content();
  }

  bool stop() {
    run_.scores.stopped_early = run_.scores.windows.size() < order_.size();
    if (run_.scores.stopped_early) run_.scores.stopped = watch_.stopped();
    return false;
  }

  [[nodiscard]] bool follower_is_content() const {
    Follower* const follower = reading_.rule.follower;
    if (!follower) return false;
    const auto read = static_cast<std::int64_t>(run_.scores.windows.size());
    follower->reached({run_.scores.windows, {}, {read, seconds_}});
    return follower->enough(read);
  }

  const Reading& reading_;
  AskedCandidate& candidate_;
  std::unique_ptr<OriginalSide> original_;
  Watch watch_;
  std::span<const std::int32_t> order_;
  AskedRun run_;
  double seconds_ = 0;
};

}  // namespace

Result<AskedRun> score_asked(SourceMaker& original, AskedCandidate& candidate,
                             const Reading& reading, Progress& progress) {
  return AskedReader(original, candidate, reading).read(progress);
}

Measurement at_positions_of(const Measurement& measured, const Measurement& asked) {
  Measurement some;
  some.windows_total = measured.windows_total;
  for (const WindowScores& wanted : asked.windows) {
    const auto window = std::ranges::find(measured.windows, wanted.window, &WindowScores::window);
    if (window == measured.windows.end()) continue;
    WindowScores& taken = some.windows.emplace_back(WindowScores{wanted.window, {}});
    for (const Score& score : wanted.scores) {
      const auto same =
          std::ranges::lower_bound(window->scores, score.position, {}, &Score::position);
      if (same != window->scores.end() && same->position == score.position)
        taken.scores.push_back(*same);
    }
  }
  return some;
}

}  // namespace qualm::evaluate
