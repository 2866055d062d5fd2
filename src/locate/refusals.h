// How names and stores are refused. Each error has its one place here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/error.h"

namespace qualm::locate {

/// LOCATE-001: not a name of the form that the prefix has.
[[nodiscard]] Error bad_name(const std::string& name, const std::string& found);
/// LOCATE-002: nothing on this machine has the name. `command`: how to get it.
[[nodiscard]] Error not_found(const std::string& name, const std::string& found,
                              const std::string& command);
/// LOCATE-003: several files have the name.
[[nodiscard]] Error several(const std::string& name, const std::vector<std::string>& matches);
/// LOCATE-004: a link does not lead to a file of the store.
[[nodiscard]] Error leaves_store(const std::string& path, const std::string& found);
/// LOCATE-005: a file of the store cannot be used.
[[nodiscard]] Error bad_store_file(const std::string& path, const std::string& place,
                                   const std::string& expected, const std::string& found);
[[nodiscard]] Error too_large(const std::string& path, std::int64_t most, std::size_t found);
/// LOCATE-006: the model is not one GGUF.
[[nodiscard]] Error not_one_file(const std::string& name, const std::string& found);
/// LOCATE-007: what the store lists is not there.
[[nodiscard]] Error not_there(const std::string& path);

}  // namespace qualm::locate
