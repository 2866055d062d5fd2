#include "weights/integrity.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cmath>
#include <optional>

#include "base/parallel.h"
#include "codec/verify.h"
#include "model/tensor_class.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr bool kOfOriginal = true;  // it has something else there
constexpr bool kNotKnown = false;
constexpr std::int64_t kJudgedAtOnce = std::int64_t{1} << 20;  // weights

/// Every tensor's health, tensors shared out among threads. Error: CODEC-009 (cancelled).
Result<std::vector<Result<codec::TensorHealth>>> read_all(const model::Checkpoint& candidate,
                                                          std::int32_t threads,
                                                          Progress& progress) {
  std::vector<Result<codec::TensorHealth>> all(candidate.tensors.size());
  std::atomic<std::int64_t> bytes = 0;
  QUALM_TRY(const Ended ended,
            run_blocks(std::ssize(all), threads, progress,
                       [&](std::int64_t tensor, const Lane& lane) -> Result<void> {
                         const auto i = static_cast<std::size_t>(tensor);
                         lane.progress.update("reading every block", bytes,
                                              candidate.tensor_bytes());
                         all[i] = codec::verify(candidate.tensors[i], lane.progress);
                         bytes += candidate.tensors[i].bytes;
                         candidate.release_pages();
                         return {};
                       }));
  if (ended == Ended::cancelled)
    return fail({Kind::cancelled, "CODEC-009", candidate.path, "", "", "stopped on request", ""});
  return all;
}

/// The baseline's tensor of one that is under suspicion.
class Witness {
 public:
  explicit Witness(const model::Tensor& tensor) : tensor_(&tensor) {}

  /// Root mean square of weights [first, first + count); absent where they cannot be read.
  [[nodiscard]] std::optional<double> rms(std::int64_t first, std::int64_t count) const {
    double sum = 0;
    const bool read = each(first, count, [&](float w) { sum += double{w} * w; });
    if (!read || count == 0) return std::nullopt;
    return std::sqrt(sum / static_cast<double>(count));
  }
  /// Largest minus smallest.
  [[nodiscard]] std::optional<double> spread(std::int64_t first, std::int64_t count) const {
    double low = INFINITY;
    double high = -INFINITY;
    const bool read = each(first, count, [&](float w) {
      low = std::min(low, double{w});
      high = std::max(high, double{w});
    });
    if (!read || count == 0) return std::nullopt;
    return high - low;
  }
  [[nodiscard]] std::optional<double> rms() const { return rms(0, tensor_->parameters()); }

 private:
  bool each(std::int64_t first, std::int64_t count, auto&& see) const {
    const std::int64_t length = tensor_->row_length();
    const std::int64_t end = first + count;
    const std::int64_t at_once = std::max<std::int64_t>(1, kJudgedAtOnce / length);
    std::vector<float> values;
    for (std::int64_t row = first / length; row * length < end; row += at_once) {
      const std::int64_t rows = std::min(at_once, (end - 1) / length + 1 - row);
      values.resize(static_cast<std::size_t>(rows * length));
      if (!tensor_->data->rows(row, rows, values)) return false;
      const std::int64_t from = std::max<std::int64_t>(first - row * length, 0);
      const std::int64_t to = std::min(end - row * length, rows * length);
      for (std::int64_t i = from; i < to; ++i) see(values[static_cast<std::size_t>(i)]);
    }
    return true;
  }

  const model::Tensor* tensor_;
};

/// A matrix that training fills with all kinds of numbers: not the states of a recurrent layer, nor
/// tables.
bool is_weight_matrix(const model::Tensor& tensor) {
  using enum model::TensorClass;
  const auto kind = model::tensor_class(tensor.name);
  return tensor.dims.size() >= 2 && tensor.row_count() > 1 && kind != norm && kind != bias &&
         kind != ssm && kind != other;
}

/// Runs of zeros, and the rows of zeros that are too short to be one.
std::vector<codec::WeightRun> zero_spans(const codec::TensorHealth& health, std::int64_t length) {
  std::vector<codec::WeightRun> spans = health.zero_runs;
  if (length < codec::kZeroRun)
    for (const std::int64_t row : health.zero.first) {
      const auto holds = [&](const codec::WeightRun& run) {
        return run.first <= row * length && (row + 1) * length <= run.first + run.count;
      };
      if (std::ranges::none_of(spans, holds)) spans.push_back({row * length, length});
    }
  std::ranges::sort(spans, {}, &codec::WeightRun::first);
  return spans;
}

IntegrityFault zeros_at(const model::Tensor& tensor, std::int64_t first, std::int64_t count,
                        bool of_original) {
  return {.kind = IntegrityFault::Kind::zeros,
          .tensor = tensor.name,
          .row = first / tensor.row_length(),
          .weights = count,
          .of_original = of_original};
}

IntegrityFault constant_at(const model::Tensor& tensor, std::int64_t row, std::int64_t rows,
                           bool of_original) {
  return {.kind = IntegrityFault::Kind::constant,
          .tensor = tensor.name,
          .row = row,
          .rows = rows,
          .weights = rows * tensor.row_length(),
          .of_original = of_original};
}

