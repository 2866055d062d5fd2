#include "weights/origin.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <span>

#include "base/parallel.h"
#include "model/layer_name.h"
#include "model/sample_rows.h"
#include "numeric/cluster.h"
#include "weights/blocks.h"
#include "weights/mismatched_experts.h"
#include "weights/mismatched_rows.h"
#include "weights/mismatched_tensors.h"
#include "weights/regression.h"
#include "weights/tensor_index.h"
#include "weights/thresholds.h"
#include "weights/unquantized.h"
#include "weights/unscale.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kGridsLookedAt = 4;                    // matrices
constexpr std::int64_t kClusters = 64;                        // of rows, for each tensor
constexpr std::int64_t kOfExpert = 4;                         // of them, for each expert
constexpr std::int64_t kMostWeights = std::int64_t{1} << 21;  // read of one tensor

/// The same matrix in the three models; base is A again where no B was given.
struct Triple {
  const model::Tensor* w = nullptr;
  const model::Tensor* a = nullptr;
  const model::Tensor* b = nullptr;
  std::int64_t rows = 0;             ///< common to all
  const Factors* unscale = nullptr;  ///< brings w to the scale of a, or of b
  bool to_b = false;                 ///< of b
  std::vector<float> other_columns;  ///< brings the other there, where w was unscaled; else empty
};

/// Rows [first, first + count) of each cluster. Clusters are equally far apart, so the last rows
/// may be in none.
struct Sample {
  std::vector<std::int64_t> firsts;  ///< of each cluster, its first row
  std::int64_t count = 0;            ///< rows of one cluster that are read
  Sample(std::int64_t rows, std::int64_t length, std::int64_t experts) {
    const std::int64_t wanted = experts * std::max(kOfExpert, kClusters / experts);
    const std::int64_t clusters = std::clamp<std::int64_t>(rows, 1, wanted);
    const std::int64_t apart = rows / clusters;
    firsts = model::sample_rows(apart * clusters, clusters);
    count = std::clamp<std::int64_t>(kMostWeights / std::max<std::int64_t>(1, clusters * length), 1,
                                     std::max<std::int64_t>(apart, 1));
  }
  [[nodiscard]] std::int64_t clusters() const { return std::ssize(firsts); }
};

struct TripleScratch {
  std::vector<float> w, a, b, steps;
};

Result<void> read(const Triple& triple, std::int64_t first, std::int64_t count,
                  TripleScratch& scratch, RegressionSums& sums) {
  const std::int64_t length = triple.w->row_length();
  const std::int64_t size = count * length;
  const auto w = sized(scratch.w, size), a = sized(scratch.a, size), b = sized(scratch.b, size);
  std::span<float> steps;
  QUALM_CHECK(triple.w->data->rows(first, count, w));
  QUALM_CHECK(triple.a->data->rows(first, count, a));
  QUALM_CHECK(triple.b->data->rows(first, count, b));
  if (const auto grid = triple.w->data->steps()) {
    steps = sized(scratch.steps, size);
    QUALM_CHECK(grid->rows(first, count, steps));
  }
  if (triple.unscale) {
    apply(*triple.unscale, first, length, w);
    if (!steps.empty()) apply(*triple.unscale, first, length, steps);
    const auto other = triple.to_b ? a : b;
    for (std::size_t i = 0; i < other.size() && !triple.other_columns.empty(); ++i)
      other[i] *= triple.other_columns[i % triple.other_columns.size()];
  }
  sums.add(w, a, b, steps);
  return {};
}

/// norm(B) / norm(A) of the norm that feeds this tensor: what B's columns would have been scaled
/// with, had the candidate been made from it.
Result<std::vector<float>> columns_of_other(const std::string& name, const TensorIndex& a,
                                            const TensorIndex& b) {
  const auto parts = model::layer_name(name);
  if (!parts) return std::vector<float>{};
  const std::string norm =
      parts->prefix() + (parts->rest.starts_with("attn") ? "attn_norm.weight" : "ffn_norm.weight");
  const model::Tensor* of_a = a.find(norm);
  const model::Tensor* of_b = b.find(norm);
  if (!of_a || !of_b || of_a->dims != of_b->dims) return std::vector<float>{};
  const auto size = static_cast<std::size_t>(of_a->parameters());
  std::vector<float> norm_a(size), ratio(size);
  QUALM_CHECK(of_a->data->rows(0, of_a->row_count(), norm_a));
  QUALM_CHECK(of_b->data->rows(0, of_b->row_count(), ratio));
  for (std::size_t i = 0; i < size; ++i) ratio[i] /= norm_a[i];
  return ratio;
}

