#include "weights/differing.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "codec/ggml.h"
#include "model/layer_name.h"
#include "model/sample_rows.h"
#include "model/tensor_class.h"
#include "weights/origin.h"
#include "weights/regression.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kRowsRead = 16;
constexpr std::size_t kNeighbours = 16;

const LeftByType* left_by(std::string_view type) {
  const auto* found = std::ranges::find(kLeftByType, type, &LeftByType::type);
  return found == std::end(kLeftByType) ? nullptr : found;
}

/// A mean that may be of nothing.
class Mean {
 public:
  void add(std::optional<double> value) {
    if (value) sum_ += *value, ++count_;
  }
  [[nodiscard]] std::optional<double> value() const {
    return count_ > 0 ? std::optional(sum_ / count_) : std::nullopt;
  }

 private:
  double sum_ = 0;
  int count_ = 0;
};

/// What is left beyond rounding, over the size of the weights.
double beyond_rounding(const TensorOrigin& tensor) {
  const double over = tensor.residual_over_step.value_or(0);
  const double rounding = over > 0 ? tensor.residual_share / over : 0;
  return std::sqrt(std::max(0.0, tensor.residual_share - rounding));
}

/// All by the same part of their size.
bool of_same_share(const std::vector<double>& parts) {
  double sum = 0, squares = 0;
  for (const double part : parts) sum += part, squares += part * part;
  const auto count = static_cast<double>(parts.size());
  if (parts.size() < 4 || !(sum > 0)) return false;
  const double mean = sum / count;
  return std::sqrt(std::max(0.0, squares / count - mean * mean)) < kSameShare * mean;
}

struct OfClass {
  DifferingClass of;
  Mean within;
  std::set<std::int64_t> layers, differ_in;
};

std::string class_of(const TensorOrigin& tensor) {
  return std::string(model::class_name(model::tensor_class(tensor.name)));
}

}  // namespace

bool Differing::quant_of_quant() const noexcept { return other_grid || same_share; }

std::optional<bool> differs(const TensorOrigin& tensor, const model::Encoding& encoding,
                            const model::Encoding& original, std::optional<double> rounding_left) {
  if (!original.is_float()) return std::nullopt;
  if (encoding.is_float()) {
    const double rounding = std::max(encoding.type->rounding, original.type->rounding);
    if (encoding.name == "F32") return std::nullopt;  // kept from before: nothing was rounded
    return std::sqrt(tensor.residual_share) > kFloatRoundings * rounding;
  }
  if (!tensor.residual_over_step) return std::nullopt;
  if (*tensor.residual_over_step > kMostOverStep) return true;
  const LeftByType* left = left_by(encoding.name);
  if (!left || !tensor.within) return std::nullopt;
  const double of_plain = std::min(1.0, rounding_left.value_or(1.0) / left->plain);
  return *tensor.within < of_plain * left->with_importance - kFewerWithin;
}

Result<std::optional<double>> left_by_rounding(const model::Tensor& tensor,
                                               const model::Tensor& original) {
  const auto length = static_cast<std::size_t>(original.row_length());
  const auto picked = model::sample_rows(original.row_count(), kRowsRead);
  std::vector<float> rows(picked.size() * length);
  for (std::size_t i = 0; i < picked.size(); ++i)
    QUALM_CHECK(original.data->rows(picked[i], 1, std::span(rows).subspan(i * length, length)));
  QUALM_TRY(const auto rounded,
            codec::rounded_to_nearest(tensor.encoding.ggml_type, original.row_length(), rows));
  const auto grid = rounded ? rounded->steps() : nullptr;
  if (!grid) return std::nullopt;
  std::vector<float> values(rows.size()), steps(rows.size());
  QUALM_CHECK(rounded->rows(0, std::ssize(picked), values));
  QUALM_CHECK(grid->rows(0, std::ssize(picked), steps));
  RegressionSums sums;
  sums.add(values, rows, rows, steps);
  return sums.gridded > 0 ? std::optional(sums.within_a / sums.gridded) : std::nullopt;
}

Result<bool> other_grid(const model::Tensor& tensor) {
  const bool fine = tensor.encoding.is_float() || tensor.encoding.type->bits >= kFineBits;
  if (!fine || tensor.row_length() < static_cast<std::int64_t>(kNeighbours)) return false;
  std::vector<float> row(static_cast<std::size_t>(tensor.row_length()));
  double values = 0, blocks = 0;
  for (const std::int64_t at : model::sample_rows(tensor.row_count(), kRowsRead)) {
    QUALM_CHECK(tensor.data->rows(at, 1, row));
    for (std::size_t i = 0; i + kNeighbours <= row.size(); i += kNeighbours) {
      const auto first = row.begin() + static_cast<std::ptrdiff_t>(i);
      values += static_cast<double>(std::set<float>(first, first + kNeighbours).size());
      blocks += 1;
    }
  }
  return blocks > 0 && values / blocks < kFewValues * static_cast<double>(kNeighbours);
}

Result<bool> mostly_on_other_grid(const model::Checkpoint& checkpoint) {
  std::int64_t matrices = 0;
  std::int64_t coarse = 0;
  for (const model::Tensor& tensor : checkpoint.tensors) {
    if (tensor.dims.size() < 2 || !tensor.data || tensor.name.starts_with("token_embd")) continue;
    QUALM_TRY(const bool other, other_grid(tensor));
    ++matrices;
    coarse += other ? 1 : 0;
  }
  return 2 * coarse > matrices;
}

std::optional<Differing> differing(std::span<const TensorOrigin> tensors) {
  Differing found;
  std::map<std::string, OfClass> classes;
  std::vector<std::string> order;
  std::vector<double> parts;
  std::int64_t in_layers = 0;
  Mean within, elsewhere, left;
  for (const TensorOrigin& tensor : tensors) {
    if (!tensor.differs) continue;
    const std::string name = class_of(tensor);
    if (!classes.contains(name)) order.push_back(name);
    auto& [one, share, layers, differ_in] = classes[name];
    one.name = name;
    ++one.of, ++found.of;
    const auto layer = model::layer_of(tensor.name);
    if (layer) ++in_layers, layers.insert(*layer);
    (*tensor.differs ? within : elsewhere).add(tensor.within);
    if (!*tensor.differs) continue;
    ++one.differ, ++found.matrices;
    if (layer) differ_in.insert(*layer), parts.push_back(beyond_rounding(tensor));
    share.add(tensor.within);
    if (const LeftByType* type = left_by(tensor.encoding)) left.add(type->plain);
  }
  if (found.matrices == 0) return std::nullopt;
  for (const std::string& name : order) {
    auto& [one, share, layers, differ_in] = classes[name];
    if (one.differ == 0) continue;
    one.within = share.value();
    one.in_layers = std::ssize(layers);
    if (differ_in.size() < layers.size()) one.layers.assign(differ_in.begin(), differ_in.end());
    found.classes.push_back(one);
  }
  found.within = within.value();
  found.within_elsewhere = elsewhere.value();
  found.left_by_type = left.value();
  found.all_of_layers = in_layers > 0 && std::ssize(parts) == in_layers;
  found.same_share = found.all_of_layers && of_same_share(parts);
  return found;
}

}  // namespace qualm::weights
