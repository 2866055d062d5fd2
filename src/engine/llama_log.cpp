#include "engine/llama_log.h"

#include <llama.h>

#include <deque>
#include <mutex>

namespace qualm::engine {
namespace {

// libllama has one log per process, so its sink is the one object here with that lifetime.
class LogRing {
 public:
  void add(ggml_log_level level, const char* text) {
    const std::lock_guard lock(mutex_);
    if (level != GGML_LOG_LEVEL_CONT) keep_ = level >= GGML_LOG_LEVEL_WARN;
    if (!keep_) return;
    line_ += text;
    while (true) {
      const auto end = line_.find('\n');
      if (end == std::string::npos) break;
      if (end > 0) lines_.push_back(line_.substr(0, end));
      line_.erase(0, end + 1);
      if (lines_.size() > kLines) lines_.pop_front();
    }
  }
  std::string take() {
    const std::lock_guard lock(mutex_);
    std::string all;
    for (const auto& line : lines_) all += (all.empty() ? "" : " | ") + line;
    lines_.clear();
    return all;
  }

 private:
  static constexpr std::size_t kLines = 8;
  std::mutex mutex_;
  std::deque<std::string> lines_;
  std::string line_;
  bool keep_ = false;
};

LogRing& ring() {
  static LogRing instance;
  return instance;
}

}  // namespace

void capture_llama_log() {
  llama_log_set([](ggml_log_level level, const char* text, void*) { ring().add(level, text); },
                nullptr);
}

std::string take_llama_log() { return ring().take(); }

}  // namespace qualm::engine
