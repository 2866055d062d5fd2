// What a user sees, as a figure of the candidate beside the same figure of a control.
//
// The control wrote after the same prompts with the same noise, so that every comparison is paired
// by prompt: McNemar's exact test and Newcombe's interval for shares, a sign-flip test and the
// cluster-robust interval over prompts for means.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "numeric/estimate.h"
#include "probe/figures.h"

namespace qualm::probe {

struct Symptom {
  enum class Finding {
    worse,   ///< than the control, p-values corrected for the number of symptoms (Holm)
    shared,  ///< the control shows it too, and no less: it is not what was done to the candidate
    alike,   ///< not separated from the control's
    no_control,    ///< a figure of the candidate alone
    not_examined,  ///< `says` has the reason
  };
  SymptomId symptom = SymptomId::repetition;
  std::optional<FigureId> figure = {};  ///< absent: none of the symptom's was computed
  numeric::Metric candidate = {};
  numeric::Metric control = {};
  numeric::Metric difference = {};     ///< candidate - control, paired
  std::optional<double> p_value = {};  ///< two-sided, not corrected
  Finding finding = Finding::not_examined;
  std::string says = {};
};

[[nodiscard]] std::string_view to_string(Symptom::Finding finding) noexcept;

/// Of the figure in JSON; that of the symptom where there is no figure.
[[nodiscard]] std::string_view figure_name(const Symptom& symptom) noexcept;

/// What wrote the control's texts, as sentences name it.
inline constexpr const char* kOriginal = "the original";
inline constexpr const char* kSameWeights = "the same weights with an F16 cache";

/// A share this much above 0 (its interval's lower end) makes a symptom one that the control shows.
inline constexpr double kShownByControl = 0.10;
inline constexpr double kSignificance = 0.05;

/// Shares of prompts, one flag per prompt. `control` is empty where there is none, else paired.
[[nodiscard]] Symptom of_shares(FigureId figure, const std::vector<bool>& candidate,
                                const std::vector<bool>& control);

/// Means of a figure per prompt; prompts where either is NaN are left out. Under 2: absent.
[[nodiscard]] Symptom of_means(FigureId figure, std::span<const double> candidate,
                               std::span<const double> control);

/// Two-sided p-value of "the differences are symmetric about 0": flips their signs 9999 times with
/// a fixed seed (Fisher 1935, The design of experiments, 21; with the data as one of the draws,
/// Phipson and Smyth 2010). Absent without a difference that is not 0.
[[nodiscard]] std::optional<double> sign_flip(std::span<const double> differences);

/// Sets the finding of each symptom whose control is there, p-values adjusted together (Holm 1979).
void settle(std::span<Symptom> symptoms);

}  // namespace qualm::probe