class Collector {
 public:
  Collector(int threads, Progress& progress)
      : progress_(progress), scratch_(static_cast<std::size_t>(thread_count(threads))) {}

  Result<void> add(const Triple& triple, bool base_given) {
    const std::int64_t length = triple.w->row_length();
    const Sample sample(triple.rows, length, experts_of(*triple.w));
    std::vector<RegressionSums> clusters(static_cast<std::size_t>(sample.clusters()));
    const std::int64_t at_once = rows_per_block(length);
    QUALM_CHECK(for_each_block(
        sample.clusters(), static_cast<int>(scratch_.size()), progress_,
        [&](std::int64_t cluster, int lane) -> Result<void> {
          for (std::int64_t row = 0; row < sample.count; row += at_once)
            QUALM_CHECK(read(triple, sample.firsts[static_cast<std::size_t>(cluster)] + row,
                             std::min(at_once, sample.count - row),
                             scratch_[static_cast<std::size_t>(lane)],
                             clusters[static_cast<std::size_t>(cluster)]));
          return {};
        }));
    take(triple, sample, clusters, base_given);
    const bool taken = !matrices_.empty() && matrices_.back().w == triple.w;
    return taken ? confirm(triple, matrices_.back().origin) : Result<void>{};
  }

  /// Mismatched matrices are named; all others are pooled.
  Result<void> finish(const model::Checkpoint& fine_tune, Provenance& found, bool base_given) {
    Suspects suspects;
    suspects.of = static_cast<std::int64_t>(matrices_.size());
    for (Matrix& matrix : matrices_) {
      if (!matrix.mismatch) {
        QUALM_TRY(matrix.mismatch, mismatched_experts(*matrix.w, *matrix.a, matrix.experts));
        if (!matrix.mismatch) matrix.mismatch = matrix.overwritten;
      }
      if (matrix.mismatch)
        found.mismatched.push_back({matrix.origin.name, *matrix.mismatch});
      else if (suspect(matrix.origin))
        suspects.all.push_back({matrix.w, matrix.origin.residual_share});
    }
    QUALM_TRY(auto mismatched, mismatched_among(suspects, fine_tune));
    std::ranges::move(mismatched, std::back_inserter(found.mismatched));
    for (Matrix& matrix : matrices_) {
      if (std::ranges::find(found.mismatched, matrix.origin.name, &MismatchedTensor::tensor) ==
          found.mismatched.end())
        pool(matrix);
      else
        matrix.origin.differs.reset();  // told with what it holds
      found.tensors.push_back(std::move(matrix.origin));
    }
    found.differing = differing(found.tensors);
    QUALM_CHECK(look_for_grid(found));
    conclude(found, base_given);
    return {};
  }

 private:
  /// In the first few of those that differ: it shows in all or in none.
  Result<void> look_for_grid(Provenance& found) const {
    if (!found.differing || !found.differing->all_of_layers) return {};
    std::int64_t looked_at = 0, shown = 0;
    for (const Matrix& matrix : matrices_) {
      if (!matrix.of_layer || looked_at == kGridsLookedAt) continue;
      QUALM_TRY(const bool grid, other_grid(*matrix.w));
      ++looked_at;
      shown += grid ? 1 : 0;
    }
    found.differing->other_grid = looked_at > 0 && shown == looked_at;
    return {};
  }

  struct Matrix {
    const model::Tensor* w = nullptr;
    const model::Tensor* a = nullptr;
    std::vector<SuspectExpert> experts;
    std::optional<Mismatch> overwritten;  ///< rows, where no expert explains them
    bool of_layer = false;
    TensorOrigin origin;
    std::optional<Mismatch> mismatch;  ///< what was done to the original's matrix
    RegressionSums sums;
    double residual = 0;
    std::optional<Fit> fit;
    std::vector<numeric::ClusterSum> within_a, within_b, difference;
  };

