#include "weights/comparison.h"

#include <algorithm>
#include <atomic>

#include "base/parallel.h"
#include "model/layer_name.h"
#include "weights/blocks.h"
#include "weights/tensor_index.h"
#include "weights/unscale.h"

namespace qualm::weights {
namespace {

/// What is compared of a tensor that both sides have.
struct Common {
  const model::Tensor* model = nullptr;
  const model::Tensor* baseline = nullptr;
  std::int64_t length = 0;
  std::int64_t rows = 0;
};

/// Buffers of one lane.
struct Scratch {
  std::vector<float> w;
  std::vector<float> b;
  std::vector<float> steps;
};

Error within(Error error, const model::Checkpoint& of, const model::Tensor& tensor) {
  if (error.file.empty()) error.file = of.path;
  if (error.place.empty()) error.place = "tensor " + tensor.name;
  return error;
}

bool may_be_padded(const model::Tensor& tensor) {
  const auto what = model::tensor_class(tensor.name);
  return what == model::TensorClass::token_embd || what == model::TensorClass::output;
}

/// Trailing dimensions of 1 say nothing.
std::vector<std::int64_t> shape_of(const model::Tensor& tensor) {
  std::vector<std::int64_t> dims = tensor.dims;
  while (dims.size() > 1 && dims.back() == 1) dims.pop_back();
  return dims;
}

/// How far the two can be compared; absent: not at all.
std::optional<Common> common_part(const model::Tensor& model, const model::Tensor& baseline) {
  Common common{&model, &baseline, model.row_length(), model.row_count()};
  if (shape_of(model) != shape_of(baseline)) {
    const bool rows_only = may_be_padded(model) && model.dims.size() == 2 &&
                           baseline.dims.size() == 2 && model.dims[0] == baseline.dims[0];
    if (!rows_only) return std::nullopt;
    common.rows = std::min(common.rows, baseline.row_count());
  }
  if (common.length > kLongestRow) return std::nullopt;
  return common;
}

/// Bytes read before their pages are let go.
constexpr std::int64_t kHeldBytes = std::int64_t{64} << 20;

class Comparer {
 public:
  Comparer(const model::Checkpoint& model, const model::Checkpoint& baseline, Unscaling unscaling,
           int threads, Progress& progress)
      : model_(model),
        baseline_(baseline),
        unscaling_(std::move(unscaling)),
        scratch_(static_cast<std::size_t>(thread_count(threads))),
        progress_(progress) {}

  Result<TensorComparison> tensor(const Common& common, std::int64_t done, std::int64_t total) {
    TensorComparison result = described(common);
    const auto it = unscaling_.find(common.model->name);
    const Factors* factors = it == unscaling_.end() ? nullptr : &it->second;
    if (factors) result.unscaled = factors->estimated ? Unscaled::per_channel : Unscaled::exactly;
    const std::int64_t at_once = rows_per_block(common.length);
    const std::int64_t blocks = (common.rows + at_once - 1) / at_once;
    std::vector<ErrorSums> sums(static_cast<std::size_t>(blocks));
    QUALM_CHECK(for_each_block(
        blocks, static_cast<int>(scratch_.size()), progress_,
        [&](std::int64_t block, int lane) -> Result<void> {
          if (lane == 0)
            progress_.update("comparing", done + common.model->bytes / blocks * block, total);
          const std::int64_t first = block * at_once;
          return rows(common, factors, first, std::min(at_once, common.rows - first),
                      scratch_[static_cast<std::size_t>(lane)],
                      sums[static_cast<std::size_t>(block)]);
        }));
    for (const ErrorSums& part : sums) result.sums.merge(part);
    return result;
  }

 private:
  static TensorComparison described(const Common& common) {
    const auto& [model, baseline, length, rows] = common;
    TensorComparison result;
    result.name = model->name;
    result.tensor_class = model::tensor_class(model->name);
    result.layer = model::layer_of(model->name);
    result.dims = model->dims;
    if (result.dims.size() == 2) result.dims[1] = rows;
    result.encoding = model->encoding.name;
    result.baseline_encoding = baseline->encoding.name;
    const auto part_of = [count = rows](const model::Tensor& tensor) {
      const std::int64_t all = std::max<std::int64_t>(1, tensor.row_count());
      return static_cast<double>(tensor.bytes) * static_cast<double>(count) /
             static_cast<double>(all);
    };
    result.model_bytes = part_of(*model);
    result.baseline_bytes = part_of(*baseline);
    if (model->row_count() != baseline->row_count())
      result.padded = RowCounts{model->row_count(), baseline->row_count()};
    return result;
  }

