#include "base/byte_reader.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/units.h"

namespace qualm {

Error ByteReader::error(int number, std::uint64_t at, std::string_view what, Wrong wrong) const {
  return {Kind::input,
          fmt::format("{}-{:03}", format_, number),
          file_,
          fmt::format("byte {}, {}", at, what),
          std::move(wrong.expected),
          std::move(wrong.found),
          std::move(wrong.advice)};
}

Error ByteReader::ends_inside(std::string_view what, std::uint64_t size) const {
  return error(
      1, offset_, what,
      {fmt::format("{} bytes", grouped(size)),
       fmt::format("the end of the file after {}", grouped(remaining())), std::string(kDamaged)});
}

Result<std::uint64_t> ByteReader::count(std::string_view what, std::uint64_t entry_bytes) {
  const std::uint64_t at = offset_;
  QUALM_TRY(const auto entries, number<std::uint64_t>(what));
  const std::uint64_t room = remaining() / entry_bytes;
  if (entries <= room) return entries;
  offset_ = at;
  return fail(
      error(2, at, what,
            {fmt::format("at most {} (each takes {} bytes or more, {} bytes remain)", grouped(room),
                         entry_bytes, grouped(remaining() - sizeof(entries))),
             grouped(entries), std::string(kDamaged)}));
}

Result<std::string_view> ByteReader::string(std::string_view what, std::uint64_t most) {
  const std::uint64_t at = offset_;
  QUALM_TRY(const auto length, number<std::uint64_t>(what));
  const std::uint64_t room = std::min(most, remaining());
  if (length > room) {
    offset_ = at;
    return fail(error(3, at, what,
                      {fmt::format("a string of at most {} bytes", grouped(room)), grouped(length),
                       std::string(kDamaged)}));
  }
  const auto* text = reinterpret_cast<const char*>(bytes_.data()) + offset_;
  offset_ += length;
  return std::string_view(text, length);
}

Result<std::span<const std::byte>> ByteReader::bytes(std::string_view what, std::uint64_t size) {
  if (size > remaining()) return fail(ends_inside(what, size));
  const auto view = bytes_.subspan(offset_, size);
  offset_ += size;
  return view;
}

}  // namespace qualm
