// A GGUF that has no name in any folder: an anonymous file that libllama opens by its descriptor.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "base/error.h"

namespace qualm::assemble {

/// Images made from now on in this process lie on the disk of that folder and not in memory: still
/// without a name, and gone with the process.
void put_images_in(const std::string& folder);

/// Owns an anonymous file. Its pages count as the process's memory and are gone with it.
class Image {
 public:
  /// IMAGE-001: the system gives no anonymous file.
  [[nodiscard]] static Result<Image> create(const std::string& name);
  Image(Image&& other) noexcept;
  Image& operator=(Image&& other) noexcept;
  ~Image();

  /// Valid in this process as long as the image lives.
  [[nodiscard]] std::string path() const;
  [[nodiscard]] std::int64_t bytes() const;
  [[nodiscard]] int descriptor() const noexcept { return fd_; }
  /// Appends. IMAGE-002: out of memory.
  [[nodiscard]] Result<void> append(std::span<const std::byte> data);
  /// Copies the image to a file on disk, whole or not at all (FILE-011).
  [[nodiscard]] Result<void> save(const std::string& path) const;

 private:
  Image(int fd, std::string name) noexcept : fd_(fd), name_(std::move(name)) {}
  int fd_ = -1;
  std::string name_;
};

}  // namespace qualm::assemble
