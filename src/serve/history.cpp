#include "serve/history.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "base/platform.h"
#include "serve/refusals.h"

namespace qualm::serve {
namespace {

constexpr const char* kTables =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA secure_delete = ON;"
    "CREATE TABLE IF NOT EXISTS jobs(number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, "
    "title TEXT, status TEXT, verdict TEXT, summary TEXT, created INTEGER, seconds REAL, "
    "request TEXT, document TEXT, error TEXT);"
    "UPDATE jobs SET status = 'interrupted' WHERE status IN ('queued', 'running');";

constexpr std::array<std::pair<Status, std::string_view>, 6> kNames{
    {{Status::queued, "queued"},
     {Status::running, "running"},
     {Status::done, "done"},
     {Status::failed, "failed"},
     {Status::cancelled, "cancelled"},
     {Status::interrupted, "interrupted"}}};

Status status_named(const std::string& text) {
  for (const auto& [status, name] : kNames)
    if (name == text) return status;
  return Status::interrupted;
}

Record record_of(const database::Rows& row) {
  return {.id = row.text(0),
          .title = row.text(1),
          .status = status_named(row.text(2)),
          .verdict = row.text(3),
          .summary = row.text(4),
          .created = row.integer(5),
          .seconds = row.number(6),
          .request = row.text(7),
          .document = row.text(8),
          .error = row.text(9)};
}

/// 0, or errno. The last folder is for its owner alone.
int make_folder(const std::filesystem::path& folder) {
  std::error_code error;
  if (folder.has_parent_path()) std::filesystem::create_directories(folder.parent_path(), error);
  if (::mkdir(folder.c_str(), 0700) != 0 && errno != EEXIST) return errno;
  return ::chmod(folder.c_str(), 0700) == 0 ? 0 : errno;
}

}  // namespace

std::string_view to_string(Status status) noexcept {
  for (const auto& [value, name] : kNames)
    if (value == status) return name;
  return "";
}

std::string state_folder() { return user_folder("XDG_STATE_HOME", ".local/state"); }

History::Lock::~Lock() {
  if (descriptor >= 0) ::close(descriptor);
}

Result<std::unique_ptr<History>> History::open(const std::string& path, Note note) {
  const auto folder = std::filesystem::path(path).parent_path();
  if (const int error = make_folder(folder); error != 0)
    return fail(no_history(folder.string(), std::strerror(error)));
  std::unique_ptr<History> history(new History(path, std::move(note)));
  history->lock_.descriptor =
      ::open((path + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (history->lock_.descriptor < 0) return fail(no_history(path, std::strerror(errno)));
  if (::flock(history->lock_.descriptor, LOCK_EX | LOCK_NB) != 0) return fail(history_in_use(path));
  int code = history->open_tables();
  if (database::is_corrupt(code) && history->set_aside()) code = history->open_tables();
  if (code != database::kOk) return fail(no_history(path, database::words_of(code)));
  return history;
}

int History::open_tables() {
  const int code = database_.open(path_, database::Readers::owner);
  return code == database::kOk ? database_.execute(kTables) : code;
}

bool History::set_aside() {
  database_.close();
  const auto aside = database::set_aside(path_);
  if (aside) note_(fmt::format("the history was corrupt: moved to {}", *aside));
  return aside.has_value();
}

void History::guarded(const std::function<int()>& access) {
  const std::lock_guard lock(mutex_);
  int code = access();
  if (database::is_corrupt(code) && set_aside()) {
    code = open_tables();
    if (code == database::kOk) code = access();
  }
  if (code != database::kOk)
    note_(fmt::format("the history: {}: {}", path_, database::words_of(code)));
}

void History::add(const Record& r) {
  guarded([&] {
    const int code = database_.change(
        "INSERT INTO jobs(id, title, status, verdict, summary, created, seconds, request, "
        "document, error) VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        {r.id, r.title, to_string(r.status), r.verdict, r.summary, r.created, r.seconds, r.request,
         r.document, r.error});
    if (code != database::kOk) return code;
    return database_.change(
        "DELETE FROM jobs WHERE status NOT IN ('queued', 'running') AND number <= "
        "(SELECT number FROM jobs ORDER BY number DESC LIMIT 1 OFFSET ?1)",
        {kMostKept});
  });
}

void History::update(const Record& r) {
  guarded([&] {
    return database_.change(
        "UPDATE jobs SET title = ?2, status = ?3, verdict = ?4, summary = ?5, seconds = ?6, "
        "document = ?7, error = ?8 WHERE id = ?1",
        {r.id, r.title, to_string(r.status), r.verdict, r.summary, r.seconds, r.document, r.error});
  });
}

bool History::remove(const std::string& id) {
  bool removed = false;
  guarded([&] {
    const int code = database_.change("DELETE FROM jobs WHERE id = ?1", {id});
    removed = code == database::kOk && database_.changed() > 0;
    return code;
  });
  return removed;
}

std::optional<Record> History::find(const std::string& id) {
  std::optional<Record> found;
  guarded([&] {
    database::Rows rows = database_.query(
        "SELECT id, title, status, verdict, summary, created, seconds, request, document, error "
        "FROM jobs WHERE id = ?1",
        {id});
    if (rows.next()) found = record_of(rows);
    return rows.code();
  });
  return found;
}

std::vector<Record> History::list() {
  std::vector<Record> all;
  guarded([&] {
    all.clear();
    database::Rows rows = database_.query(
        "SELECT id, title, status, verdict, summary, created, seconds, '', '', '' FROM jobs "
        "ORDER BY number DESC");
    while (rows.next()) all.push_back(record_of(rows));
    return rows.code();
  });
  return all;
}

}  // namespace qualm::serve
