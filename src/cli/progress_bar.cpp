#include "cli/progress_bar.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"
#include "job/interrupt.h"

namespace qualm::cli {
namespace {

constexpr int kBar = 20;
constexpr int kMostTold = 2;
constexpr std::int64_t kMostCounted = 99999;  // more are bytes: a share says more

/// fmt::print would throw where stderr takes no more bytes.
template <class... Args>
void say(fmt::format_string<Args...> format, Args&&... args) {
  const std::string text = fmt::format(format, std::forward<Args>(args)...);
  static_cast<void>(std::fwrite(text.data(), 1, text.size(), stderr));
}

std::string clock(double seconds) {
  const auto whole = static_cast<long long>(seconds + 0.5);
  if (whole >= 3600)
    return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
  return fmt::format("{}:{:02}", whole / 60, whole % 60);
}

}  // namespace

std::string ProgressBar::remaining(std::int64_t done, std::int64_t total) const {
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - started_;
  if (done <= first_ || spent.count() < 1) return "";
  const double each = spent.count() / static_cast<double>(done - first_);
  // A step may stop before the end of its text: this is the longest it can take.
  const double here = each * static_cast<double>(total - done);
  return whole_.seconds_after < 0
             ? fmt::format("  this step: at most {} left", clock(here))
             : fmt::format("  about {} left", clock(here + whole_.seconds_after));
}

void ProgressBar::update(std::string_view step, std::int64_t done, std::int64_t total) {
  if (quiet_) return;
  const bool fresh = step != step_;
  if (fresh) {
    step_ = step;
    first_ = done;
    started_ = std::chrono::steady_clock::now();
  }
  const std::string which =
      whole_.count > 1 ? fmt::format("step {} of {}: ", whole_.number, whole_.count) : "";
  if (!terminal_) {
    if (fresh) say("{}{}\n", which, printable(step_));
    return;
  }
  std::string tail;
  if (total > 0) {
    const auto filled = static_cast<std::size_t>(kBar * std::min(done, total) / total);
    const std::string count = total > kMostCounted
                                  ? fmt::format("{} %", 100 * std::min(done, total) / total)
                                  : fmt::format("{}/{}", done, total);
    tail = fmt::format("  [{}{}] {}{}", std::string(filled, '#'), std::string(kBar - filled, '.'),
                       count, remaining(done, total));
  }
  std::string name = which + printable(step_);
  const auto room =
      static_cast<std::size_t>(std::max(10, width_ - 1 - static_cast<int>(tail.size())));
  if (name.size() > room) name = "..." + name.substr(name.size() - (room - 3));
  say("\r\x1b[K{}{}", name, tail);
  std::fflush(stderr);
  shown_ = true;
}

void ProgressBar::news(News kind, std::string_view text) {
  if (quiet_) return;
  const bool so_far = kind == News::so_far;
  if (so_far && !terminal_ && told_ >= kMostTold) return;
  clear();
  if (so_far && on_top_) say("\x1b[1A\x1b[K");
  if (so_far) {
    ++told_;
    // One row, or the next line could not take its place.
    std::string line = printable(text);
    if (terminal_) line = line.substr(0, static_cast<std::size_t>(width_ - 1));
    say("{}\n", line);
  } else {
    say("{}\n", text);
  }
  on_top_ = so_far && terminal_;
}

void ProgressBar::note(std::string_view line) {
  clear();
  on_top_ = false;
  say("note: {}\n", printable(line));
}

bool ProgressBar::cancelled() const { return job::interrupts() > 0; }

void ProgressBar::clear() {
  if (shown_) say("\r\x1b[K");
  std::fflush(stderr);
  shown_ = false;
}

}  // namespace qualm::cli
