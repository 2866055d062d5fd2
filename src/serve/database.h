// SQLite in the few calls that the history needs.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "base/error.h"

struct sqlite3;
struct sqlite3_stmt;

namespace qualm::serve {

using Value = std::variant<std::int64_t, double, std::string_view>;

/// One statement on its way through its rows.
class Rows {
 public:
  /// True: there is a row. False: the end, or a failure, which code() tells.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  /// Of SQLite: SQLITE_OK where nothing went wrong.
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  friend class Database;
  struct Closer {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
  int code_ = 0;
};

class Database {
 public:
  /// Makes the file for its owner alone (0600). The code is SQLite's.
  [[nodiscard]] int open(const std::string& path);
  void close() { database_.reset(); }
  [[nodiscard]] int execute(const char* sql);
  /// One statement, with its parameters in their order.
  [[nodiscard]] Rows query(const char* sql, std::initializer_list<Value> values = {});
  /// One that has no rows.
  [[nodiscard]] int change(const char* sql, std::initializer_list<Value> values);
  /// Rows that the last change touched.
  [[nodiscard]] int changed() const;

 private:
  struct Closer {
    void operator()(sqlite3* database) const noexcept;
  };
  std::unique_ptr<sqlite3, Closer> database_;
};

/// The file is no database, or a broken one.
[[nodiscard]] bool is_corrupt(int code) noexcept;
[[nodiscard]] std::string words_of(int code);

}  // namespace qualm::serve
