// How much was lost, against the lines: measured figures as decisions, evidence and words.
#pragma once

#include <optional>
#include <string>

#include "diagnose/checks.h"
#include "diagnose/facts.h"
#include "diagnose/finding.h"
#include "evaluate/measurement.h"
#include "numeric/level.h"
#include "weights/quantization_error.h"

namespace qualm::diagnose {

/// The side of `line` on which the interval of `metric` lies, at kCheckConfidence.
[[nodiscard]] Side side_of(const evaluate::Measurement& measured, evaluate::MetricId metric,
                           double line);

/// Where kld(a) lies against factor * kld(b), paired by window.
[[nodiscard]] Side kld_against(const evaluate::Measurement& a, double factor,
                               const evaluate::Measurement& b,
                               double confidence = kCheckConfidence);

/// The verdict on weights: KLD against 1.5 times the floor type's, within [kLeastLine, kMostLine].
/// A perplexity certainly over kPplLine counts where KLD is not certainly under the line. What the
/// user accepts takes the place of both. `floor`: the original as kFloorType on the same windows or
/// the first of them.
[[nodiscard]] Side harm(const Given& given, const evaluate::Measurement& measured,
                        const evaluate::Measurement& floor, double confidence = kCheckConfidence);

/// Whether it loses certainly more than kMostExcess times what its types should: `rtn`,
/// round-to-nearest of the original in them, on the same windows.
[[nodiscard]] Side excessive(const evaluate::Measurement& measured,
                             const evaluate::Measurement& rtn);

/// The verdict on a cache. `line`: the original as kCacheLineType on the same windows; null without
/// an original.
[[nodiscard]] Side cache_harm(const Given& given, const evaluate::Measurement& measured,
                              const evaluate::Measurement* line,
                              double confidence = kCheckConfidence);

/// What a loss needs that lies on both sides of a limit: for an estimate a longer text is no help.
[[nodiscard]] std::string to_decide(const Facts& facts);

/// Size and grades of what was measured; the other answers are not asked here.
void set_size(const evaluate::Measurement& measured, Loss& loss);

/// Of a mean KLD; absent where it has no interval.
[[nodiscard]] std::optional<Grades> grades_of(const numeric::Metric& kld);
/// "small", "small or noticeable"
[[nodiscard]] std::string in_words(const Grades& grades);

/// "perplexity +6.4 % [5.8, 7.0], KLD 0.0573 [0.0566, 0.0581]"
[[nodiscard]] std::string loss_in_words(const evaluate::Measurement& measurement);

/// Its perplexity is certainly below the original's: an anomaly, and no measure of a loss.
[[nodiscard]] bool below_original(const evaluate::Measurement& measured);

/// The original's perplexity, and what to check if it is unusual; empty where it has no interval.
[[nodiscard]] std::string original_in_words(const numeric::Metric& ppl);

/// A metric of a measurement as evidence under `name`; `says` introduces it.
[[nodiscard]] Evidence metric_evidence(const std::string& name,
                                       const evaluate::Measurement& measurement,
                                       evaluate::MetricId metric, const std::string& says);

/// "All matrices: quantization error 29 % [23, 32] (estimated from the steps in the file)", or why
/// there is no estimate. `says` introduces it.
[[nodiscard]] Evidence quantization_error_evidence(const std::string& name,
                                                   const weights::QuantizationError& error,
                                                   const std::string& says);

}  // namespace qualm::diagnose
