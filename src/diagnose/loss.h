// How much was lost, against the lines: measured figures as decisions, evidence and words.
#pragma once

#include <string>

#include "diagnose/finding.h"
#include "evaluate/measurement.h"
#include "weights/quantization_error.h"

namespace qualm::diagnose {

[[nodiscard]] Side side_of(const numeric::Metric& metric, double line);

/// Where kld(a) lies against factor * kld(b), paired by window.
[[nodiscard]] Side kld_against(const evaluate::Measurement& a, double factor,
                               const evaluate::Measurement& b);

/// The verdict on weights: above where perplexity or KLD is certainly over its line, below where
/// KLD certainly is under it. `floor`: the original as kFloorType on the same windows.
[[nodiscard]] Side harm(const evaluate::Measurement& measured, const evaluate::Measurement& floor);

/// "perplexity +6.4 % [5.8, 7.0], KLD 0.0573 [0.0566, 0.0581]"
[[nodiscard]] std::string loss_in_words(const evaluate::Measurement& measurement);

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
