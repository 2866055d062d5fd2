// GGUF's value types by id, and as C++ types. Internal to this folder.
#pragma once

#include <cstdint>

namespace qualm::gguf {

enum : std::int32_t {
  kU32 = 4,
  kI32 = 5,
  kF32 = 6,
  kBool = 7,
  kString = 8,
  kArray = 9,
  kTypes = 13  ///< how many there are
};

/// Calls read.operator()<T>() with the C++ type of a GGUF number type; bools are bytes.
template <class Read>
auto with_number_type(std::int32_t type, Read&& read)
    -> decltype(read.template operator()<double>()) {
  switch (type) {
    case 0:
    case kBool:
      return read.template operator()<std::uint8_t>();
    case 1:
      return read.template operator()<std::int8_t>();
    case 2:
      return read.template operator()<std::uint16_t>();
    case 3:
      return read.template operator()<std::int16_t>();
    case kU32:
      return read.template operator()<std::uint32_t>();
    case kI32:
      return read.template operator()<std::int32_t>();
    case kF32:
      return read.template operator()<float>();
    case 10:
      return read.template operator()<std::uint64_t>();
    case 11:
      return read.template operator()<std::int64_t>();
    default:
      return read.template operator()<double>();
  }
}

}  // namespace qualm::gguf
