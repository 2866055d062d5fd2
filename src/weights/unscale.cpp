#include "weights/unscale.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <span>

#include "codec/smoothing.h"
#include "model/layer_name.h"
#include "model/sample_rows.h"
#include "weights/blocks.h"
#include "weights/tensor_index.h"
#include "weights/thresholds.h"

namespace qualm::weights {
namespace {

constexpr std::int64_t kSampledRows = 64;

struct Pair {
  const model::Tensor* model = nullptr;
  const model::Tensor* baseline = nullptr;
  [[nodiscard]] std::int64_t columns() const { return model->row_length(); }
  [[nodiscard]] std::int64_t rows() const { return model->row_count(); }
};

/// Both sides have it, in one shape, and rows can be read.
std::optional<Pair> pair_of(const TensorIndex& model, const TensorIndex& baseline,
                            const std::string& name) {
  const Pair pair{model.find(name), baseline.find(name)};
  if (!pair.model || !pair.baseline || pair.model->dims != pair.baseline->dims) return std::nullopt;
  if (pair.columns() > kLongestRow || pair.model->parameters() == 0) return std::nullopt;
  return pair;
}

struct TwoRows {
  std::vector<float> w;
  std::vector<float> b;
};

Result<void> read(const Pair& pair, std::int64_t row, TwoRows& to) {
  to.w.resize(static_cast<std::size_t>(pair.columns()));
  to.b.resize(to.w.size());
  QUALM_CHECK(pair.model->data->rows(row, 1, to.w));
  return pair.baseline->data->rows(row, 1, to.b);
}

/// norm / norm' for each channel; absent where the two norms are the same.
Result<std::optional<std::vector<float>>> norm_ratio(const Pair& norm) {
  TwoRows both;
  QUALM_CHECK(read(norm, 0, both));
  const auto scales = codec::smoothing_scales(both.b, both.w);
  std::vector<float> factors(both.w.size());
  bool same = true;
  for (std::size_t i = 0; i < factors.size(); ++i) {
    same = same && scales[i] && std::abs(*scales[i] - 1) <= kSameNorm;
    factors[i] =
        scales[i] ? static_cast<float>(1 / *scales[i]) : std::numeric_limits<float>::quiet_NaN();
  }
  if (same) return std::nullopt;
  return factors;
}

struct Distances {
  double plain = 0, undone = 0;
};

/// Of the columns that the factors say something of: a norm of zeros has none, and must not count
/// as a perfect match.
Distances squared_distances(std::span<const float> plain, std::span<const float> undone,
                            std::span<const float> b) {
  Distances sum;
  for (std::size_t i = 0; i < b.size(); ++i) {
    const double before = static_cast<double>(plain[i]) - b[i];
    const double after = static_cast<double>(undone[i]) - b[i];
    if (!std::isfinite(before) || !std::isfinite(after)) continue;
    sum.plain += before * before;
    sum.undone += after * after;
  }
  return sum;
}

/// Over sampled rows: with the factors `before`, and with `after` in their place.
Result<Distances> distances(const Pair& pair, const Factors& before, const Factors& after) {
  Distances sum;
  TwoRows both;
  for (const std::int64_t row : model::sample_rows(pair.rows(), kSampledRows)) {
    QUALM_CHECK(read(pair, row, both));
    std::vector<float> w = both.w;
    apply(before, row, pair.columns(), w);
    apply(after, row, pair.columns(), both.w);
    const Distances of_row = squared_distances(w, both.w, both.b);
    sum.plain += of_row.plain;
    sum.undone += of_row.undone;
  }
  return sum;
}

/// The factor of each row of `pair`, its other factors applied, that brings it closest.
Result<std::vector<float>> row_ratios(const Pair& pair, const Factors& known) {
  std::vector<float> ratios;
  TwoRows both;
  for (std::int64_t row = 0; row < pair.rows(); ++row) {
    QUALM_CHECK(read(pair, row, both));
    apply(known, row, pair.columns(), both.w);
    double product = 0, square = 0;
    for (std::size_t i = 0; i < both.w.size(); ++i) {
      const double w = both.w[i], b = both.b[i];
      if (!std::isfinite(w) || !std::isfinite(b)) continue;
      product += w * b;
      square += w * w;
    }
    const double ratio = product / square;
    ratios.push_back(std::isfinite(ratio) && ratio > 0 ? static_cast<float>(ratio)
                                                       : std::numeric_limits<float>::quiet_NaN());
  }
  return ratios;
}

/// A norm, and the linears that read its output.
struct Readers {
  const char* norm;
  std::vector<const char*> linears;
};
const Readers kAttention{"attn_norm.weight",
                         {"attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_qkv.weight"}};
const Readers kFeedForward{"ffn_norm.weight",
                           {"ffn_gate.weight", "ffn_up.weight", "ffn_gate_exps.weight",
                            "ffn_up_exps.weight", "ffn_gate_inp.weight", "ffn_gate_shexp.weight",
                            "ffn_up_shexp.weight", "ffn_gate_inp_shexp.weight"}};

class Finder {
 public:
  Finder(const model::Checkpoint& model, const model::Checkpoint& baseline)
      : model_(model), baseline_(baseline) {}

