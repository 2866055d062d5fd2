// The symptoms that a user sees and the figures that tell them, one row each. Adding a figure is
// its row here and its computation: in examine.cpp where it is computed from texts, in diagnose/
// where it is computed from a measurement. Reports, the store, --symptom and `qualm explain` read
// the tables.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace qualm::probe {

enum class SymptomId : std::uint8_t {
  repetition,
  incoherent,
  off_topic,
  long_context,
};

struct SymptomRow {
  SymptomId id;
  std::string_view name;     ///< in JSON and in --symptom
  std::string_view meaning;  ///< one sentence
};

inline constexpr std::array kSymptoms{
    SymptomRow{SymptomId::repetition, "repetition",
               "The texts end in loops, or repeat what they said before."},
    SymptomRow{SymptomId::incoherent, "incoherent", "The texts make little sense."},
    SymptomRow{SymptomId::off_topic, "off-topic", "The texts do not follow from their prompts."},
    SymptomRow{SymptomId::long_context, "long-context",
               "The loss grows with the length of the context."},
};

/// In the order of reports.
enum class FigureId : std::uint8_t {
  loops_greedy,
  loops_sampled,
  rep_4,
  distinct_2,
  divergence,
  nll,
  prompt_gain,
  kld_late,
};

/// What a figure is computed from.
enum class Source : std::uint8_t {
  greedy,       ///< texts of the most likely tokens
  greedy_both,  ///< such texts of both models, held against each other: it has no control
  sampled,      ///< texts of sampled tokens
  judged,       ///< sampled texts, read by the judge
  measurement,  ///< scores of the candidate; nothing is written
};

/// What is computed of all prompts or windows.
enum class Statistic : std::uint8_t { share, mean };

struct FigureRow {
  FigureId id;
  std::string_view name;  ///< in JSON
  SymptomId symptom;
  Source source;
  Statistic statistic;
  std::string_view unit;  ///< of a share "fraction"
  bool more_is_worse;
  std::string_view label;    ///< on screen
  std::string_view meaning;  ///< one sentence
};

inline constexpr std::array kFigures{
    FigureRow{FigureId::loops_greedy, "loops_greedy", SymptomId::repetition, Source::greedy,
              Statistic::share, "fraction", true, "Greedy texts that end in a loop",
              "Share of greedy texts (always the most likely token) that end in a loop. A loop "
              "repeats a piece 3 times or more, over 16 tokens or more."},
    FigureRow{FigureId::loops_sampled, "loops_sampled", SymptomId::repetition, Source::sampled,
              Statistic::share, "fraction", true, "Sampled texts that end in a loop",
              "Share of sampled texts that end in a loop."},
    FigureRow{FigureId::rep_4, "rep_4", SymptomId::repetition, Source::sampled, Statistic::mean,
              "ratio", true, "Repeated groups of 4 tokens",
              "Share of the groups of 4 tokens of a sampled text that occur earlier in it."},
    FigureRow{FigureId::distinct_2, "distinct_2", SymptomId::repetition, Source::sampled,
              Statistic::mean, "ratio", false, "Distinct pairs of tokens",
              "Number of distinct pairs of tokens in a sampled text, divided by the number of all "
              "its pairs."},
    FigureRow{FigureId::divergence, "divergence", SymptomId::incoherent, Source::greedy_both,
              Statistic::share, "fraction", true, "Greedy texts that differ",
              "Share of greedy texts that differ from those of the original."},
    FigureRow{
        FigureId::nll, "nll", SymptomId::incoherent, Source::judged, Statistic::mean, "nat/token",
        true, "NLL of the texts",
        "How surprised the original is by the candidate's sampled texts: the mean of -ln p per "
        "token. A higher number means less coherent text."},
    FigureRow{FigureId::prompt_gain, "prompt_gain", SymptomId::off_topic, Source::judged,
              Statistic::mean, "nat/token", false, "Log-likelihood gained from the prompt",
              "How much better the original predicts the text when it knows the prompt. A lower "
              "number means the text is further from the topic."},
    FigureRow{FigureId::kld_late, "kld_late", SymptomId::long_context, Source::measurement,
              Statistic::mean, "nat/token", true, "KLD late in the window",
              "Mean KLD in the second half of a window; it is compared with the first half."},
};

[[nodiscard]] constexpr const SymptomRow& row_of(SymptomId id) noexcept {
  return kSymptoms[static_cast<std::size_t>(id)];
}
[[nodiscard]] constexpr const FigureRow& row_of(FigureId id) noexcept {
  return kFigures[static_cast<std::size_t>(id)];
}
static_assert(
    [] {
      for (std::size_t i = 0; i < kSymptoms.size(); ++i)
        if (kSymptoms[i].id != static_cast<SymptomId>(i)) return false;
      for (std::size_t i = 0; i < kFigures.size(); ++i)
        if (kFigures[i].id != static_cast<FigureId>(i)) return false;
      return true;
    }(),
    "one row for each id, in the order of the enum");

[[nodiscard]] std::optional<SymptomId> symptom_named(std::string_view name) noexcept;
[[nodiscard]] std::optional<FigureId> figure_named(std::string_view name) noexcept;

/// Some figure of the symptom is computed from texts that are written for it.
[[nodiscard]] constexpr bool needs_texts(SymptomId symptom) noexcept {
  return std::ranges::any_of(kFigures, [&](const FigureRow& row) {
    return row.symptom == symptom && row.source != Source::measurement;
  });
}

/// The symptoms to look for.
struct SymptomChoice {
  enum class Which : std::uint8_t { all, none, one };
  Which which = Which::all;
  SymptomId one = SymptomId::repetition;  ///< where `which` says so
  bool asked = false;                     ///< by the user; else it is the default

  [[nodiscard]] constexpr bool wants(SymptomId symptom) const noexcept {
    return which == Which::all || (which == Which::one && one == symptom);
  }
  /// The one that the user named.
  [[nodiscard]] constexpr std::optional<SymptomId> named() const noexcept {
    return which == Which::one ? std::optional(one) : std::nullopt;
  }
};
/// "off-topic", "all", "none"; empty: not asked for, all of them. Absent: none of these.
[[nodiscard]] std::optional<SymptomChoice> parse_symptoms(std::string_view text) noexcept;

}  // namespace qualm::probe
