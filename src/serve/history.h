// The jobs of this user, kept on disk: what was asked, how it ended, its report.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error.h"
#include "database/database.h"

namespace qualm::serve {

inline constexpr std::int64_t kMostKept = 500;  ///< jobs; the oldest that ended are forgotten

/// `interrupted`: the server or the machine stopped while it waited or ran.
enum class Status { queued, running, done, failed, cancelled, interrupted };
[[nodiscard]] std::string_view to_string(Status status) noexcept;

struct Record {
  std::string id = {};     ///< 16 hexadecimal digits
  std::string title = {};  ///< "diagnose model-Q2_K.gguf"
  Status status = Status::queued;
  std::string verdict = {};   ///< of the report; or empty
  std::string summary = {};   ///< of the report, or the error in a line; or empty
  std::int64_t created = 0;   ///< seconds since 1970
  double seconds = 0;         ///< that it ran; of the last run
  std::string request = {};   ///< JSON (wish.h)
  std::string document = {};  ///< JSON of the report; or empty
  std::string error = {};     ///< JSON of the error; or empty
};

/// $XDG_STATE_HOME/qualm, or ~/.local/state/qualm.
[[nodiscard]] std::string state_folder();

/// All calls may come from any thread. A change that cannot be written is told by `note`, and lost.
class History {
 public:
  using Note = std::function<void(const std::string& line)>;
  /// The folder is made for its owner alone. One process may have the history open: SERVE-005. A
  /// corrupt file is set aside under another name. What waited or ran when the last server ended
  /// becomes `interrupted`. SERVE-007: it cannot be made or opened.
  [[nodiscard]] static Result<std::unique_ptr<History>> open(const std::string& path, Note note);

  void add(const Record& record);
  /// Everything but id, request and time of creation.
  void update(const Record& record);
  /// False where there is none.
  bool remove(const std::string& id);
  [[nodiscard]] std::optional<Record> find(const std::string& id);
  /// Newest first, without documents and requests.
  [[nodiscard]] std::vector<Record> list();

 private:
  struct Lock {
    Lock() = default;
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    ~Lock();
    int descriptor = -1;
  };

  History(std::string path, Note note) : path_(std::move(path)), note_(std::move(note)) {}
  int open_tables();
  bool set_aside();
  void guarded(const std::function<int()>& access);

  std::string path_;
  Note note_;
  Lock lock_;
  std::mutex mutex_;
  database::Database database_;
};

}  // namespace qualm::serve
