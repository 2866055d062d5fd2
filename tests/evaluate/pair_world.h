// A text, a baseline and some candidates of score_pairs, all fake.
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "evaluate/score_pairs.h"
#include "support/fake_engine.h"

namespace qualm::test {

/// Keeps what it is given, and counts.
class MemoryStore final : public evaluate::WindowStore {
 public:
  std::vector<evaluate::WindowScores> load(const std::string& key,
                                           std::span<const std::int32_t> windows) override {
    std::vector<evaluate::WindowScores> found;
    for (const std::int32_t window : windows)
      if (const auto it = kept_.find({key, window}); it != kept_.end()) found.push_back(it->second);
    return found;
  }
  void save(const std::string& key, std::span<const evaluate::WindowScores> windows) override {
    for (const auto& window : windows) kept_[{key, window.window}] = window;
  }
  [[nodiscard]] std::size_t size() const noexcept { return kept_.size(); }
  void forget(const std::string& key, std::int32_t window) { kept_.erase({key, window}); }

 private:
  std::map<std::pair<std::string, std::int32_t>, evaluate::WindowScores> kept_;
};

/// All of it, in memory.
class MemoryReference final : public evaluate::Reference {
 public:
  std::shared_ptr<const evaluate::KeptWindow> find(std::int32_t window) override {
    const auto it = kept.find(window);
    return it == kept.end() ? nullptr : it->second;
  }
  void keep(std::int32_t window, std::shared_ptr<const evaluate::KeptWindow> rows) override {
    kept[window] = std::move(rows);
  }
  std::map<std::int32_t, std::shared_ptr<const evaluate::KeptWindow>> kept;
};

/// Says stop after so many looks.
class StopAfter final : public Progress {
 public:
  explicit StopAfter(int looks) : looks_(looks) {}
  bool cancelled() const override { return looks_-- <= 0; }

 private:
  mutable int looks_;
};

inline evaluate::TextWindows fake_text(std::int32_t windows, std::int32_t ctx_size = 16) {
  std::vector<engine::Token> tokens;
  for (std::int32_t i = 0; i < windows * ctx_size; ++i)
    tokens.push_back(static_cast<engine::Token>((i * 7 + i / 5) % 16));
  return *evaluate::cut(tokens, {.ctx_size = ctx_size, .start = 1, .seed = 1});
}

struct PairWorld {
  explicit PairWorld(const std::vector<FakeBehaviour>& candidate_behaviours,
                     FakeBehaviour baseline_behaviour = {})
      : baseline(baseline_behaviour) {
    for (const auto& how : candidate_behaviours) {
      makers.emplace_back(how);
      const std::string name = "c" + std::to_string(candidates.size());
      candidates.push_back({name, name, &makers.back()});
    }
  }

  Result<evaluate::PairRun> run(const evaluate::TextWindows& text,
                                const evaluate::StopRule& rule = {}) {
    return evaluate::score_pairs(
        baseline, candidates, {.text = text, .end = text.count(), .rule = rule}, store, *progress);
  }

  FakeMaker baseline;
  std::deque<FakeMaker> makers;
  std::vector<evaluate::Candidate> candidates;
  MemoryStore store;
  Progress silent;
  Progress* progress = &silent;
};

}  // namespace qualm::test