  static bool suspect(const TensorOrigin& origin) {
    return origin.residual_share > kMostResidual &&
           more_than_rounding(origin.residual_share, origin.residual_over_step);
  }

  /// kLeftByType is of one model's weights: before a matrix is said to differ, its own rounding is
  /// looked at.
  static Result<void> confirm(const Triple& triple, TensorOrigin& origin) {
    if (!origin.differs.value_or(false)) return {};
    QUALM_TRY(const auto left, left_by_rounding(*triple.w, *triple.a));
    origin.differs = differs(origin, triple.w->encoding, triple.a->encoding, left);
    return {};
  }

  void take(const Triple& triple, const Sample& sample, std::span<const RegressionSums> clusters,
            bool base_given) {
    Matrix matrix;
    RegressionSums& sums = matrix.sums;
    for (const RegressionSums& cluster : clusters) {
      sums.merge(cluster);
      if (cluster.gridded == 0) continue;
      matrix.within_a.push_back({cluster.within_a, cluster.gridded});
      matrix.within_b.push_back({cluster.within_b, cluster.gridded});
      matrix.difference.push_back({cluster.within_a - cluster.within_b, cluster.gridded});
    }
    if (sums.weights == 0 || sums.ww == 0) return;
    TensorOrigin& origin = matrix.origin;
    origin.name = triple.w->name;
    origin.encoding = triple.w->encoding.name;
    origin.rows = triple.rows;
    origin.rows_read = sample.clusters() * sample.count;
    matrix.residual = sums.ww;  // nothing explained
    matrix.fit = base_given ? fit(clusters) : std::nullopt;
    if (matrix.fit) {
      const double half = 1.96 * matrix.fit->error;
      origin.alpha =
          numeric::Estimate{matrix.fit->alpha, matrix.fit->alpha - half, matrix.fit->alpha + half};
      origin.gain = matrix.fit->gain;
      matrix.residual = matrix.fit->residual;
    } else if (const auto one = fit_one(sums)) {
      origin.gain = one->gain;
      matrix.residual = one->residual;
    }
    origin.residual_share = matrix.residual / sums.ww;
    matrix.w = triple.w;
    matrix.of_layer = model::layer_name(origin.name).has_value();
    matrix.mismatch = scaled(origin.gain, origin.residual_share);
    matrix.a = triple.a;
    matrix.experts = suspect_experts(*triple.w, clusters, sample.firsts);
    if (!matrix.mismatch && std::ranges::none_of(matrix.experts, &SuspectExpert::far))
      matrix.overwritten = overwritten_rows(clusters, sample.firsts, sample.count);
    if (sums.step_noise > 0) origin.residual_over_step = matrix.residual / sums.step_noise;
    if (sums.gridded > 0) origin.within = sums.within_a / sums.gridded;
    origin.differs = differs(origin, triple.w->encoding, triple.a->encoding);
    matrices_.push_back(std::move(matrix));
  }

  void pool(const Matrix& matrix) {
    const auto append = [](auto& to, const auto& from) {
      to.insert(to.end(), from.begin(), from.end());
    };
    append(within_a_, matrix.within_a);
    append(within_b_, matrix.within_b);
    append(difference_, matrix.difference);
    if (matrix.fit) fits_.push_back(*matrix.fit);
    residual_ += matrix.residual;
    if (matrix.sums.step_noise > 0) gridded_residual_ += matrix.residual;
    total_.merge(matrix.sums);
  }

  void conclude(Provenance& found, bool base_given) const {
    if (total_.weights > 0) found.residual_share = residual_ / total_.ww;
    if (total_.step_noise > 0) {
      found.residual_over_step = gridded_residual_ / total_.step_noise;
      found.within_fine_tune = numeric::cluster_mean(within_a_);
    }
    if (base_given && total_.step_noise > 0) {
      found.within_base = numeric::cluster_mean(within_b_);
      found.within_difference = numeric::cluster_mean(difference_);
    }
    if (base_given && total_.bb > 0) found.delta = std::sqrt(total_.dd / total_.bb);
    found.alpha_tensors = static_cast<std::int64_t>(fits_.size());
    if (fits_.empty()) return;
    const Pooled pooled = weights::pool(fits_);
    found.alpha = pooled.alpha;
    found.chi2_per_df = pooled.chi2_per_df;
    if (found.delta) found.smallest_delta = *found.delta * kErrorsApart * pooled.standard_error;
  }

