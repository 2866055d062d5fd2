// Read-only files as spans of bytes.
//
// MappedFile maps a file read-only; reading a page of a hole of a sparse 100 GB file costs nothing
// until it is touched. A file that is truncated by someone else while mapped raises SIGBUS: jobs
// run in a child process, whose parent reports it.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/error.h"

namespace qualm {

/// Bytes that stay valid and unchanged as long as the object lives. The seam tests and fuzzers use.
class FileSource {
 public:
  virtual ~FileSource() = default;
  [[nodiscard]] virtual const std::string& path() const noexcept = 0;
  [[nodiscard]] virtual std::span<const std::byte> bytes() const noexcept = 0;
  /// Pages that were read leave this process's memory; they come back when they are read again.
  virtual void release_pages() const noexcept {}
};

/// Errors: FILE-001 does not exist, FILE-002 is a directory, FILE-003 not readable, FILE-004 not a
/// regular file, FILE-005 cannot be mapped. An empty file is a valid, empty source.
[[nodiscard]] Result<std::shared_ptr<const FileSource>> map_file(const std::string& path);

/// Bytes in memory under a made-up path.
[[nodiscard]] std::shared_ptr<const FileSource> memory_file(std::string path, std::string bytes);

/// Fails now if `path` could not be written later (FILE-010); leaves no trace.
[[nodiscard]] Result<void> check_writable(const std::string& path);

/// All of it, however many calls that takes. 0, or errno.
[[nodiscard]] int write_all(int descriptor, std::span<const std::byte> bytes) noexcept;
[[nodiscard]] int write_all(int descriptor, std::string_view text) noexcept;

/// Writes beside `path` and renames: the file is whole or not there. FILE-011 (disk full, ...).
[[nodiscard]] Result<void> write_file(const std::string& path, std::string_view bytes);
/// The same of parts, one behind the other.
[[nodiscard]] Result<void> write_file(const std::string& path,
                                      std::span<const std::span<const std::byte>> parts);

}  // namespace qualm