  /// norm -> the linears that read its output, all with one s. False where most are as they were.
  Result<bool> norm(const std::string& layer, const Readers& readers) {
    const auto norm = pair_of(model_, baseline_, layer + readers.norm);
    if (!norm || norm->rows() != 1) return false;
    QUALM_TRY(const auto ratio, norm_ratio(*norm));
    if (!ratio) return false;
    const Factors factors{*ratio, {}, false};
    std::vector<std::string> undone, left_out;
    std::size_t closer = 0;
    for (const char* linear : readers.linears) {
      const auto pair = pair_of(model_, baseline_, layer + linear);
      if (!pair || pair->columns() != norm->columns()) continue;
      QUALM_TRY(const Distances apart, distances(*pair, {}, factors));
      closer += apart.undone < kLeftByNorms * apart.plain ? 1 : 0;
      (apart.plain < kLeftOut * apart.undone ? left_out : undone).push_back(layer + linear);
    }
    if (closer == 0 || 2 * closer < undone.size() + left_out.size()) return false;
    for (const std::string& name : undone) found_[name] = factors;
    for (const std::string& name : left_out)
      mismatched_.push_back(
          {name, {.kind = Mismatch::Kind::not_scaled, .other = layer + readers.norm}});
    Factors of_norm;  // norm' back to norm: the inverse, or nothing could be said of the norm
    for (const float factor : *ratio) of_norm.columns.push_back(1 / factor);
    of_norm.estimated = true;
    found_[layer + readers.norm] = std::move(of_norm);
    return true;
  }

  /// The linears that `other` feeds, with the scales that were divided out of this norm.
  Result<void> other_norm(const std::string& layer, const Readers& readers, const Readers& other) {
    const auto norm = pair_of(model_, baseline_, layer + readers.norm);
    if (!norm || norm->rows() != 1 || found_.contains(layer + readers.norm)) return {};
    QUALM_TRY(const auto ratio, norm_ratio(*norm));
    if (!ratio) return {};
    const Factors factors{*ratio, {}, false};
    for (const char* linear : other.linears) {
      const auto pair = pair_of(model_, baseline_, layer + linear);
      if (!pair || pair->columns() != norm->columns() || found_.contains(layer + linear)) continue;
      QUALM_TRY(const Distances apart, distances(*pair, {}, factors));
      if (apart.undone < kLeftOut * apart.plain)
        mismatched_.push_back(
            {layer + linear, {.kind = Mismatch::Kind::other_norm, .other = layer + readers.norm}});
    }
    return {};
  }

  /// rows of `producer` -> columns of `consumer`.
  Result<void> linear(const std::string& layer, const char* producer, const char* consumer) {
    const auto from = pair_of(model_, baseline_, layer + producer);
    const auto to = pair_of(model_, baseline_, layer + consumer);
    if (!from || !to || from->rows() != to->columns() || from->model->dims.size() != 2) return {};
    const Factors known = found_[layer + producer];
    QUALM_TRY(auto rows, row_ratios(*from, known));
    Factors scaled{known.columns, rows, true};
    QUALM_TRY(const Distances apart, distances(*from, known, scaled));
    if (apart.undone >= kLeftByFit * apart.plain) return {};
    found_[layer + producer] = std::move(scaled);
    for (float& row : rows) row = 1 / row;
    found_[layer + consumer] = {std::move(rows), {}, true};
    return {};
  }

  [[nodiscard]] const std::vector<MismatchedTensor>& mismatched() const { return mismatched_; }
  Unscaling take() && {
    std::erase_if(found_, [](const auto& entry) {
      return entry.second.columns.empty() && entry.second.rows.empty();
    });
    return std::move(found_);
  }

 private:
  TensorIndex model_;
  TensorIndex baseline_;
  Unscaling found_;
  std::vector<MismatchedTensor> mismatched_;
};

/// "blk.0.", "blk.1.", ...
std::set<std::string> layers_of(const model::Checkpoint& model) {
  std::set<std::string> layers;
  for (const model::Tensor& tensor : model.tensors) {
    if (const auto parts = model::layer_name(tensor.name)) layers.insert(parts->prefix());
  }
  return layers;
}

}  // namespace

void apply(const Factors& factors, std::int64_t first, std::int64_t row_length,
           std::span<float> values) {
  const auto length = static_cast<std::size_t>(row_length);
  for (std::size_t i = 0; i < values.size() && !factors.columns.empty(); ++i)
    values[i] *= factors.columns[i % length];
  for (std::size_t i = 0; i < values.size() && !factors.rows.empty(); ++i)
    values[i] *= factors.rows[static_cast<std::size_t>(first) + i / length];
}

Result<Unscaling> find_unscaling(const model::Checkpoint& model, const model::Checkpoint& baseline,
                                 std::vector<MismatchedTensor>* mismatched) {
  Finder finder(model, baseline);
  for (const std::string& layer : layers_of(model)) {
    QUALM_TRY(const bool attention, finder.norm(layer, kAttention));
    if (attention) {
      QUALM_CHECK(finder.linear(layer, "attn_v.weight", "attn_output.weight"));
    }
    QUALM_TRY(const bool feed_forward, finder.norm(layer, kFeedForward));
    if (feed_forward) {
      QUALM_CHECK(finder.linear(layer, "ffn_up.weight", "ffn_down.weight"));
    }
    QUALM_CHECK(finder.other_norm(layer, kAttention, kFeedForward));
    QUALM_CHECK(finder.other_norm(layer, kFeedForward, kAttention));
  }
  if (mismatched) *mismatched = finder.mismatched();
  return std::move(finder).take();
}

}  // namespace qualm::weights
