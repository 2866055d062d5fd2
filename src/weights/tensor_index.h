// Tensors of a checkpoint by name, for looking up many: a file may hold a million.
#pragma once

#include <string_view>
#include <unordered_map>

#include "model/checkpoint.h"

namespace qualm::weights {

class TensorIndex {
 public:
  explicit TensorIndex(const model::Checkpoint& checkpoint) {
    for (const model::Tensor& tensor : checkpoint.tensors) tensors_.emplace(tensor.name, &tensor);
  }
  [[nodiscard]] const model::Tensor* find(std::string_view name) const {
    const auto it = tensors_.find(name);
    return it == tensors_.end() ? nullptr : it->second;
  }

 private:
  std::unordered_map<std::string_view, const model::Tensor*> tensors_;
};

}  // namespace qualm::weights
