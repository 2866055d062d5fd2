#include "cli/progress_bar.h"

#include <fmt/format.h>

#include <cstdio>

#include "base/error.h"
#include "base/text.h"
#include "job/interrupt.h"
#include "report/status_word.h"

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

std::string word_of(const Answer& answer) {
  if (answer.status.empty()) return "...";
  const auto sure = answer.likely ? report::Sure::likely : report::Sure::certain;
  return report::status_word(answer.id, answer.status, sure).text;
}

/// As many whole characters of UTF-8 as there are columns.
std::string first_columns(const std::string& text, std::size_t columns) {
  std::size_t end = 0;
  for (std::size_t used = 0; end < text.size(); ++end) {
    if (!continues_character(text[end]) && used++ == columns) break;
  }
  return text.substr(0, end);
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
  line_ = name + tail;
  draw();
}

void ProgressBar::news(News kind, std::string_view text) {
  if (quiet_) return;
  if (kind == News::so_far && terminal_) {
    so_far_ = printable(text);
    draw();
    return;
  }
  if (kind == News::so_far && ++told_ > kMostTold) return;
  clear();
  say("{}\n", kind == News::so_far ? printable(text) : std::string(text));
}

void ProgressBar::answers(std::span<const Answer> all) {
  answers_.assign(all.begin(), all.end());
  if (!quiet_ && terminal_) draw();
}

std::vector<std::string> ProgressBar::table() const {
  std::size_t widest = 0;
  for (const Answer& one : answers_) widest = std::max(widest, one.title.size());
  std::vector<std::string> rows;
  for (const Answer& one : answers_)
    rows.push_back(
        fmt::format("  {:{}}  {:12}  {}", one.title, widest, word_of(one), printable(one.says)));
  return rows;
}

void ProgressBar::draw() {
  std::vector<std::string> rows = table();
  if (!so_far_.empty()) rows.push_back(so_far_);
  rows.push_back(line_);
  std::string out;
  if (rows_ > 0) out = "\r" + (rows_ > 1 ? fmt::format("\x1b[{}A", rows_ - 1) : "") + "\x1b[J";
  for (std::size_t i = 0; i < rows.size(); ++i) {
    // A row that is broken by the terminal would not be found again.
    out += (i > 0 ? "\n" : "") + first_columns(rows[i], static_cast<std::size_t>(width_ - 1));
  }
  rows_ = rows.size();
  say("{}", out);
  std::fflush(stderr);
}

void ProgressBar::note(std::string_view line) {
  clear();
  say("note: {}\n", printable(line));
}

bool ProgressBar::cancelled() const { return job::interrupts() > 0; }

void ProgressBar::clear() {
  if (rows_ > 0) say("\r{}\x1b[J", rows_ > 1 ? fmt::format("\x1b[{}A", rows_ - 1) : "");
  std::fflush(stderr);
  rows_ = 0;
}

}  // namespace qualm::cli
