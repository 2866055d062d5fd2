// A model as llama-quantize would make it of another.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "engine/llama_engine.h"

namespace qualm::test {

/// `base` in the mix `tier`, as the file `path`. `types`: of tensors, by regular expressions.
inline void make_quantized(const std::string& tier, const std::string& base,
                           const std::string& path,
                           const std::vector<std::pair<std::string, std::string>>& types = {}) {
  const assemble::QuantizeOptions options = assemble::quantize_options(tier, types);
  const auto image = engine::make_llama_quantizer()->quantize(base, options);
  ASSERT_TRUE(image) << describe(image.error());
  ASSERT_TRUE(image->save(path));
}

}  // namespace qualm::test
