// SQLite in the few calls that qualm needs. A code is SQLite's: kOk, or what went wrong.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

struct sqlite3;
struct sqlite3_stmt;

namespace qualm::database {

inline constexpr int kOk = 0;

using Value = std::variant<std::int64_t, double, std::string_view, std::span<const std::byte>>;

/// One statement on its way through its rows.
class Rows {
 public:
  /// True: there is a row. False: the end, or a failure, which code() tells.
  [[nodiscard]] bool next();
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] double number(int column) const;
  /// Until the next row.
  [[nodiscard]] std::span<const std::byte> bytes(int column) const;
  /// The same statement from its beginning, with other parameters.
  void again(std::initializer_list<Value> values);
  /// kOk where nothing went wrong.
  [[nodiscard]] int code() const noexcept { return code_; }

 private:
  friend class Database;
  struct Closer {
    void operator()(sqlite3_stmt* statement) const noexcept;
  };
  std::unique_ptr<sqlite3_stmt, Closer> statement_;
  int code_ = 0;
};

/// Who may read the file: whoever the umask leaves, or its owner alone.
enum class Readers { by_umask, owner };

class Database {
 public:
  /// Makes the file where there is none; "" is a file that is gone when it is closed.
  [[nodiscard]] int open(const std::string& path, Readers readers);
  void close() { database_.reset(); }
  [[nodiscard]] int execute(const std::string& sql);
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
/// Gives a corrupt database another name, for whoever wants to look at it, and removes what SQLite
/// keeps beside it. The name; absent where that is not possible. It is not open.
[[nodiscard]] std::optional<std::string> set_aside(const std::string& path);

}  // namespace qualm::database
