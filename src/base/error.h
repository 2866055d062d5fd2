// Errors as values: what went wrong, where, what was expected, what was found, what to try.
//
// Nothing in libqualm prints, exits or aborts on input, and no exception leaves a function of ours.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace qualm {

/// What kind of failure it is decides the exit code of the program and nothing else does.
enum class Kind {
  input,      ///< wrong usage, or a file that cannot be read as what it claims to be (exit code 2)
  undecided,  ///< the question is fair, the evidence does not suffice (exit code 3)
  engine,     ///< libllama failed, or the child process that ran it (exit code 4)
  cancelled,  ///< the user stopped it (exit code 130, as a shell reports SIGINT)
};

struct Error {
  Kind kind = Kind::input;
  std::string code;      ///< stable, for scripts and tests: "GGUF-012"
  std::string file;      ///< path as the user gave it; empty where no file is at fault
  std::string place;     ///< "byte 8, tensor count" or "tensor blk.0.attn_q.weight"
  std::string expected;  ///< "at most 42 entries"
  std::string found;     ///< "9223372036854775807"
  std::string advice;    ///< one sentence, what to try
};

template <class T>
using Result = std::expected<T, Error>;

/// The exit code for an error of this kind (docs/reports.md, Exit codes).
[[nodiscard]] int exit_code(Kind kind) noexcept;

/// One line: `error[GGUF-012] model.gguf, byte 8, tensor count: expected ..., found .... Advice.`
/// Bytes of the file that appear in it (names, keys) have control characters escaped.
[[nodiscard]] std::string describe(const Error& error);

/// Escapes control characters, and quotes nothing: file content on its way to a terminal or a
/// message.
[[nodiscard]] std::string printable(std::string_view untrusted);

[[nodiscard]] inline std::unexpected<Error> fail(Error error) {
  return std::unexpected<Error>(std::move(error));
}

}  // namespace qualm

#define QUALM_CONCAT_(a, b) a##b
#define QUALM_CONCAT(a, b) QUALM_CONCAT_(a, b)
/// QUALM_TRY(auto x, expression): declares x from the value, or returns the error to the caller.
#define QUALM_TRY(declaration, ...)                                             \
  auto QUALM_CONCAT(result_, __LINE__) = (__VA_ARGS__);                         \
  if (!QUALM_CONCAT(result_, __LINE__))                                         \
    return std::unexpected(std::move(QUALM_CONCAT(result_, __LINE__)).error()); \
  declaration = *std::move(QUALM_CONCAT(result_, __LINE__))
/// The same for Result<void>.
#define QUALM_CHECK(...)                                                                      \
  if (auto QUALM_CONCAT(result_, __LINE__) = (__VA_ARGS__); !QUALM_CONCAT(result_, __LINE__)) \
  return std::unexpected(std::move(QUALM_CONCAT(result_, __LINE__)).error())
