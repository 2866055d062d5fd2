#include "assemble/image.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "base/file.h"
#include "base/platform.h"

namespace qualm::assemble {
namespace {

/// Empty: in memory.
std::string& folder_of_images() {
  static std::string folder;
  return folder;
}

}  // namespace

void put_images_in(const std::string& folder) { folder_of_images() = folder; }

Result<Image> Image::create(const std::string& name) {
  const std::string& folder = folder_of_images();
  const int fd = folder.empty() ? open_anonymous_file(name) : open_unnamed_file(folder);
  if (fd < 0)
    return fail({Kind::engine, "IMAGE-001", name, "",
                 folder.empty() ? "an anonymous file in memory" : "a file in " + folder,
                 std::strerror(errno),
                 "The system gives no such file: check the sandbox this runs in, and the disk."});
  return Image(fd, name);
}

Image::Image(Image&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)) {}

Image& Image::operator=(Image&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(name_, other.name_);
  return *this;
}

Image::~Image() {
  if (fd_ >= 0) ::close(fd_);
}

std::string Image::path() const { return path_of_descriptor(fd_); }

std::int64_t Image::bytes() const {
  struct stat info {};
  return ::fstat(fd_, &info) == 0 ? static_cast<std::int64_t>(info.st_size) : 0;
}

Result<void> Image::append(std::span<const std::byte> data) {
  while (!data.empty()) {
    const ssize_t n = ::write(fd_, data.data(), data.size());
    if (n > 0) {
      data = data.subspan(static_cast<std::size_t>(n));
    } else if (n < 0 && errno != EINTR) {
      return fail({Kind::engine, "IMAGE-002", name_, "",
                   fmt::format("{} more bytes of memory or disk", data.size()),
                   std::strerror(errno),
                   "The assembled model does not fit: free some memory or disk."});
    }
  }
  return {};
}

Result<void> Image::save(const std::string& path) const {
  QUALM_TRY(const auto file, map_file(this->path()));
  const auto bytes = file->bytes();
  return write_file(path, {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
}

}  // namespace qualm::assemble