/// Zeros that nobody means, whatever the original: a matrix or norm of nothing else, and a hole
/// that begins or ends inside of a row. Blocks that were added to a model and not trained have an
/// attn_output and an ffn_down of zeros.
std::optional<IntegrityFault> certain_zeros(const model::Tensor& tensor,
                                            const codec::TensorHealth& health) {
  const auto kind = model::tensor_class(tensor.name);
  const bool norm = kind == model::TensorClass::norm && tensor.name.ends_with(".weight");
  if (health.all_zero) {
    const bool meant = kind == model::TensorClass::attn_output ||
                       tensor.name.find("ffn_down") != std::string::npos;
    if ((!norm && !is_weight_matrix(tensor)) || meant) return std::nullopt;
    IntegrityFault fault = zeros_at(tensor, 0, tensor.parameters(), kNotKnown);
    fault.whole = true;
    return fault;
  }
  const std::int64_t length = tensor.row_length();
  const auto inside = static_cast<std::int64_t>(kHoleInRow * static_cast<double>(length));
  for (const codec::WeightRun& run : health.zero_runs) {
    const std::int64_t end = run.first + run.count;
    const std::int64_t before = (length - run.first % length) % length, after = end % length;
    if (run.count - before - after < length) continue;
    const bool ends = after > inside && end < tensor.parameters();
    if (before > inside || ends) return zeros_at(tensor, run.first, run.count, kNotKnown);
  }
  return std::nullopt;
}

void judge_zeros(const model::Tensor& tensor, const codec::TensorHealth& health,
                 const Witness* witness, IntegrityReport& report) {
  auto spans = zero_spans(health, tensor.row_length());
  if (spans.empty() && !health.all_zero) return;
  if (!witness) {
    if (auto fault = certain_zeros(tensor, health)) {
      report.found.push_back(*std::move(fault));
      return;
    }
    std::int64_t all = 0;
    for (const auto& span : spans) all += span.count;
    if (spans.empty()) return;  // a bias
    report.unjudged.push_back(
        zeros_at(tensor, spans.front().first, std::max(all, health.zero_run_weights), kNotKnown));
    return;
  }
  if (spans.empty()) spans.push_back({0, tensor.parameters()});  // a norm or a bias
  const auto whole = witness->rms();
  std::optional<std::int64_t> first;
  std::int64_t count = 0;
  for (const codec::WeightRun& span : spans) {
    const auto here = witness->rms(span.first, span.count);
    if (!whole || !here || *here <= kZeroBelow * *whole) continue;
    if (!first) first = span.first;
    count += span.count;
  }
  if (first) report.found.push_back(zeros_at(tensor, *first, count, kOfOriginal));
}

void judge_constants(const model::Tensor& tensor, const codec::TensorHealth& health,
                     const Witness* witness, IntegrityReport& report) {
  if (health.constant.count == 0) return;
  if (!witness) {
    const bool all = health.constant.count + health.zero.count == health.rows_read;
    auto& to =
        all && health.rows_read > 1 && is_weight_matrix(tensor) ? report.found : report.unjudged;
    to.push_back(
        constant_at(tensor, health.constant.first.front(), health.constant.count, kNotKnown));
    return;
  }
  const auto whole = witness->rms();
  std::optional<std::int64_t> first;
  std::int64_t count = 0;
  for (const std::int64_t row : health.constant.first) {
    const auto spread = witness->spread(row * tensor.row_length(), tensor.row_length());
    if (!whole || !spread || *spread <= kZeroBelow * *whole) continue;
    if (!first) first = row;
    ++count;
  }
  // All that are named are damage: so are those beyond them.
  if (count == std::ssize(health.constant.first)) count = health.constant.count;
  if (first) report.found.push_back(constant_at(tensor, *first, count, kOfOriginal));
}

void judge_sizes(const model::Tensor& tensor, const codec::TensorHealth& health,
                 IntegrityReport& report) {
  if (!is_weight_matrix(tensor)) return;
  if (health.typical > 0 && health.largest > kTooLarge * health.typical)
    report.found.push_back({.kind = IntegrityFault::Kind::too_large,
                            .tensor = tensor.name,
                            .row = health.largest_row,
                            .weights = 1,
                            .times = health.largest / health.typical});
  const double equal = static_cast<double>(health.equal_neighbours) /
                       static_cast<double>(std::max<std::int64_t>(1, health.neighbours));
  if (equal > kEqualNeighbours && health.constant.count < health.rows_read / 2)
    report.found.push_back({.kind = IntegrityFault::Kind::few_values,
                            .tensor = tensor.name,
                            .weights = health.equal_neighbours,
                            .times = equal});
}

void judge(const model::Tensor& tensor, const codec::TensorHealth& health,
           const model::Checkpoint* baseline, IntegrityReport& report) {
  if (health.not_finite.count > 0)
    report.found.push_back({.kind = IntegrityFault::Kind::not_finite,
                            .tensor = tensor.name,
                            .row = health.not_finite.first.front(),
                            .weights = health.not_finite_weights});
  const model::Tensor* other = baseline ? baseline->find(tensor.name) : nullptr;
  std::optional<Witness> witness;
  if (other && other->dims == tensor.dims) witness.emplace(*other);
  judge_zeros(tensor, health, witness ? &*witness : nullptr, report);
  judge_constants(tensor, health, witness ? &*witness : nullptr, report);
  judge_sizes(tensor, health, report);
}

}  // namespace

Result<IntegrityReport> check_integrity(const model::Checkpoint& candidate,
                                        const model::Checkpoint* baseline, std::int32_t threads,
                                        Progress& progress) {
  QUALM_TRY(const auto health, read_all(candidate, threads, progress));
  IntegrityReport report;
  for (std::size_t i = 0; i < health.size(); ++i) {
    const model::Tensor& tensor = candidate.tensors[i];
    if (health[i]) {
      report.weights_read += health[i]->rows_read * tensor.row_length();
      judge(tensor, *health[i], baseline, report);
    } else {
      report.not_read.push_back(fmt::format("tensor {}: {}", tensor.name, health[i].error().found));
    }
  }
  return report;
}

}  // namespace qualm::weights
