#include "experiment/store.h"

#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <span>

#include "experiment/scores_blob.h"

namespace qualm::experiment {
namespace {

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

struct Closer {
  void operator()(sqlite3* database) const { ::sqlite3_close(database); }
  void operator()(sqlite3_stmt* statement) const { ::sqlite3_finalize(statement); }
};
using Database = std::unique_ptr<sqlite3, Closer>;
using Statement = std::unique_ptr<sqlite3_stmt, Closer>;

bool is_corrupt(int code) {
  const int primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
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
      Statement query;
      int code = prepare("SELECT scores FROM windows WHERE key = ?1 AND window = ?2", query);
      for (std::size_t i = 0; code == SQLITE_OK && i < windows.size(); ++i) {
        bind(*query, key, windows[i]);
        code = ::sqlite3_step(query.get());
        if (code == SQLITE_ROW) {
          const auto* data = static_cast<const std::byte*>(::sqlite3_column_blob(query.get(), 0));
          const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(query.get(), 0));
          // A window that does not prove whole is measured again.
          if (auto scores = unpack(std::span(data, size)))
            found.push_back({windows[i], std::move(*scores)});
        }
        if (code == SQLITE_ROW || code == SQLITE_DONE) code = ::sqlite3_reset(query.get());
      }
      return code;
    });
    return found;
  }

  void save(const std::string& key, std::span<const evaluate::WindowScores> windows) override {
    guarded([&] {
      int code = execute("BEGIN IMMEDIATE");
      if (code != SQLITE_OK) return code;
      Statement insert;
      code = prepare("INSERT OR REPLACE INTO windows VALUES(?1, ?2, ?3)", insert);
      for (std::size_t i = 0; code == SQLITE_OK && i < windows.size(); ++i) {
        const auto bytes = pack(windows[i].scores);
        bind(*insert, key, windows[i].window);
        ::sqlite3_bind_blob64(insert.get(), 3, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
        ::sqlite3_step(insert.get());
        code = ::sqlite3_reset(insert.get());  // repeats the code of the step
      }
      insert.reset();
      if (code == SQLITE_OK) code = execute("COMMIT");
      if (code != SQLITE_OK) execute("ROLLBACK");
      return code;
    });
  }

  std::optional<std::string> recall(const std::string& key) override {
    std::optional<std::string> found;
    guarded([&] {
      found.reset();
      Statement query;
      if (const int code = prepare("SELECT text FROM texts WHERE key = ?1", query);
          code != SQLITE_OK)
        return code;
      bind_bytes(*query, 1, key);
      const int code = ::sqlite3_step(query.get());
      if (code != SQLITE_ROW) return code == SQLITE_DONE ? SQLITE_OK : code;
      const void* data = ::sqlite3_column_blob(query.get(), 0);
      const int size = ::sqlite3_column_bytes(query.get(), 0);
      if (data) found.emplace(static_cast<const char*>(data), static_cast<std::size_t>(size));
      return SQLITE_OK;
    });
    return found;
  }

  void remember(const std::string& key, const std::string& text) override {
    guarded([&] {
      Statement insert;
      if (const int code = prepare("INSERT OR REPLACE INTO texts VALUES(?1, ?2)", insert);
          code != SQLITE_OK)
        return code;
      bind_bytes(*insert, 1, key);
      bind_bytes(*insert, 2, text);
      const int code = ::sqlite3_step(insert.get());
      return code == SQLITE_DONE ? SQLITE_OK : code;
    });
  }

 private:
  /// Runs one access. A corrupt database is set aside and a new one begun; any other failure ends
  /// the store for this run.
  void guarded(auto&& access) {
    if (!usable_) return;
    int code = access();
    if (is_corrupt(code) && set_aside()) code = open();
    if (code == SQLITE_OK) return;
    usable_ = false;
    // Not sqlite3_errmsg: that speaks of the last call, which may have been a rollback.
    progress_.note(
        fmt::format("no cache of finished measurements: {}: {}", path_, ::sqlite3_errstr(code)));
  }

  int open() {
    sqlite3* opened = nullptr;
    int code = ::sqlite3_open_v2(path_.c_str(), &opened, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                                 nullptr);
    database_.reset(opened);
    if (code != SQLITE_OK) return code;
    ::sqlite3_busy_timeout(opened, 2000);
    // Before anything is written: a database that has a page keeps the mode it was made with.
    code = execute("PRAGMA auto_vacuum = INCREMENTAL");
    if (code == SQLITE_OK) code = start_over_if_other_version();
    return code == SQLITE_OK ? execute(kTables) : code;
  }

  int start_over_if_other_version() {
    std::int64_t version = 0;
    if (const int code = number("PRAGMA user_version", version); code != SQLITE_OK) return code;
    if (version == kVersion) return SQLITE_OK;
    return execute(
        fmt::format("DROP TABLE IF EXISTS windows; DROP TABLE IF EXISTS texts; "
                    "PRAGMA user_version = {}",
                    kVersion));
  }

  int forget() {
    std::int64_t pages = 0;
    std::int64_t unused = 0;
    std::int64_t page = 0;
    int code = number("PRAGMA page_count", pages);
    if (code == SQLITE_OK) code = number("PRAGMA freelist_count", unused);
    if (code == SQLITE_OK) code = number("PRAGMA page_size", page);
    const bool full = (pages - unused) * page > most_bytes_;
    return code == SQLITE_OK && full ? execute(kForgetOlderHalf) : code;
  }

  /// False where that is not possible; the data stays for whoever wants to look at it.
  bool set_aside() {
    database_.reset();
    const auto seconds =
        std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
    const std::string aside = fmt::format("{}.corrupt-{}-{}", path_, seconds, ::getpid());
    std::error_code error;
    std::filesystem::rename(path_, aside, error);
    if (error) return false;
    for (const char* companion : {"-wal", "-shm"})
      std::filesystem::remove(path_ + companion, error);
    progress_.note(
        fmt::format("the cache of finished measurements was corrupt: moved to {}", aside));
    return true;
  }

  int number(const char* sql, std::int64_t& value) {
    Statement query;
    int code = prepare(sql, query);
    if (code != SQLITE_OK) return code;
    code = ::sqlite3_step(query.get());
    if (code != SQLITE_ROW) return code == SQLITE_DONE ? SQLITE_ERROR : code;
    value = ::sqlite3_column_int64(query.get(), 0);
    return SQLITE_OK;
  }

  int prepare(const char* sql, Statement& statement) {
    sqlite3_stmt* prepared = nullptr;
    const int code = ::sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr);
    statement.reset(prepared);
    return code;
  }
  int execute(const std::string& sql) {
    return ::sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  }
  static void bind(sqlite3_stmt& statement, const std::string& key, std::int32_t window) {
    ::sqlite3_bind_text(&statement, 1, key.data(), static_cast<int>(key.size()), SQLITE_TRANSIENT);
    ::sqlite3_bind_int(&statement, 2, window);
  }

  static void bind_bytes(sqlite3_stmt& statement, int place, const std::string& bytes) {
    ::sqlite3_bind_blob64(&statement, place, bytes.data(), bytes.size(), SQLITE_TRANSIENT);
  }

  std::string path_;
  Progress& progress_;
  std::int64_t most_bytes_;
  Database database_;
  bool usable_ = true;
};

std::string made_cache_folder() {
  std::error_code ignored;  // the store itself says what is wrong
  std::filesystem::create_directories(cache_folder(), ignored);
  return cache_folder();
}

}  // namespace

std::string cache_folder() {
  const char* cache = std::getenv("XDG_CACHE_HOME");
  const char* home = std::getenv("HOME");
  const std::string base = cache && *cache ? cache : fmt::format("{}/.cache", home ? home : "/tmp");
  return base + "/qualm";
}

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
