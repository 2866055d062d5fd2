// libllama behind the engine seam.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "assemble/quantizer.h"
#include "engine/engine.h"

namespace qualm::engine {

/// One per process: libllama's log goes to one place. The log is captured, never printed; its last
/// lines are in the errors. Loads ggml's backends on first use.
[[nodiscard]] std::unique_ptr<Engine> make_llama_engine();

/// Of the libraries that are loaded, which may be others than those of the headers:
/// "libllama 0.7.0, ggml 0.27.0", with ggml's commit where it knows it.
[[nodiscard]] std::string library_version();

struct CallSize {
  std::int32_t windows = 1;
  std::int32_t tokens = 1;
};
/// A graph's worth of windows: more in a call would only take memory for their logits. Each of two
/// models holds one row for each token; where that is too much, a call takes a part of a window.
[[nodiscard]] CallSize size_of_call(const Settings& settings, std::int64_t vocab_size);

/// ggml runs matrices on the AMX units of this processor: it keeps them a second time, in the order
/// of these. Known once an engine was made.
[[nodiscard]] bool has_amx() noexcept;

/// The cache types and the modes of flash attention and splitting exist. ENGINE-004: one does not.
[[nodiscard]] Result<void> check_names(const Settings& settings);

/// Bytes of `values` numbers in a cache of this type ("q8_0"); 0 for a type no cache can have.
[[nodiscard]] std::int64_t cache_bytes(const std::string& type, std::int64_t values);

/// libllama's own quantizer: what it writes is byte for byte llama-quantize's.
[[nodiscard]] std::unique_ptr<assemble::Quantizer> make_llama_quantizer();

}  // namespace qualm::engine
