#include "evaluate/text_windows.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

namespace qualm::evaluate {
namespace {

// SplitMix64 (Steele, Lea, Flood 2014): the same order on every machine and library.
std::uint64_t next(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31U);
}

}  // namespace

std::string_view to_string(Protocol protocol) noexcept {
  return protocol == Protocol::llama_cpp ? "llama.cpp" : "default";
}

std::span<const engine::Token> TextWindows::window(std::int32_t index) const noexcept {
  const auto size = static_cast<std::size_t>(ctx_size);
  return std::span(tokens).subspan(static_cast<std::size_t>(index) * size, size);
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
  if (how.start >= 0)
    for (std::size_t i = 0; i < count; ++i) text.tokens[i * size] = how.start;
  text.order.resize(count);
  std::iota(text.order.begin(), text.order.end(), 0);
  if (how.protocol == Protocol::standard) {  // Fisher and Yates
    std::uint64_t state = how.seed;
    for (std::size_t i = count; i > 1; --i)
      std::swap(text.order[i - 1], text.order[next(state) % i]);
  }
  return text;
}

}  // namespace qualm::evaluate