  Result<void> rows(const Common& common, const Factors* factors, std::int64_t first,
                    std::int64_t count, Scratch& scratch, ErrorSums& sums) {
    const std::int64_t size = count * common.length;
    const auto w = sized(scratch.w, size);
    const auto b = sized(scratch.b, size);
    if (auto read = common.model->data->rows(first, count, w); !read)
      return fail(within(std::move(read).error(), model_, *common.model));
    if (auto read = common.baseline->data->rows(first, count, b); !read)
      return fail(within(std::move(read).error(), baseline_, *common.baseline));
    std::span<float> steps;
    if (const auto grid = common.model->data->steps()) {
      steps = sized(scratch.steps, size);
      if (auto read = grid->rows(first, count, steps); !read)
        return fail(within(std::move(read).error(), model_, *common.model));
    }
    if (factors) {
      apply(*factors, first, common.length, w);
      if (!steps.empty()) apply(*factors, first, common.length, steps);
    }
    const auto length = static_cast<std::size_t>(common.length);
    for (std::size_t row = 0; row < static_cast<std::size_t>(count); ++row)
      sums.add_row(first + static_cast<std::int64_t>(row), w.subspan(row * length, length),
                   b.subspan(row * length, length),
                   steps.empty() ? steps : steps.subspan(row * length, length));
    count_read(count * (common.model->bytes / common.model->row_count() +
                        common.baseline->bytes / common.baseline->row_count()));
    return {};
  }

  void count_read(std::int64_t bytes) {
    const std::int64_t before = read_.fetch_add(bytes);
    if (before / kHeldBytes == (before + bytes) / kHeldBytes) return;
    model_.release_pages();
    baseline_.release_pages();
  }

  const model::Checkpoint& model_;
  const model::Checkpoint& baseline_;
  Unscaling unscaling_;
  std::vector<Scratch> scratch_;
  std::atomic<std::int64_t> read_ = 0;
  Progress& progress_;
};

std::vector<std::size_t> worst_first(const std::vector<TensorComparison>& tensors) {
  std::vector<std::pair<double, std::size_t>> errors;
  for (std::size_t i = 0; i < tensors.size(); ++i)
    if (const auto error = relative_error(tensors[i].sums); error && *error > 0)
      errors.emplace_back(*error, i);
  std::ranges::stable_sort(errors, std::greater<>(), [](const auto& entry) { return entry.first; });
  std::vector<std::size_t> order;
  for (const auto& [error, index] : errors) order.push_back(index);
  return order;
}

}  // namespace

void Group::add(const TensorComparison& tensor) {
  ++tensors;
  parameters += tensor.sums.weights + tensor.sums.skipped;
  model_bytes += tensor.model_bytes;
  baseline_bytes += tensor.baseline_bytes;
  const bool larger = sums.max_row < 0 || tensor.sums.max_error > sums.max_error;
  sums.merge(tensor.sums);
  if (larger) max_tensor = tensor.name;
}

Result<WeightComparison> compare(const model::Checkpoint& model, const model::Checkpoint& baseline,
                                 int threads, Progress& progress) {
  progress.update("checking whether AWQ moved scales into other tensors", 0, 0);
  QUALM_TRY(auto unscaling, find_unscaling(model, baseline));
  Comparer comparer(model, baseline, std::move(unscaling), threads, progress);
  const TensorIndex of_model(model), of_baseline(baseline);
  WeightComparison result;
  std::int64_t done = 0;
  const std::int64_t total = model.tensor_bytes();
  for (const model::Tensor& tensor : model.tensors) {
    const model::Tensor* other = of_baseline.find(tensor.name);
    done += tensor.bytes;
    if (!other) {
      result.only_in_model.push_back(tensor.name);
      continue;
    }
    const auto common = common_part(tensor, *other);
    if (!common) {
      result.not_compared.push_back({tensor.name, tensor.dims, other->dims});
      continue;
    }
    QUALM_TRY(auto compared, comparer.tensor(*common, done - tensor.bytes, total));
    result.whole.add(compared);
    result.classes[compared.tensor_class].add(compared);
    if (compared.layer) result.layers[*compared.layer].add(compared);
    result.tensors.push_back(std::move(compared));
  }
  for (const model::Tensor& tensor : baseline.tensors)
    if (!of_model.find(tensor.name)) result.only_in_baseline.push_back(tensor.name);
  result.offenders = worst_first(result.tensors);
  return result;
}

}  // namespace qualm::weights
