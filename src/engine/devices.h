// ggml's devices: listed, found by name, servers of other machines among them.
#pragma once

#include <ggml-backend.h>

#include <vector>

#include "base/error.h"
#include "engine/engine.h"

namespace qualm::engine {

/// See Engine::devices. ggml's backends are loaded.
[[nodiscard]] Result<std::vector<Device>> devices_of(const Devices& wanted);

/// The same for libllama, with a null at the end. Errors: as devices_of.
[[nodiscard]] Result<std::vector<ggml_backend_dev_t>> device_handles(const Devices& wanted);

}  // namespace qualm::engine
