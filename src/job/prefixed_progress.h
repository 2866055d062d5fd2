// Progress of a run that diagnoses several cases: each step says which one it is about.
#pragma once

#include <fmt/format.h>

#include <string>
#include <utility>

#include "base/progress.h"

namespace qualm::job {

class PrefixedProgress final : public Progress {
 public:
  PrefixedProgress(std::string prefix, Progress& to) : prefix_(std::move(prefix)), to_(to) {}
  void update(std::string_view step, std::int64_t done, std::int64_t total) override {
    to_.update(fmt::format("{}: {}", prefix_, step), done, total);
  }
  void begin(const Step& step) override { to_.begin(step); }
  void note(std::string_view line) override { to_.note(fmt::format("{}: {}", prefix_, line)); }
  void news(News kind, std::string_view text) override {
    if (kind == News::so_far) to_.news(kind, fmt::format("{}: {}", prefix_, text));
  }
  void answers(std::span<const Answer> all) override { to_.answers(all); }
  bool cancelled() const override { return to_.cancelled(); }

 private:
  std::string prefix_;
  Progress& to_;
};

}  // namespace qualm::job
