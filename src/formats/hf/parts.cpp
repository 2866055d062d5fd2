#include "formats/hf/parts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "formats/hf/views.h"

namespace qualm::formats::hf {
namespace {

using model::Tensor;

bool is_stacked(const Rule& rule) { return rule.module.find('@') != std::string_view::npos; }
bool is_half(const Rule& rule) {
  return rule.change == Change::first_half || rule.change == Change::second_half;
}

/// As the original writes it: outermost first.
std::string shape_words(std::vector<std::int64_t> dims) {
  std::ranges::reverse(dims);
  std::vector<std::string> words;
  words.reserve(dims.size());
  for (const auto n : dims) words.push_back(n < 0 ? "any" : fmt::format("{}", n));
  return fmt::format("shape [{}]", fmt::join(words, ", "));
}

class Finisher {
 public:
  Finisher(const std::string& name, const Pending& pending, const Config& config,
           const safetensors::Container& container)
      : name_(name), pending_(pending), config_(config), container_(container) {}

  Result<Tensor> finish() const {
    const Rule& rule = *pending_.rule;
    const std::int64_t slots = is_stacked(rule) ? config_.sizes.experts : rule.slots;
    QUALM_CHECK(check_parts(slots));
    if (rule.slots == 1) {  // parts of fused tensors are checked together
      for (const auto& [slot, weight] : pending_.slots) QUALM_CHECK(check_shape(weight));
    }
    auto tensor = !is_stacked(rule) && slots == 1 ? single(pending_.slots.begin()->second) : join();
    // The runtime computes with F32, F16 and BF16; integers and F64 are decoded for it.
    if (tensor && !(tensor->encoding.is_float() && tensor->encoding.bits <= 32))
      tensor->encoding.ggml_type = -1;
    return tensor;
  }

 private:
  Result<void> check_parts(std::int64_t slots) const {
    std::int64_t next = 0;
    for (const auto& [slot, weight] : pending_.slots) next += slot == next ? 1 : 0;
    const auto found = static_cast<std::int64_t>(pending_.slots.size());
    if (next == slots && found == slots) return {};
    return fail(tensor_error(container_, "HF-008", "tensor " + name_,
                             fmt::format("{} parts", slots),
                             next < slots ? fmt::format("{}, and no number {}", found, next)
                                          : fmt::format("{}", found)));
  }

  Result<void> check_shape(const Weight& weight) const {
    const Rule& rule = *pending_.rule;
    std::vector<std::int64_t> expected{config_.sizes.of(rule.in)};
    if (rule.out != Size::none)
      expected.push_back(config_.sizes.of(rule.out) * (is_half(rule) ? 2 : 1));
    if (rule.name.ends_with("_exps") && !is_stacked(rule))
      expected.push_back(config_.sizes.experts);
    if (rule.change == Change::transpose && is_plain(weight)) std::swap(expected[0], expected[1]);
    if (std::ranges::equal(weight.dims, expected, [](std::int64_t found, std::int64_t want) {
          return want < 0 || found == want;
        }))
      return {};
    return fail(tensor_error(container_, "HF-009", "tensor " + weight.module,
                             shape_words(expected) + ", as config.json says",
                             shape_words(weight.dims)));
  }

  Result<Tensor> single(const Weight& weight) const {
    const Rule& rule = *pending_.rule;
    Tensor tensor{name_, weight.dims, weight.encoding, weight.bytes, weight.data};
    const Shape shape{tensor.row_count(), tensor.row_length()};
    const bool permuted = rule.change == Change::query_rows || rule.change == Change::key_rows;
    if (permuted && config_.family->rotates_pairs) {
      tensor.data = pairs_of_halves(weight.data, shape, config_.sizes.head_dim);
    } else if (rule.change == Change::transpose && is_plain(weight)) {
      std::swap(tensor.dims[0], tensor.dims[1]);
      tensor.data = transposed(*container_.find(weight.consumed.front()));
    } else if (is_half(rule)) {
      return half(std::move(tensor));
    } else if (config_.family->norm_plus_one && name_.ends_with("norm.weight")) {
      tensor.encoding.ggml_type = -1;  // the sum may need more digits than the type has
      tensor.data = plus_one(weight.data, shape);
    }
    return tensor;
  }

  Tensor half(Tensor tensor) const {
    const std::int64_t rows = tensor.dims[1] / 2;
    const std::int64_t begin = pending_.rule->change == Change::first_half ? 0 : rows;
    std::vector<RowRange> ranges;
    ranges.reserve(static_cast<std::size_t>(tensor.dims[2]));
    for (std::int64_t expert = 0; expert < tensor.dims[2]; ++expert)
      ranges.push_back({tensor.data, expert * tensor.dims[1] + begin, rows});
    tensor.dims[1] = rows;
    tensor.bytes /= 2;
    tensor.data = joined(std::move(ranges), tensor.row_length());
    return tensor;
  }

  /// Experts become {in, out, experts}; what the original fuses, {in, sum of outs}.
  Result<Tensor> join() const {
    const Weight& first = pending_.slots.begin()->second;
    Tensor tensor{name_, first.dims, first.encoding, 0, nullptr};
    std::vector<RowRange> ranges;
    std::vector<model::Encoding> encodings;
    std::int64_t rows = 0;
    for (const auto& [slot, weight] : pending_.slots) {
      if (weight.dims.size() != 2 || weight.dims[0] != first.dims[0])
        return fail(tensor_error(container_, "HF-009", "tensor " + weight.module,
                                 fmt::format("rows of {}, as its siblings have", first.dims[0]),
                                 shape_words(weight.dims)));
      ranges.push_back({weight.data, 0, weight.dims[1]});
      rows += weight.dims[1];
      tensor.bytes += weight.bytes;
      encodings.push_back(weight.encoding);
    }
    tensor.encoding = model::joined(encodings);
    tensor.data = joined(std::move(ranges), first.dims[0]);
    if (is_stacked(*pending_.rule)) {
      tensor.dims.push_back(static_cast<std::int64_t>(pending_.slots.size()));
      return tensor;
    }
    tensor.dims[1] = rows;
    QUALM_CHECK(check_fused(tensor));
    return tensor;
  }

  Result<void> check_fused(const Tensor& tensor) const {
    const bool attention = name_.find(".attn_qkv.") != std::string::npos;
    const std::vector<std::int64_t> expected{
        config_.sizes.hidden, config_.sizes.of(attention ? Size::qkv : Size::gate_up)};
    if (tensor.dims == expected) return {};
    return fail(tensor_error(container_, "HF-009", "tensor " + name_,
                             shape_words(expected) + " of its parts, as config.json says",
                             shape_words(tensor.dims)));
  }

  const std::string& name_;
  const Pending& pending_;
  const Config& config_;
  const safetensors::Container& container_;
};

}  // namespace

bool is_plain(const Weight& weight) {
  return weight.consumed.size() == 1 && weight.encoding.ggml_type >= 0;
}

Error tensor_error(const safetensors::Container& container, std::string code, std::string place,
                   std::string expected, std::string found) {
  const auto& files = container.files();
  return {Kind::input,
          std::move(code),
          files.empty() ? std::string() : files.front().path,
          std::move(place),
          std::move(expected),
          std::move(found),
          "Check that config.json belongs to these weights, and that all files are there."};
}

Result<Tensor> finish_tensor(const std::string& name, const Pending& pending, const Config& config,
                             const safetensors::Container& container) {
  return Finisher(name, pending, config, container).finish();
}

}  // namespace qualm::formats::hf
