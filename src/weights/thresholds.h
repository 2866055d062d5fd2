// Every number that decides in weights/: value, unit, where it comes from, and how near what was
// measured comes to it. docs/results/checks.md has the trials. How many rows are read where not all
// are decides nothing and stands beside the code that reads them.
#pragma once

#include <cstdint>

namespace qualm::weights {

// --- Whose weights: all matrices together -------------------------------------------------------

/// Residual over step^2 / 12 (squares); above, there is something else than rounding. Plain
/// rounding leaves 1, GPTQ's error feedback at most 2 (docs/results/formats.md).
inline constexpr double kMostOverStep = 4;
/// Residual share of the squares, where no step is known. IQ2_S leaves under 0.1
/// (tests/weights/origin_engine.cpp).
inline constexpr double kMostResidual = 0.5;
/// The same, whatever the step: a grid this coarse explains any model. TQ1_0 leaves over half.
inline constexpr double kNothingOfIt = 0.9;
/// alpha this close to 0 or 1 is 0 or 1. Chosen; the bundled pair gives 0.000 and 1.000.
inline constexpr double kAlphaTolerance = 0.05;
/// alpha: an interval that is wider tells nothing.
inline constexpr double kWidestAlpha = 1;
/// alpha: an interval that reaches 0 or 1 must lie on that side of the middle.
inline constexpr double kMiddleAlpha = 0.5;
/// Standard errors between alpha 0 and 1, for a fine-tune to be told from its base. Chosen.
inline constexpr double kErrorsApart = 4;
/// Clusters of rows that have weights: fewer give no standard error.
inline constexpr int kLeastClusters = 8;
/// Standard errors of alpha below count as this: float16 files hold no more.
inline constexpr double kLeastError = 1e-6;
/// Relative: a scale stored in float16 is that far off from the one that a weight was rounded with.
inline constexpr float kStoredScale = 0x1p-11F;

// --- Unquantized tensors of one row -------------------------------------------------------------

/// Of a - b (rms): w is on the line through a and b where it is no farther off. Chosen.
inline constexpr double kOffTheLine = 0.05;
/// Smallest float16 there is: values that are closer are equal.
inline constexpr float kSubnormal = 0x1p-24F;
/// Of a norm's squares: more than tuning moves it. Chosen.
inline constexpr double kFarOff = 0.01;

// --- Mismatched tensors -------------------------------------------------------------------------

/// Of the tensors of a kind: more that are unknown are another model's.
inline constexpr double kMostMismatched = 0.25;
/// Of the squares, what two rows may differ by and be the same one: low bits leave as much ...
inline constexpr double kAlike = 0.5;
/// ... and numbers stored one by one next to nothing.
inline constexpr double kEqual = 1e-5;
/// A matrix times a factor outside these two is scaled. No quantizer makes weights grow; one that
/// leaves half of the squares shrinks them to half.
inline constexpr double kGrown = 1.2;
inline constexpr double kShrunk = 0.5;
/// Rows were overwritten where so much of their squares is left (kMostResidual, where no step is
/// known) ...
inline constexpr double kOverwrittenShare = 0.05;
/// ... and so many times what is usual in the matrix, and what the steps leave ...
inline constexpr double kOverwrittenTimes = 16;
/// ... in at most this part of the clusters of rows.
inline constexpr double kMostOverwritten = 0.2;

// --- Unscale: AWQ's scales ----------------------------------------------------------------------

/// Of the squared distance, what must be left at most. Both sides may be quantized, and what that
/// cost stays. Trained norms go the same way as their columns, so that undoing them takes nothing
/// away; a fitted ratio takes a little from any noise.
inline constexpr double kLeftByNorms = 0.75;
inline constexpr double kLeftByFit = 0.5;
/// Relative: norms closer than that are the same but for their float16.
inline constexpr double kSameNorm = 0x1p-10;

// --- Integrity ----------------------------------------------------------------------------------

/// Of the tensor's rms: weights of the original below count as the zeros that a quantizer may make
/// of them. Chosen.
inline constexpr double kZeroBelow = 1e-3;

// --- Quantization error -------------------------------------------------------------------------

/// Estimate over true relative error was 0.99 to 1.17 for every matrix of the bundled models in
/// Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, Q4_0, Q3_K and Q2_K, with and without an importance
/// matrix (tests/weights/quantization_error_engine.cpp); what other models' weights do may lie
/// wider.
inline constexpr double kEstimateOverTrueLow = 0.9;
inline constexpr double kEstimateOverTrueHigh = 1.25;

}  // namespace qualm::weights
