#include "model/layer_name.h"

#include <fmt/format.h>

#include <charconv>

namespace qualm::model {
namespace {

constexpr std::string_view kBlock = "blk.";

}  // namespace

std::string LayerName::prefix() const { return fmt::format("{}{}.", stack, layer); }

std::string LayerName::in_layer(std::int64_t other) const {
  return fmt::format("{}{}.{}", stack, other, rest);
}

std::string LayerName::in_any_layer() const { return fmt::format("{}*.{}", stack, rest); }

std::optional<LayerName> layer_name(std::string_view name) noexcept {
  const auto block = name.find(kBlock);
  if (block == std::string_view::npos || (block > 0 && name[block - 1] != '.')) return std::nullopt;
  const auto number = block + kBlock.size();
  LayerName parts;
  parts.stack = name.substr(0, number);
  const char* const begin = name.data() + number;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(begin, end, parts.layer);
  if (error != std::errc() || *begin == '-' || rest == end || *rest != '.') return std::nullopt;
  parts.rest = name.substr(number + static_cast<std::size_t>(rest - begin) + 1);
  return parts;
}

std::optional<std::int64_t> layer_of(std::string_view name) noexcept {
  const auto parts = layer_name(name);
  if (!parts || parts->stack != kBlock) return std::nullopt;
  return parts->layer;
}

}  // namespace qualm::model
