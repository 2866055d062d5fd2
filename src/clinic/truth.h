// What is true of a case, measured on windows that its diagnosis did not read.
//
// The judge has its own thresholds and shares no verdict code with diagnose/. If it did, a mistake
// in diagnose/ would count as right. So what matters is stated here again, on purpose.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "evaluate/measurement.h"
#include "experiment/experiment.h"
#include "numeric/estimate.h"

namespace qualm::clinic {

/// Share of the KLD that the clinic accepts of weights: a cache may lose so much.
inline constexpr double kOfCache = 0.5;
/// KLD, nat/token, that is acceptable for no model, however much its Q4_K_M loses.
inline constexpr double kMostOfAny = 0.1;
/// A quant that loses so many times what round-to-nearest in its types loses is ill, however little
/// that is.
inline constexpr double kMostOfRounding = 1.5;
/// KLD, nat/token: of a smaller loss that is not asked.
inline constexpr double kLeastOfRounding = 0.003;
/// Windows that the truth is measured on, at most.
inline constexpr std::int32_t kTruthWindows = 24;

enum class Matters { yes, no, unclear };

/// Whether the KLD of `loss` is certainly more, or certainly less, than `line`.
[[nodiscard]] Matters matters(const evaluate::Measurement& loss, double line);

/// Whether `loss` is certainly more than kMostOfRounding times that of round-to-nearest in the same
/// types, and no trifle.
[[nodiscard]] Matters over(const evaluate::Measurement& loss,
                           const evaluate::Measurement& rounding);

/// Shapley shares of the KLD of the candidate as run.
struct TrueShares {
  numeric::Estimate weights;  ///< without the class, where one is a factor of its own
  std::optional<numeric::Estimate> cache;
  std::optional<numeric::Estimate> tensors;
};

struct Truth {
  Matters loss = Matters::unclear;  ///< whether the loss of the candidate as run matters
  std::optional<Matters> cache;     ///< the same of its cache; absent where it is not quantized
  /// Whether it loses too much for its types; asked of a loss that does not certainly matter.
  /// Absent also where round-to-nearest in them cannot be made.
  std::optional<Matters> over_rounding = std::nullopt;
  std::optional<TrueShares> shares;
  std::int64_t windows = 0;  ///< 0: the text had none left, or nothing could be run
};

/// How the case was run, and by what it is judged.
struct AsRun {
  double accepted = 0;  ///< KLD, nat/token
  std::string type_k = "f16";
  std::string type_v = "f16";
  std::int32_t first_unread = 0;       ///< window of the first text
  std::vector<std::string> tensors{};  ///< patterns of a class whose share is asked for, or none
  bool against_rounding = false;       ///< whether its loss is held against that of its types
};

[[nodiscard]] Result<Truth> measure_truth(experiment::Experiment& experiment, const AsRun& run);

}  // namespace qualm::clinic
