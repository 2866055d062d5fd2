// Where in the text the loss is: which tokens carry it, and of what kind they are.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

#include "evaluate/measurement.h"
#include "evaluate/text_windows.h"
#include "numeric/estimate.h"

namespace qualm::evaluate {

/// What a token is by the text that it stands for.
enum class TokenClass : std::uint8_t {
  special,       ///< a control token: no text of its own, or <|...|>
  space,         ///< white space alone
  digits,        ///< digits and no letters
  punctuation,   ///< neither letters nor digits
  other_script,  ///< letters outside ASCII
  name,          ///< begins a word with a capital letter
  word,          ///< begins a word
  word_part,     ///< goes on with one
};
struct TokenClassRow {
  TokenClass id;
  std::string_view name;   ///< in JSON
  std::string_view title;  ///< for people
};
inline constexpr std::array kTokenClasses{
    TokenClassRow{TokenClass::special, "special", "special tokens"},
    TokenClassRow{TokenClass::space, "space", "white space"},
    TokenClassRow{TokenClass::digits, "digits", "digits"},
    TokenClassRow{TokenClass::punctuation, "punctuation", "punctuation and code"},
    TokenClassRow{TokenClass::other_script, "other_script", "other scripts and accents"},
    TokenClassRow{TokenClass::name, "name", "capitalized words (names)"},
    TokenClassRow{TokenClass::word, "word", "words"},
    TokenClassRow{TokenClass::word_part, "word_part", "rest of a word"},
};
[[nodiscard]] TokenClass class_of_token(std::string_view piece);

struct ClassLoss {
  TokenClass id = TokenClass::word;
  std::int64_t tokens = 0;
  double token_share = 0;      ///< of all scored tokens
  numeric::Metric loss_share;  ///< of the sum of kld
  numeric::Metric kld_mean;
};

/// A scored token: `token` is its place in the window, one behind the position that predicts it.
struct WorstToken {
  std::int32_t window = 0;
  std::int32_t token = 0;
  double kld = 0;    ///< nat
  double share = 0;  ///< of the sum of kld
};

struct TokenStudy {
  std::vector<double> kld_bands;      ///< its quantiles kBandRanks over the scored tokens
  std::vector<double> delta_p_bands;  ///< the same of |delta_p|
  /// Tokens with at least this kld carry kShareRanks of the sum of kld.
  std::vector<double> share_bands;
  std::vector<WorstToken> worst;   ///< largest kld first, kWorst at most
  double worst_share = 0;          ///< of the sum of kld; all of them together
  std::vector<ClassLoss> classes;  ///< those with tokens, the largest share of the loss first
};
inline constexpr std::array kBandRanks{0.5, 0.75, 0.9, 0.97, 0.99};
inline constexpr std::array kShareRanks{0.9, 0.75, 0.5, 0.25, 0.1};
inline constexpr std::size_t kWorst = 20;

/// Shares of a loss of 0 are 0 and have no interval.
[[nodiscard]] TokenStudy study_tokens(const Measurement& measurement, const TextWindows& text,
                                      const std::function<TokenClass(engine::Token)>& class_of);

/// Windows that show most of it, `most` at most, in text order: those of the worst tokens, then
/// those with the largest sum of kld.
[[nodiscard]] std::vector<std::int32_t> windows_to_show(const Measurement& measurement,
                                                        const TokenStudy& study, std::size_t most);

}  // namespace qualm::evaluate
