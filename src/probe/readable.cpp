#include "probe/readable.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <numeric>

#include "base/text.h"

namespace qualm::probe {
namespace {

constexpr std::size_t kShown = 8;  // characters

/// The bytes of the character that begins here; 1 where no character does.
std::size_t character_length(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = lead < 0xC0U ? 1 : lead < 0xE0U ? 2 : lead < 0xF0U ? 3 : 4;
  const bool whole =
      length <= text.size() && std::ranges::all_of(text.substr(1, length - 1), continues_character);
  return whole ? length : 1;
}

std::string shown(const std::string& character) {
  if (character == "\n") return "newline";
  if (character == "\t") return "tab";
  if (character == " ") return "space";
  return printable(character);
}

}  // namespace

std::int64_t Readable::count() const noexcept {
  return std::transform_reduce(left_out.begin(), left_out.end(), std::int64_t{0}, std::plus<>(),
                               [](const Unread& unread) { return unread.count; });
}

Result<Readable> readable(engine::Model& model, std::string_view text) {
  Readable result;
  const auto whole = model.tokenize(text, engine::SpecialTokens::parsed);
  if (whole) {
    result.text = text;
    return result;
  }
  if (whole.error().code != "TOKENIZER-001") return std::unexpected(whole.error());
  result.thrown = whole.error().found;
  constexpr std::size_t kReads = static_cast<std::size_t>(-1);
  std::map<std::string_view, std::size_t> known;  // its place in left_out, or kReads
  while (!text.empty()) {
    const std::string_view character = text.substr(0, character_length(text));
    text.remove_prefix(character.size());
    ++result.characters;
    const auto [entry, is_new] = known.try_emplace(character, kReads);
    if (is_new && !model.tokenize(character, engine::SpecialTokens::as_text)) {
      entry->second = result.left_out.size();
      result.left_out.push_back({std::string(character), 0});
    }
    if (entry->second == kReads) {
      result.text += character;
    } else {
      ++result.left_out[entry->second].count;
    }
  }
  const auto again = model.tokenize(result.text, engine::SpecialTokens::parsed);
  if (!again) return std::unexpected(again.error());
  return result;
}

std::string left_out_in_words(const Readable& readable) {
  std::string which;
  for (std::size_t i = 0; i < std::min(kShown, readable.left_out.size()); ++i)
    which += (i > 0 ? " " : "") + shown(readable.left_out[i].character);
  if (readable.left_out.size() > kShown) which += " ...";
  return fmt::format("{} of {} characters ({})", readable.count(), readable.characters, which);
}

}  // namespace qualm::probe
