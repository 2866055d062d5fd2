// libllama's objects, owned.
#pragma once

#include <llama.h>

#include <memory>

namespace qualm::engine {

struct FreeModel {
  void operator()(llama_model* model) const noexcept { llama_model_free(model); }
};
struct FreeContext {
  void operator()(llama_context* context) const noexcept { llama_free(context); }
};
using ModelPointer = std::unique_ptr<llama_model, FreeModel>;
using ContextPointer = std::unique_ptr<llama_context, FreeContext>;

}  // namespace qualm::engine
