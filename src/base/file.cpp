#include "base/file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace qualm {
namespace {

Error file_error(std::string code, const std::string& path, std::string expected, std::string found,
                 std::string advice) {
  return {Kind::input,      std::move(code),  path, "", std::move(expected),
          std::move(found), std::move(advice)};
}

/// Nothing is there, or a link that leads to nothing.
Error nothing_at(const std::string& path) {
  std::error_code ignored;
  const auto target = std::filesystem::read_symlink(path, ignored);
  if (target.empty())
    return file_error("FILE-001", path, "a file", "nothing at this path", "Check the path.");
  return file_error("FILE-001", path, "a file",
                    "a symbolic link to " + target.string() + ", where nothing is",
                    "Download the file that the link names, or name the file itself.");
}

class Descriptor {
 public:
  explicit Descriptor(int fd) noexcept : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const noexcept { return fd_; }

 private:
  int fd_;
};

class MappedFile final : public FileSource {
 public:
  MappedFile(std::string path, void* data, std::size_t size) noexcept
      : path_(std::move(path)), data_(data), size_(size) {}
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile() override {
    if (size_ > 0) ::munmap(data_, size_);
  }
  const std::string& path() const noexcept override { return path_; }
  std::span<const std::byte> bytes() const noexcept override {
    return {static_cast<const std::byte*>(data_), size_};
  }
  void release_pages() const noexcept override {
    if (size_ > 0) ::madvise(data_, size_, MADV_DONTNEED);
  }

 private:
  std::string path_;
  void* data_;
  std::size_t size_;
};

class MemoryFile final : public FileSource {
 public:
  MemoryFile(std::string path, std::string bytes)
      : path_(std::move(path)), bytes_(std::move(bytes)) {}
  const std::string& path() const noexcept override { return path_; }
  std::span<const std::byte> bytes() const noexcept override {
    return std::as_bytes(std::span(bytes_));
  }

 private:
  std::string path_;
  std::string bytes_;
};

}  // namespace

Result<std::shared_ptr<const FileSource>> map_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) {
    const int reason = errno;
    if (reason == ENOENT) return fail(nothing_at(path));
    return fail(file_error("FILE-003", path, "a readable file", std::strerror(reason),
                           "Check the permissions."));
  }
  struct stat info {};
  if (::fstat(file.get(), &info) != 0)
    return fail(file_error("FILE-003", path, "a readable file", std::strerror(errno), ""));
  if (S_ISDIR(info.st_mode))
    return fail(file_error("FILE-002", path, "a file", "a directory",
                           "Name the model file inside it, or the first shard of a split model."));
  if (!S_ISREG(info.st_mode))
    return fail(file_error("FILE-004", path, "a regular file", "a pipe, device or socket",
                           "Save it to a file first."));
  const auto size = static_cast<std::size_t>(info.st_size);
  if (size == 0) return std::make_shared<const MappedFile>(path, nullptr, 0);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (data == MAP_FAILED)
    return fail(file_error("FILE-005", path, fmt::format("{} bytes to be mapped", size),
                           std::strerror(errno), "Check the memory limits (ulimit -v)."));
  return std::make_shared<const MappedFile>(path, data, size);
}

std::shared_ptr<const FileSource> memory_file(std::string path, std::string bytes) {
  return std::make_shared<const MemoryFile>(std::move(path), std::move(bytes));
}

namespace {

Error write_error(const std::string& path, int reason) {
  return file_error(
      "FILE-011", path, "to write the file", std::strerror(reason),
      reason == ENOSPC ? "Free some space or name another place." : "Name another place.");
}

std::string directory_of(const std::string& path) {
  const auto parent = std::filesystem::path(path).parent_path();
  return parent.empty() ? "." : parent.string();
}

}  // namespace

Result<void> check_writable(const std::string& path) {
  struct stat info {};
  const bool exists = ::stat(path.c_str(), &info) == 0;
  const auto refuse = [&](const std::string& found) {
    return fail(file_error("FILE-010", path, "an output file that can be written", found,
                           "Name another place for -o."));
  };
  if (exists && S_ISDIR(info.st_mode)) return refuse("a directory");
  const bool plain = !exists || S_ISREG(info.st_mode);
  const std::string folder = directory_of(path);
  if (!exists && (::stat(folder.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)))
    return refuse("no folder " + folder);
  if (exists && ::access(path.c_str(), W_OK) != 0) return refuse(std::strerror(errno));
  // write_file makes a new file beside it.
  if (plain && ::access(folder.c_str(), W_OK | X_OK) != 0)
    return refuse(fmt::format("the folder {}: {}", folder, std::strerror(errno)));
  return {};
}

Result<void> write_file(const std::string& path, std::string_view bytes) {
  const auto part = std::as_bytes(std::span(bytes));
  return write_file(path, std::span(&part, 1));
}

int write_all(int descriptor, std::span<const std::byte> bytes) noexcept {
  while (!bytes.empty()) {
    const ssize_t n = ::write(descriptor, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) return errno;
    if (n > 0) bytes = bytes.subspan(static_cast<std::size_t>(n));
  }
  return 0;
}

int write_all(int descriptor, std::string_view text) noexcept {
  return write_all(descriptor, std::as_bytes(std::span(text)));
}

Result<void> write_file(const std::string& path,
                        std::span<const std::span<const std::byte>> parts) {
  // A device such as /dev/stdout cannot be renamed over: write to it as it is.
  struct stat info {};
  const bool plain = ::stat(path.c_str(), &info) != 0 || S_ISREG(info.st_mode);
  const std::string target = plain ? fmt::format("{}.part{}", path, ::getpid()) : path;
  int reason = 0;
  {
    const Descriptor file(::open(target.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (file.get() < 0) return fail(write_error(path, errno));
    for (const auto& part : parts)
      if (reason == 0) reason = write_all(file.get(), part);
    if (plain && reason == 0 && ::fsync(file.get()) != 0) reason = errno;
  }
  if (plain && reason == 0 && ::rename(target.c_str(), path.c_str()) != 0) reason = errno;
  if (reason == 0) return {};
  if (plain) ::unlink(target.c_str());
  return fail(write_error(path, reason));
}

}  // namespace qualm
