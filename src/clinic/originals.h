// What is done to a clinic's model before it is quantized.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "assemble/image.h"
#include "clinic/making.h"
#include "model/tensor_class.h"

namespace qualm::clinic {

/// The first of the experts that a stack holds; empty where the tensor is none.
template <class T>
std::span<T> first_expert(std::string_view tensor, std::int64_t experts, std::span<T> values) {
  if (model::tensor_class(tensor) != model::TensorClass::experts) return {};
  return values.first(values.size() / static_cast<std::size_t>(experts));
}

/// The file that is quantized, where it is not the stock itself. Errors: CLINIC-003; those of
/// reading, of the quantizer and of writing.
[[nodiscard]] Result<std::optional<assemble::Image>> original(const ClinicCase& one,
                                                              const ClinicStock& stock,
                                                              assemble::Quantizer& quantizer,
                                                              Progress& progress);

}  // namespace qualm::clinic
