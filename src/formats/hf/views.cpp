#include "formats/hf/views.h"

#include <algorithm>
#include <utility>

#include "codec/matrix.h"
#include "codec/numbers.h"

namespace qualm::formats::hf {
namespace {

std::size_t index(std::int64_t value) { return static_cast<std::size_t>(value); }

/// Where row `r` of a head comes from.
std::int64_t in_head(std::int64_t r, std::int64_t d) { return r % 2 * (d / 2) + r / 2; }

struct Pairs {
  Data source;
  std::int64_t length;
  std::int64_t d;

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    if (count == 1)
      return source->rows(first / d * d + in_head(first % d, d), 1, {out, index(length)});
    std::vector<float> head(index(d * length));  // codes may be packed across rows: whole heads
    for (std::int64_t row = first; row < first + count;) {
      const std::int64_t begin = row / d * d;
      QUALM_CHECK(source->rows(begin, d, head));
      for (; row < std::min(first + count, begin + d); ++row, out += length)
        std::copy_n(head.data() + in_head(row - begin, d) * length, length, out);
    }
    return {};
  }
};

struct Joined {
  std::vector<RowRange> ranges;
  std::vector<std::int64_t> ends;  ///< of each range in the whole
  std::int64_t length;

  Result<void> operator()(std::int64_t first, std::int64_t count, float* out) const {
    auto at = index(std::ranges::upper_bound(ends, first) - ends.begin());
    while (count > 0) {
      const RowRange& range = ranges[at];
      const std::int64_t inside = first - (ends[at] - range.count);
      const std::int64_t part = std::min(count, range.count - inside);
      QUALM_CHECK(range.source->rows(range.first + inside, part, {out, index(part * length)}));
      first += part;
      count -= part;
      out += part * length;
      ++at;
    }
    return {};
  }
};

class Floats final : public model::TensorData {
 public:
  explicit Floats(std::vector<float> values) : values_(std::move(values)) {}
  Result<void> rows(std::int64_t first, std::int64_t count, std::span<float> out) const override {
    if (first < 0 || count < 0 || first + count > 1 || out.size() != index(count) * values_.size())
      return fail(codec::rows_error(first, count, 1));
    if (count == 1) std::ranges::copy(values_, out.begin());
    return {};
  }
  std::span<const std::byte> ggml_bytes() const noexcept override {
    return std::as_bytes(std::span(values_));
  }

 private:
  std::vector<float> values_;
};

}  // namespace

Data pairs_of_halves(Data source, Shape shape, std::int64_t d) {
  Data steps = source->steps();
  if (steps) steps = pairs_of_halves(std::move(steps), shape, d);
  return codec::decoded_rows(shape.rows, shape.length, Pairs{std::move(source), shape.length, d},
                             std::move(steps));
}

Data pairs_of_halves_in_row(Data source, std::int64_t length, std::int64_t d) {
  auto decode = [source = std::move(source), length, d](std::int64_t first, std::int64_t count,
                                                        float* out) -> Result<void> {
    std::vector<float> row(index(length));
    QUALM_CHECK(source->rows(first, count, row));
    for (std::int64_t i = 0; i < length; ++i) out[i] = row[index(i / d * d + in_head(i % d, d))];
    return {};
  };
  return codec::decoded_rows(1, length, std::move(decode));
}

Data joined(std::vector<RowRange> ranges, std::int64_t length) {
  std::erase_if(ranges, [](const RowRange& range) { return range.count == 0; });
  std::vector<std::int64_t> ends;
  ends.reserve(ranges.size());
  std::int64_t rows = 0;
  for (const RowRange& range : ranges) ends.push_back(rows += range.count);
  std::vector<RowRange> steps;
  for (const RowRange& range : ranges)
    if (Data of_range = range.source->steps())
      steps.push_back({std::move(of_range), range.first, range.count});
  const bool everywhere = !ranges.empty() && steps.size() == ranges.size();
  return codec::decoded_rows(rows, length, Joined{std::move(ranges), std::move(ends), length},
                             everywhere ? joined(std::move(steps), length) : nullptr);
}

Data transposed(const codec::Part& part) {
  const std::int64_t inputs = part.shape[0];
  const std::int64_t outputs = part.shape[1];
  auto decode = [part, inputs, outputs](std::int64_t first, std::int64_t count,
                                        float* out) -> Result<void> {
    std::vector<float> stretch(index(count));
    for (std::int64_t k = 0; k < inputs; ++k) {
      codec::decode_numbers(part, k * outputs + first, count, stretch.data());
      for (std::int64_t n = 0; n < count; ++n) out[n * inputs + k] = stretch[index(n)];
    }
    return {};
  };
  return codec::decoded_rows(outputs, inputs, std::move(decode));
}

Data plus_one(Data source, Shape shape) {
  auto decode = [source = std::move(source), length = shape.length](
                    std::int64_t first, std::int64_t count, float* out) -> Result<void> {
    const std::span<float> values(out, index(count * length));
    QUALM_CHECK(source->rows(first, count, values));
    for (float& value : values) value += 1;
    return {};
  };
  return codec::decoded_rows(shape.rows, shape.length, std::move(decode));
}

Data of_floats(std::vector<float> values) {
  return std::make_shared<const Floats>(std::move(values));
}

}  // namespace qualm::formats::hf
