#include "probe/split.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace qualm::probe {
namespace {

constexpr std::size_t kPiecesShown = 4;  // pieces
constexpr std::size_t kBefore = 6;       // pieces

std::string pieces(const engine::Model& model, const std::vector<engine::Token>& tokens,
                   std::size_t from, std::size_t count, const char* between) {
  std::string text;
  for (std::size_t i = from; i < std::min(from + count, tokens.size()); ++i)
    text += (text.empty() ? "" : between) + model.piece(tokens[i]);
  return text.empty() ? "the end" : text;
}

}  // namespace

std::string_view split_text() noexcept {
  return "Once upon a time, the miller's daughter wasn't there; it's they'll, we've, I'M.\n"
         "  Two  spaces,\ttabs\t\tand   more.\n\n\nThree lines further: 3.14159, 1,234,567, "
         "0x7fFF, "
         "2026-11-24.\n"
         "for (int i = 0; i < n; ++i) { sum += a[i] * b[i]; }  // don't\n"
         "def f(x):\n    return {'key': [x, None], \"other\": x ** 2}\n"
         "https://example.org/a_b?c=d&e=%20#f  user@example.org  #tag @name $HOME\n"
         "Sch\u00f6ne Gr\u00fc\u00dfe: \u00c4pfel, \u00d6l und stra\u00dfenbahnhaltestelle. "
         "\u00c7a co\u00fbte d\u00e9j\u00e0 l'\u0153uvre na\u00efve. \u00bfQu\u00e9 a\u00f1o?\n"
         "\u041f\u0440\u0438\u0432\u0435\u0442, \u043c\u0438\u0440! "
         "\u0393\u03b5\u03b9\u03ac \u03c3\u03bf\u03c5 \u039a\u03cc\u03c3\u03bc\u03b5. "
         "\u0645\u0631\u062d\u0628\u0627 \u0628\u0627\u0644\u0639\u0627\u0644\u0645. "
         "\u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd.\n"
         "\u4f60\u597d\uff0c\u4e16\u754c\u3002\u4eca\u65e5\u306f\u826f\u3044\u5929\u6c17\u3067"
         "\u3059"
         "\u306d\u3002 \uc548\ub155\ud558\uc138\uc694 \uc138\uacc4. "
         "\u0928\u092e\u0938\u094d\u0924\u0947 \u0926\u0941\u0928\u093f\u092f\u093e\u0964 "
         "\u0e2a\u0e27\u0e31\u0e2a\u0e14\u0e35\u0e0a\u0e32\u0e27\u0e42\u0e25\u0e01\n"
         "\U0001F600\U0001F469\u200D\U0001F4BB \U0001F1EA\U0001F1FA \u2665\ufe0f e\u0301 "
         "\ufb01 \u2460 \u00bd x\u00b2 \u2026 \u2014 \u201cquoted\u201d \u200bzero\n";
}

Result<Split> compare_splits(engine::Model& candidate, engine::Model& baseline,
                             std::string_view text) {
  QUALM_TRY(const auto a, candidate.tokenize(text, engine::SpecialTokens::parsed));
  QUALM_TRY(const auto b, baseline.tokenize(text, engine::SpecialTokens::parsed));
  Split split;
  split.tokens = static_cast<std::int64_t>(a.size());
  split.tokens_baseline = static_cast<std::int64_t>(b.size());
  const auto [x, y] = std::ranges::mismatch(a, b);
  split.equal = x == a.end() && y == b.end();
  if (split.equal) return split;
  const auto at = static_cast<std::size_t>(x - a.begin());
  split.at = static_cast<std::int64_t>(at);
  const std::size_t from = at > kBefore ? at - kBefore : 0;
  if (at > 0) split.before = pieces(baseline, b, from, at - from, "");
  split.candidate = pieces(candidate, a, at, kPiecesShown, "|");
  split.baseline = pieces(baseline, b, at, kPiecesShown, "|");
  return split;
}

std::string in_words(const Split& split) {
  if (split.equal) return fmt::format("{} tokens of text are split alike", split.tokens);
  return fmt::format(
      "text is split otherwise from token {} on{}: \"{}\", in the baseline \"{}\" ({} tokens of "
      "the same text, in the baseline {})",
      split.at, split.before.empty() ? "" : fmt::format(", after \"{}\"", printable(split.before)),
      printable(split.candidate), printable(split.baseline), split.tokens, split.tokens_baseline);
}

}  // namespace qualm::probe
