#include "weights/weight_map.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string_view>

#include "model/layer_name.h"
#include "model/sample_rows.h"
#include "weights/surrogate.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kSample = std::int64_t{1} << 18;  // weights of a tensor

/// What its type costs: the distance of a surrogate, on a sample of the rows.
std::optional<double> cost_of_type(const model::Tensor& stored, const model::Tensor& surrogate) {
  const std::int64_t length = stored.row_length();
  if (length <= 0 || !stored.data || !surrogate.data) return std::nullopt;
  std::vector<float> w(static_cast<std::size_t>(length));
  std::vector<float> noisy(w.size());
  double error = 0;
  double weights = 0;
  for (const std::int64_t row :
       model::sample_rows(stored.row_count(), std::max<std::int64_t>(kSample / length, 1))) {
    if (!stored.data->rows(row, 1, w) || !surrogate.data->rows(row, 1, noisy)) return std::nullopt;
    for (std::size_t i = 0; i < w.size(); ++i) {
      error += (double{noisy[i]} - double{w[i]}) * (double{noisy[i]} - double{w[i]});
      weights += double{w[i]} * double{w[i]};
    }
  }
  const double relative = std::sqrt(error / weights);
  return std::isfinite(relative) ? std::optional(relative) : std::nullopt;
}

/// By name; none where the error of some type is not known.
std::map<std::string_view, double> costs_of_types(const model::Checkpoint& candidate) {
  std::map<std::string_view, double> costs;
  if (!no_surrogate(candidate).empty()) return costs;
  const model::Checkpoint surrogate = surrogate_of(candidate, 0);
  for (std::size_t i = 0; i < candidate.tensors.size(); ++i)
    if (const auto cost = cost_of_type(candidate.tensors[i], surrogate.tensors[i]))
      costs.emplace(candidate.tensors[i].name, *cost);
  return costs;
}

TensorError entry(const model::Tensor& tensor) {
  return {.name = tensor.name,
          .tensor_class = model::tensor_class(tensor.name),
          .layer = model::layer_of(tensor.name),
          .encoding = tensor.encoding.name,
          .parameters = tensor.parameters(),
          .bytes = tensor.bytes,
          .error = {},
          .excess = {}};
}

}  // namespace

WeightMap map_weights(const model::Checkpoint& candidate, const WeightComparison& compared) {
  const auto costs = costs_of_types(candidate);
  std::map<std::string_view, const TensorComparison*> by_name;
  for (const TensorComparison& tensor : compared.tensors) by_name.emplace(tensor.name, &tensor);
  WeightMap map{.against_original = true, .tensors = {}};
  for (const model::Tensor& tensor : candidate.tensors) {
    TensorError one = entry(tensor);
    const auto found = by_name.find(tensor.name);
    if (const auto error = found == by_name.end() ? Figure(std::unexpected(""))
                                                  : relative_error(found->second->sums))
      one.error = *error;
    const auto cost = costs.find(tensor.name);
    // Scales of columns that were undone are in the error and not in the cost.
    if (one.error && cost != costs.end() && cost->second > 0 &&
        found->second->unscaled == Unscaled::no)
      one.excess = *one.error / cost->second;
    map.tensors.push_back(std::move(one));
  }
  return map;
}

Result<WeightMap> map_weights(const model::Checkpoint& candidate, const model::Checkpoint* original,
                              int threads, Progress& progress) {
  if (original) {
    QUALM_TRY(const auto compared, compare(candidate, *original, threads, progress));
    return map_weights(candidate, compared);
  }
  const auto costs = costs_of_types(candidate);
  WeightMap map;
  for (const model::Tensor& tensor : candidate.tensors) {
    TensorError one = entry(tensor);
    if (const auto cost = costs.find(tensor.name); cost != costs.end()) one.error = cost->second;
    map.tensors.push_back(std::move(one));
  }
  return map;
}

}  // namespace qualm::weights
