#include "evaluate/text_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "numeric/random.h"

namespace qualm::evaluate {
namespace {

// Fisher and Yates.
void shuffle(std::vector<std::int32_t>& values, numeric::Random& random) {
  for (std::size_t i = values.size(); i > 1; --i)
    std::swap(values[i - 1], values[random.next() % i]);
}

// Rounds of one window from each part of the text, parts and windows in random order: whatever was
// read is spread over the whole text.
std::vector<std::int32_t> stratified_order(std::int32_t count, std::uint64_t seed) {
  const std::int32_t strata = std::min(count, kStrata);
  std::vector<std::vector<std::int32_t>> left(static_cast<std::size_t>(strata));
  for (std::int64_t window = 0; window < count; ++window)
    left[static_cast<std::size_t>(window * strata / count)].push_back(
        static_cast<std::int32_t>(window));
  numeric::Random random(seed);
  for (auto& stratum : left) shuffle(stratum, random);
  std::vector<std::int32_t> order;
  std::vector<std::int32_t> round(static_cast<std::size_t>(strata));
  std::iota(round.begin(), round.end(), 0);
  while (order.size() < static_cast<std::size_t>(count)) {
    shuffle(round, random);
    for (const std::int32_t stratum : round) {
      auto& windows = left[static_cast<std::size_t>(stratum)];
      if (windows.empty()) continue;
      order.push_back(windows.back());
      windows.pop_back();
    }
  }
  return order;
}

}  // namespace

std::string_view to_string(Protocol protocol) noexcept {
  return protocol == Protocol::llama_cpp ? "llama.cpp" : "default";
}

std::span<const engine::Token> TextWindows::window(std::int32_t index) const noexcept {
  const auto size = static_cast<std::size_t>(ctx_size);
  return std::span(tokens).subspan(static_cast<std::size_t>(index) * size, size);
}

Result<void> keep_range(TextWindows& text, const WindowRange& range) {
  if (range.is_all()) return {};
  if (range.begin < 0 || range.begin >= range.end || range.end > text.total())
    return fail({Kind::input, "EVAL-002", "", "--windows",
                 fmt::format("a range of windows from 0:{}", text.total()),
                 fmt::format("{}:{}", range.begin, range.end),
                 fmt::format("The text has {} windows.", text.total())});
  std::erase_if(text.order, [&](std::int32_t w) { return w < range.begin || w >= range.end; });
  return {};
}

Result<TextWindows> cut(std::vector<engine::Token> tokens, const Cut& how) {
  const std::int32_t ctx_size = how.ctx_size;
  const auto size = static_cast<std::size_t>(ctx_size);
  std::size_t count = tokens.size() / size;
  if (count == 0)
    return fail({Kind::undecided, "EVAL-001", "", "text",
                 fmt::format("at least {} tokens, one window", ctx_size),
                 fmt::format("{} tokens", tokens.size()),
                 "Give a longer text with -f, or a smaller -c."});
  if (how.limit > 0) count = std::min(count, static_cast<std::size_t>(how.limit));

  TextWindows text;
  text.tokens = std::move(tokens);
  text.tokens.resize(count * size);
  text.ctx_size = ctx_size;
  text.first = how.protocol == Protocol::llama_cpp ? ctx_size / 2 : ctx_size / 8;
  text.last = ctx_size - 1;
  text.stride = how.stride;
  if (how.start >= 0)
    for (std::size_t i = 0; i < count; ++i) text.tokens[i * size] = how.start;
  text.order.resize(count);
  std::iota(text.order.begin(), text.order.end(), 0);
  if (how.protocol == Protocol::standard)
    text.order = stratified_order(static_cast<std::int32_t>(count), how.seed);
  return text;
}

}  // namespace qualm::evaluate
