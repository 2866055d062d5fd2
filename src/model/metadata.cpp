#include "model/metadata.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <type_traits>

namespace qualm::model {

void Metadata::set(std::string key, Value value, int type) {
  const auto [it, is_new] = index_.try_emplace(key, entries_.size());
  if (is_new) {
    entries_.push_back({std::move(key), std::move(value), type});
  } else {
    entries_[it->second].value = std::move(value);
    entries_[it->second].type = type;
  }
}

void Metadata::erase(std::string_view key) {
  const auto it = index_.find(key);
  if (it == index_.end()) return;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(it->second));
  index_.erase(it);
  for (std::size_t i = 0; i < entries_.size(); ++i) index_.find(entries_[i].key)->second = i;
}

const Value* Metadata::find(std::string_view key) const noexcept {
  const auto it = index_.find(key);
  return it == index_.end() ? nullptr : &entries_[it->second].value;
}

std::optional<std::string> Metadata::string(std::string_view key) const {
  const Value* value = find(key);
  const auto* text = value ? std::get_if<std::string>(value) : nullptr;
  return text ? std::optional(*text) : std::nullopt;
}

std::optional<std::int64_t> Metadata::integer(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::nullopt;
  if (const auto* i = std::get_if<std::int64_t>(value)) return *i;
  if (const auto* u = std::get_if<std::uint64_t>(value);
      u && *u <= static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
    return static_cast<std::int64_t>(*u);
  return std::nullopt;
}

std::optional<double> Metadata::number(std::string_view key) const {
  const Value* value = find(key);
  if (!value) return std::nullopt;
  if (const auto* d = std::get_if<double>(value)) return *d;
  if (const auto i = integer(key)) return static_cast<double>(*i);
  return std::nullopt;
}

std::optional<bool> Metadata::boolean(std::string_view key) const {
  const Value* value = find(key);
  const auto* b = value ? std::get_if<bool>(value) : nullptr;
  return b ? std::optional(*b) : std::nullopt;
}

const std::vector<std::string>* Metadata::strings(std::string_view key) const noexcept {
  const Value* value = find(key);
  return value ? std::get_if<std::vector<std::string>>(value) : nullptr;
}

namespace {

constexpr std::size_t kShownElements = 4;
constexpr std::size_t kShownBytes = 60;

std::string quoted(const std::string& text) {
  if (text.size() <= kShownBytes) return fmt::format("\"{}\"", text);
  return fmt::format("\"{}...\" ({} bytes)", text.substr(0, kShownBytes), text.size());
}

template <class T>
std::string listed(const std::vector<T>& items) {
  std::string out = "[";
  for (std::size_t i = 0; i < std::min(items.size(), kShownElements); ++i) {
    if (i > 0) out += ", ";
    if constexpr (std::is_same_v<T, std::string>) {
      out += quoted(items[i]);
    } else {
      out += fmt::format("{}", items[i]);
    }
  }
  return out +
         (items.size() > kShownElements ? fmt::format(", ... {} in all]", items.size()) : "]");
}

}  // namespace

std::string to_text(const Value& value) {
  return std::visit(
      [](const auto& held) -> std::string {
        using T = std::decay_t<decltype(held)>;
        if constexpr (std::is_same_v<T, std::string>) {
          return quoted(held);
        } else if constexpr (std::is_class_v<T>) {
          return listed(held);
        } else if constexpr (std::is_same_v<T, double>) {
          // GGUF's floats have 32 bits: 1e-05, not the 9.999999747378752e-06 it is as a double.
          const auto narrow = static_cast<float>(held);
          return narrow == held ? fmt::format("{}", narrow) : fmt::format("{}", held);
        } else {
          return fmt::format("{}", held);
        }
      },
      value);
}

}  // namespace qualm::model