  Progress& progress_;
  std::vector<TripleScratch> scratch_;
  std::vector<Matrix> matrices_;
  std::vector<Fit> fits_;
  RegressionSums total_;
  double residual_ = 0;
  double gridded_residual_ = 0;
  std::vector<numeric::ClusterSum> within_a_, within_b_, difference_;
};

/// Norms far off that are a fault of the file are no witnesses of another model.
Result<void> take_mismatched_norms(const model::Checkpoint& candidate,
                                   const model::Checkpoint& fine_tune, Provenance& found) {
  UnquantizedTensors& unquantized = found.unquantized;
  Suspects suspects;
  suspects.of = unquantized.count();
  for (const auto& [name, share] : unquantized.off)
    suspects.all.push_back({candidate.find(name), share, share > kFarOff});
  QUALM_TRY(auto mismatched, mismatched_among(suspects, fine_tune));
  unquantized.neither -= static_cast<std::int64_t>(mismatched.size());
  std::ranges::move(mismatched, std::back_inserter(found.mismatched));
  return {};
}

bool scaled_for_other_norm(const Provenance& found, const std::string& name) {
  return std::ranges::any_of(found.mismatched, [&](const MismatchedTensor& one) {
    return one.tensor == name && one.mismatch.kind == Mismatch::Kind::other_norm;
  });
}

bool vector_like(const model::Tensor& tensor) { return tensor.row_count() == 1; }

/// Matrices of one row length whose common rows can be compared: embeddings may be padded.
bool comparable(const model::Tensor& a, const model::Tensor& b) {
  return a.row_length() == b.row_length() && a.row_length() <= kLongestRow &&
         (a.dims == b.dims || (a.dims.size() == 2 && b.dims.size() == 2));
}

}  // namespace

Result<Provenance> provenance(const model::Checkpoint& candidate,
                              const model::Checkpoint& fine_tune, const model::Checkpoint* base,
                              int threads, Progress& progress) {
  Provenance found;
  found.base_given = base != nullptr;
  QUALM_TRY(auto unscaling, find_unscaling(candidate, fine_tune, &found.mismatched));
  bool to_b = false;  // scales show best against the model that it was done to
  if (base) {
    QUALM_TRY(auto against_base, find_unscaling(candidate, *base));
    to_b = against_base.size() > unscaling.size();
    if (to_b) unscaling = std::move(against_base);
  }
  const TensorIndex of_a(fine_tune), of_b(base ? *base : fine_tune);
  Collector collector(threads, progress);
  std::int64_t done = 0;
  for (const model::Tensor& w : candidate.tensors) {
    progress.update("comparing the weights with the original", done, candidate.tensor_bytes());
    done += w.bytes;
    if (scaled_for_other_norm(found, w.name)) continue;
    const model::Tensor* a = of_a.find(w.name);
    const model::Tensor* b = of_b.find(w.name);
    if (!a || !b || w.parameters() == 0 || !comparable(w, *a) || !comparable(w, *b)) continue;
    const auto factors = unscaling.find(w.name);
    found.unscaled += factors == unscaling.end() ? 0 : 1;
    if (factors != unscaling.end() && (factors->second.estimated || vector_like(w))) continue;
    if (vector_like(w)) {
      if (!w.encoding.is_float() || w.dims != a->dims || w.dims != b->dims) continue;
      QUALM_CHECK(add_unquantized(w, *a, base ? b : nullptr, found.unquantized));
      continue;
    }
    Triple triple{&w,
                  a,
                  b,
                  std::min({w.row_count(), a->row_count(), b->row_count()}),
                  factors == unscaling.end() ? nullptr : &factors->second,
                  to_b,
                  {}};
    if (triple.unscale) {
      QUALM_TRY(triple.other_columns,
                columns_of_other(w.name, to_b ? of_b : of_a, to_b ? of_a : of_b));
    }
    QUALM_CHECK(collector.add(triple, base != nullptr));
  }
  QUALM_CHECK(collector.finish(fine_tune, found, base != nullptr));
  if (found.unscaled == 0) QUALM_CHECK(take_mismatched_norms(candidate, fine_tune, found));
  decide(found);
  return found;
}

}  // namespace qualm::weights
