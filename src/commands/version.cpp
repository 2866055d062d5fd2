#include "commands/version.h"

#include <fmt/format.h>

#include "engine/llama_engine.h"

namespace qualm::commands {

std::string version() {
  return fmt::format("qualm {} ({})", QUALM_VERSION, engine::library_version());
}

}  // namespace qualm::commands
