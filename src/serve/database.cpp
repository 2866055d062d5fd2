#include "serve/database.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

namespace qualm::serve {
namespace {

void bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    ::sqlite3_bind_int64(statement, place, *integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    ::sqlite3_bind_double(statement, place, *number);
  } else {
    const auto text = std::get<std::string_view>(value);
    ::sqlite3_bind_text64(statement, place, text.data() ? text.data() : "", text.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

}  // namespace

void Rows::Closer::operator()(sqlite3_stmt* statement) const noexcept {
  ::sqlite3_finalize(statement);
}

void Database::Closer::operator()(sqlite3* database) const noexcept { ::sqlite3_close(database); }

bool Rows::next() {
  if (code_ != SQLITE_OK) return false;
  const int code = ::sqlite3_step(statement_.get());
  if (code != SQLITE_ROW && code != SQLITE_DONE) code_ = code;
  return code == SQLITE_ROW;
}

std::string Rows::text(int column) const {
  const auto* data = ::sqlite3_column_text(statement_.get(), column);
  const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
  return data ? std::string(reinterpret_cast<const char*>(data), size) : std::string();
}

std::int64_t Rows::integer(int column) const {
  return ::sqlite3_column_int64(statement_.get(), column);
}

double Rows::number(int column) const { return ::sqlite3_column_double(statement_.get(), column); }

int Database::open(const std::string& path) {
  // SQLite gives its companions (-wal, -shm) the mode of the database.
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) return SQLITE_CANTOPEN;
  const int mode = ::fchmod(made, 0600);
  ::close(made);
  if (mode != 0) return SQLITE_PERM;
  sqlite3* opened = nullptr;
  const int code = ::sqlite3_open_v2(path.c_str(), &opened,
                                     SQLITE_OPEN_READWRITE | SQLITE_OPEN_FULLMUTEX, nullptr);
  database_.reset(opened);
  if (code == SQLITE_OK) ::sqlite3_busy_timeout(opened, 2000);
  return code;
}

int Database::execute(const char* sql) {
  return ::sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr);
}

Rows Database::query(const char* sql, std::initializer_list<Value> values) {
  Rows rows;
  sqlite3_stmt* prepared = nullptr;
  rows.code_ = ::sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr);
  rows.statement_.reset(prepared);
  int place = 0;
  if (rows.code_ == SQLITE_OK)
    for (const Value& value : values) bind(prepared, ++place, value);
  return rows;
}

int Database::change(const char* sql, std::initializer_list<Value> values) {
  Rows rows = query(sql, values);
  while (rows.next()) {
  }
  return rows.code();
}

int Database::changed() const { return ::sqlite3_changes(database_.get()); }

bool is_corrupt(int code) noexcept {
  const int primary = code & 0xff;
  return primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB;
}

std::string words_of(int code) { return ::sqlite3_errstr(code); }

}  // namespace qualm::serve
