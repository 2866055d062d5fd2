#include "database/database.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

namespace qualm::database {
namespace {

void bind(sqlite3_stmt* statement, int place, const Value& value) {
  if (const auto* integer = std::get_if<std::int64_t>(&value)) {
    ::sqlite3_bind_int64(statement, place, *integer);
  } else if (const auto* number = std::get_if<double>(&value)) {
    ::sqlite3_bind_double(statement, place, *number);
  } else if (const auto* bytes = std::get_if<std::span<const std::byte>>(&value)) {
    ::sqlite3_bind_blob64(statement, place, bytes->data(), bytes->size(), SQLITE_TRANSIENT);
  } else {
    const auto text = std::get<std::string_view>(value);
    ::sqlite3_bind_text64(statement, place, text.data() ? text.data() : "", text.size(),
                          SQLITE_TRANSIENT, SQLITE_UTF8);
  }
}

void bind(sqlite3_stmt* statement, std::initializer_list<Value> values) {
  int place = 0;
  for (const Value& value : values) bind(statement, ++place, value);
}

/// SQLite gives its companions (-wal, -shm) the mode of the database.
int make_for_owner(const std::string& path) {
  const int made = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (made < 0) return SQLITE_CANTOPEN;
  const int mode = ::fchmod(made, 0600);
  ::close(made);
  return mode == 0 ? SQLITE_OK : SQLITE_PERM;
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

std::span<const std::byte> Rows::bytes(int column) const {
  const auto* data = static_cast<const std::byte*>(::sqlite3_column_blob(statement_.get(), column));
  const auto size = static_cast<std::size_t>(::sqlite3_column_bytes(statement_.get(), column));
  return data ? std::span(data, size) : std::span<const std::byte>();
}

void Rows::again(std::initializer_list<Value> values) {
  if (code_ != SQLITE_OK) return;
  ::sqlite3_reset(statement_.get());
  bind(statement_.get(), values);
}

int Database::open(const std::string& path, Readers readers) {
  if (readers == Readers::owner)
    if (const int code = make_for_owner(path); code != SQLITE_OK) return code;
  constexpr int kHow = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_FULLMUTEX;
  sqlite3* opened = nullptr;
  const int code = ::sqlite3_open_v2(path.c_str(), &opened, kHow, nullptr);
  database_.reset(opened);
  if (code == SQLITE_OK) ::sqlite3_busy_timeout(opened, 2000);
  return code;
}

int Database::execute(const std::string& sql) {
  return ::sqlite3_exec(database_.get(), sql.c_str(), nullptr, nullptr, nullptr);
}

Rows Database::query(const char* sql, std::initializer_list<Value> values) {
  Rows rows;
  sqlite3_stmt* prepared = nullptr;
  rows.code_ = ::sqlite3_prepare_v2(database_.get(), sql, -1, &prepared, nullptr);
  rows.statement_.reset(prepared);
  if (rows.code_ == SQLITE_OK) bind(prepared, values);
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

std::optional<std::string> set_aside(const std::string& path) {
  const auto seconds =
      std::chrono::system_clock::now().time_since_epoch() / std::chrono::seconds(1);
  std::string aside = fmt::format("{}.corrupt-{}-{}", path, seconds, ::getpid());
  std::error_code error;
  std::filesystem::rename(path, aside, error);
  if (error) return std::nullopt;
  for (const char* companion : {"-wal", "-shm"}) std::filesystem::remove(path + companion, error);
  return aside;
}

}  // namespace qualm::database
