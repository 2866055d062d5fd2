#include "experiment/store.h"

#include <fmt/format.h>

#include <filesystem>
#include <span>

#include "base/platform.h"
#include "database/database.h"
#include "experiment/scores_blob.h"

namespace qualm::experiment {
namespace {

using database::Rows;

constexpr int kVersion = 1;  // of the tables

constexpr const char* kTables =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
    "CREATE TABLE IF NOT EXISTS windows(key TEXT, window INTEGER, scores BLOB, "
    "PRIMARY KEY(key, window));"
    "CREATE TABLE IF NOT EXISTS texts(key TEXT PRIMARY KEY, text BLOB);";

// rowids grow with time: the lower half is the older half.
constexpr const char* kForgetOlderHalf =
    "DELETE FROM windows WHERE rowid <= (SELECT (min(rowid) + max(rowid)) / 2 FROM windows);"
    "DELETE FROM texts WHERE rowid <= (SELECT (min(rowid) + max(rowid)) / 2 FROM texts);"
    "PRAGMA incremental_vacuum;";

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class SqliteStore final : public evaluate::WindowStore {
 public:
  SqliteStore(std::string path, Progress& progress, std::int64_t most_bytes)
      : path_(std::move(path)), progress_(progress), most_bytes_(most_bytes) {
    guarded([&] { return open(); });
    guarded([&] { return forget(); });
  }

  std::vector<evaluate::WindowScores> load(const std::string& key,
                                           std::span<const std::int32_t> windows) override {
    std::vector<evaluate::WindowScores> found;
    guarded([&] {
      found.clear();
      Rows rows = database_.query("SELECT scores FROM windows WHERE key = ?1 AND window = ?2");
      for (const std::int32_t window : windows) {
        rows.again({key, std::int64_t{window}});
        // A window that does not prove whole is measured again.
        if (rows.next())
          if (auto scores = unpack(rows.bytes(0))) found.push_back({window, std::move(*scores)});
      }
      return rows.code();
    });
    return found;
  }

  void save(const std::string& key, std::span<const evaluate::WindowScores> windows) override {
    guarded([&] {
      int code = database_.execute("BEGIN IMMEDIATE");
      if (code != database::kOk) return code;
      code = insert(key, windows);
      if (code == database::kOk) code = database_.execute("COMMIT");
      if (code != database::kOk) static_cast<void>(database_.execute("ROLLBACK"));
      return code;
    });
  }

  std::optional<std::string> recall(const std::string& key) override {
    std::optional<std::string> found;
    guarded([&] {
      found.reset();
      Rows rows = database_.query("SELECT text FROM texts WHERE key = ?1", {bytes_of(key)});
      if (rows.next())
        if (const auto bytes = rows.bytes(0); bytes.data())
          found.emplace(reinterpret_cast<const char*>(bytes.data()), bytes.size());
      return rows.code();
    });
    return found;
  }

  void remember(const std::string& key, const std::string& text) override {
    guarded([&] {
      return database_.change("INSERT OR REPLACE INTO texts VALUES(?1, ?2)",
                              {bytes_of(key), bytes_of(text)});
    });
  }

 private:
  /// Runs one access. A corrupt database is set aside and a new one begun; any other failure ends
  /// the store for this run.
  void guarded(auto&& access) {
    if (!usable_) return;
    int code = access();
    if (database::is_corrupt(code) && set_aside()) code = open();
    if (code == database::kOk) return;
    usable_ = false;
    // Not sqlite3_errmsg: that speaks of the last call, which may have been a rollback.
    progress_.note(
        fmt::format("no cache of finished measurements: {}: {}", path_, database::words_of(code)));
  }

  int insert(const std::string& key, std::span<const evaluate::WindowScores> windows) {
    Rows rows = database_.query("INSERT OR REPLACE INTO windows VALUES(?1, ?2, ?3)");
    for (const evaluate::WindowScores& window : windows) {
      const auto bytes = pack(window.scores);
      rows.again({key, std::int64_t{window.window}, std::span<const std::byte>(bytes)});
      static_cast<void>(rows.next());
    }
    return rows.code();
  }

  int open() {
    int code = database_.open(path_, database::Readers::by_umask);
    // Before anything is written: a database that has a page keeps the mode it was made with.
    if (code == database::kOk) code = database_.execute("PRAGMA auto_vacuum = INCREMENTAL");
    if (code == database::kOk) code = start_over_if_other_version();
    return code == database::kOk ? database_.execute(kTables) : code;
  }

  int start_over_if_other_version() {
    std::int64_t version = 0;
    if (const int code = number("PRAGMA user_version", version); code != database::kOk) return code;
    if (version == kVersion) return database::kOk;
    return database_.execute(
        fmt::format("DROP TABLE IF EXISTS windows; DROP TABLE IF EXISTS texts; "
                    "PRAGMA user_version = {}",
                    kVersion));
  }

  int forget() {
    std::int64_t pages = 0;
    std::int64_t unused = 0;
    std::int64_t page = 0;
    int code = number("PRAGMA page_count", pages);
    if (code == database::kOk) code = number("PRAGMA freelist_count", unused);
    if (code == database::kOk) code = number("PRAGMA page_size", page);
    const bool full = (pages - unused) * page > most_bytes_;
    return code == database::kOk && full ? database_.execute(kForgetOlderHalf) : code;
  }

  /// False where that is not possible; the data stays for whoever wants to look at it.
  bool set_aside() {
    database_.close();
    const auto aside = database::set_aside(path_);
    if (aside)
      progress_.note(
          fmt::format("the cache of finished measurements was corrupt: moved to {}", *aside));
    return aside.has_value();
  }

  int number(const char* sql, std::int64_t& value) {
    Rows rows = database_.query(sql);
    if (rows.next()) value = rows.integer(0);
    return rows.code();
  }

  std::string path_;
  Progress& progress_;
  std::int64_t most_bytes_;
  database::Database database_;
  bool usable_ = true;
};

std::string made_cache_folder() {
  std::error_code ignored;  // the store itself says what is wrong
  std::filesystem::create_directories(cache_folder(), ignored);
  return cache_folder();
}

}  // namespace

std::string cache_folder() { return user_folder("XDG_CACHE_HOME", ".cache"); }

std::unique_ptr<evaluate::WindowStore> open_store(const std::string& path, Progress& progress,
                                                  std::int64_t most_bytes) {
  return std::make_unique<SqliteStore>(path, progress, most_bytes);
}

// SQLite's own: a database without a name is a file that is gone when it is closed.
std::unique_ptr<evaluate::WindowStore> open_store(bool use, Progress& progress) {
  return open_store(use ? made_cache_folder() + "/measurements.sqlite" : "", progress);
}

std::unique_ptr<evaluate::WindowStore> open_references(bool use, Progress& progress,
                                                       std::int64_t most_bytes) {
  return open_store(use ? made_cache_folder() + "/references.sqlite" : "", progress, most_bytes);
}

}  // namespace qualm::experiment
