// One canonical tensor from the weights it is made of. Internal to this folder.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "base/error.h"
#include "formats/hf/config.h"
#include "formats/quantized_linear.h"
#include "model/checkpoint.h"

namespace qualm::formats::hf {

struct Pending {
  const Rule* rule = nullptr;  ///< of the part that came first
  std::string from;            ///< a tensor it was made of, for messages
  std::map<std::int64_t, Weight> slots;
};

/// Numbers stored one by one, as opposed to any scheme's codes.
[[nodiscard]] bool is_plain(const Weight& weight);

[[nodiscard]] Error tensor_error(const safetensors::Container& container, std::string code,
                                 std::string place, std::string expected, std::string found);

/// Errors: HF-008 a part is missing, HF-009 a shape that is not the configuration's.
[[nodiscard]] Result<model::Tensor> finish_tensor(const std::string& name, const Pending& pending,
                                                  const Config& config,
                                                  const safetensors::Container& container);

}  // namespace qualm::formats::hf
