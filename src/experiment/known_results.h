// Results that are known from elsewhere (a reference pack): they are neither run nor saved.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "evaluate/kept_rows.h"
#include "evaluate/score_pairs.h"

namespace qualm::experiment {

/// By index of the window.
using KeptWindows = std::vector<std::shared_ptr<const evaluate::KeptWindow>>;

/// All windows of a reference.
class KnownWindows final : public evaluate::Reference {
 public:
  explicit KnownWindows(const KeptWindows& windows) : windows_(windows) {}
  std::shared_ptr<const evaluate::KeptWindow> find(std::int32_t window) override {
    const auto at = static_cast<std::size_t>(window);
    return at < windows_.size() ? windows_[at] : nullptr;
  }
  void keep(std::int32_t, std::shared_ptr<const evaluate::KeptWindow>) override {}

 private:
  const KeptWindows& windows_;
};

/// A store before which some scores are known.
class KnownScores final : public evaluate::WindowStore {
 public:
  explicit KnownScores(evaluate::WindowStore& rest) : rest_(rest) {}
  void know(const std::string& key, std::span<const evaluate::WindowScores> scores) {
    known_[key].assign(scores.begin(), scores.end());
  }
  std::vector<evaluate::WindowScores> load(const std::string& key,
                                           std::span<const std::int32_t> windows) override {
    const auto it = known_.find(key);
    if (it == known_.end()) return rest_.load(key, windows);
    std::vector<evaluate::WindowScores> found;
    std::ranges::copy_if(it->second, std::back_inserter(found), [&](const auto& scores) {
      return std::ranges::find(windows, scores.window) != windows.end();
    });
    return found;
  }
  void save(const std::string& key, std::span<const evaluate::WindowScores> windows) override {
    rest_.save(key, windows);
  }
  std::optional<std::string> recall(const std::string& key) override { return rest_.recall(key); }
  void remember(const std::string& key, const std::string& text) override {
    rest_.remember(key, text);
  }

 private:
  evaluate::WindowStore& rest_;
  std::map<std::string, std::vector<evaluate::WindowScores>> known_;
};

}  // namespace qualm::experiment
