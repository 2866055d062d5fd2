// A Progress that remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "base/progress.h"

namespace qualm::test {

class Notes : public Progress {
 public:
  void update(std::string_view step, std::int64_t done, std::int64_t total) override {
    updates.push_back(std::string(step) + " " + std::to_string(done) + "/" + std::to_string(total));
  }
  void note(std::string_view line) override { notes.emplace_back(line); }

  void news(News kind, std::string_view text) override {
    (kind == News::plan ? plans : so_far).emplace_back(text);
  }

  void answers(std::span<const Answer> all) override { told.emplace_back(all.begin(), all.end()); }

  std::vector<std::vector<Answer>> told;  ///< the answers, each time
  std::vector<std::string> plans;
  std::vector<std::string> so_far;
  std::vector<std::string> updates;
  std::vector<std::string> notes;
};

}  // namespace qualm::test
