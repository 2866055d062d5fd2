// Every threshold of weights/: value, unit, source, and the measured values nearest to it.
// docs/results/checks.md has the trials. Sample sizes are not here: they are in the file that reads
// the rows.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "numeric/estimate.h"

namespace qualm::weights {

// --- Whose weights: all matrices together -------------------------------------------------------

/// Residual over step^2 / 12 (squares); above, there is something else than rounding. Plain
/// rounding leaves 1, GPTQ's error feedback at most 2 (docs/results/formats.md).
inline constexpr double kMostOverStep = 4;
/// Residual share of the squares, where no step is known. IQ2_S leaves under 0.1
/// (tests/weights/origin_engine.cpp).
inline constexpr double kMostResidual = 0.5;
/// Residual share of the squares. Above it there is something else than rounding, even if residual
/// over step^2 / 12 is small: over a very coarse step it is small for any model. TQ1_0 leaves over
/// half.
inline constexpr double kNothingOfIt = 0.9;
/// alpha this close to 0 or 1 is 0 or 1. Chosen; the bundled pair gives 0.000 and 1.000.
inline constexpr double kAlphaTolerance = 0.05;
/// alpha: an interval that is wider tells nothing.
inline constexpr double kWidestAlpha = 1;
/// alpha: if the interval contains 0 it must stay below this; if it contains 1, above it.
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

/// w is on the line through a and b if its distance from it (rms) is below this share of a - b
/// (rms). Chosen.
inline constexpr double kOffTheLine = 0.05;
/// Smallest float16 there is: values that are closer are equal.
inline constexpr float kSubnormal = 0x1p-24F;
/// A norm whose squared distance from the original's is more than this share of the original's
/// squares was not only fine-tuned. Chosen.
inline constexpr double kFarOff = 0.01;

// --- Matrices that differ -----------------------------------------------------------------------

/// Share of the weights within half a step of the original's, where llama-quantize made the type
/// from it: the least of the matrices of the bundled base, plain and with an importance matrix.
struct LeftByType {
  std::string_view type;
  double plain = 1;
  double with_importance = 1;
};
inline constexpr std::array<LeftByType, 14> kLeftByType{{
    {"Q8_0", 1.0, 1.0},
    {"Q6_K", 0.9997, 0.9901},
    {"Q5_K", 0.9969, 0.9935},
    {"Q5_1", 0.9986, 0.9864},
    {"Q5_0", 0.9971, 0.9870},
    {"Q4_K", 0.9981, 0.9914},
    {"Q4_1", 0.9993, 0.9858},
    {"Q4_0", 0.9939, 0.9847},
    {"IQ4_NL", 0.9998, 0.9954},
    {"IQ4_XS", 0.9989, 0.9949},
    {"Q3_K", 0.9909, 0.9753},
    {"Q2_K", 0.9951, 0.9830},
    {"TQ1_0", 1.0, 1.0},
    {"TQ2_0", 1.0, 1.0},
}};
/// A matrix differs if its share is this much below with_importance of kLeftByType. Chosen: an
/// importance matrix alone lowers the share by at most 1.6 points. A LoRA of 15 % of a matrix's
/// size leaves 77 % in Q3_K, 60 % in Q4_K, 5 % in Q8_0.
inline constexpr double kFewerWithin = 0.03;
/// Times the rounding of a float type, relative: more is no rounding. Chosen.
inline constexpr double kFloatRoundings = 4;
/// All matrices differ by the same share of their size if that share varies less than this between
/// them (standard deviation over mean). A Q4_K_M of an NF4: 0.07; the bundled fine-tune against its
/// base: 0.22.
inline constexpr double kSameShare = 0.12;
/// A type with at least this many bits can show that its weights were on another grid before.
inline constexpr int kFineBits = 6;
/// Share of distinct values among 16 neighbours. Below this, the weights were on a 4-bit grid
/// before.
inline constexpr double kFewValues = 0.7;

// --- Mismatched tensors -------------------------------------------------------------------------

/// If more than this share of the tensors of a kind is found nowhere in the original, these are
/// another model's and not mismatched.
inline constexpr double kMostMismatched = 0.25;
/// Two rows of a quantized tensor count as equal if they differ by at most this share of the
/// squares.
inline constexpr double kAlike = 0.5;
/// Squares: an expert holds another one where it is so many times nearer to it than to the one in
/// its place. Chosen; an exchanged Q5_K_M of experts that are alike: 50 and more.
inline constexpr double kFarNearer = 4;
/// The same, for rows of floats.
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

/// Largest share of the squared distance that may be left after unscaling. Quantization of both
/// sides leaves some. Undoing the norms of a fine-tune takes nothing away: they change in the same
/// direction as their columns. A fitted ratio takes a little from any noise, so its limit is lower.
inline constexpr double kLeftByNorms = 0.75;
inline constexpr double kLeftByFit = 0.5;
/// A tensor was left out of its norm's scales if its squared distance as it is lies below this
/// share of that with the scales undone. It was scaled for another norm if, with that norm's
/// scales, the two are the other way round. Chosen: exact scales leave what rounding does.
inline constexpr double kLeftOut = 0.25;
/// Relative: norms closer than that are the same but for their float16.
inline constexpr double kSameNorm = 0x1p-10;

// --- Integrity ----------------------------------------------------------------------------------

/// Of the tensor's rms: weights of the original below count as the zeros that a quantizer may make
/// of them. Chosen.
inline constexpr double kZeroBelow = 1e-3;
/// A run of zeros is a hole in the file if it covers a whole row, and also a part of the row before
/// or after that is more than this share of it. What is pruned or padded is whole rows; a block may
/// round to zero.
inline constexpr double kHoleInRow = 0.125;
/// Times the median rms of the rows. The bundled models' largest weight is under 100; overwritten
/// bytes read as numbers give 1e5 and more (metaseq issue 122: 1e6).
inline constexpr double kTooLarge = 1e4;
/// If more than this share of the pairs of neighbours that are not zero is equal, the packed words
/// hold one value. Types of one bit have 0.5.
inline constexpr double kEqualNeighbours = 0.9;

// --- Quantization error -------------------------------------------------------------------------

/// Estimate over true relative error was 0.99 to 1.17 for every matrix of the bundled models in
/// Q8_0, Q6_K, Q5_K, Q5_1, Q5_0, Q4_K, Q4_1, Q4_0, Q3_K and Q2_K, with and without an importance
/// matrix (tests/weights/quantization_error_engine.cpp); other models may be outside this
/// range.
inline constexpr double kEstimateOverTrueLow = 0.9;
inline constexpr double kEstimateOverTrueHigh = 1.25;

// --- Without an original -------------------------------------------------------------------------

/// KLD from the original over KLD from a surrogate: median, and a range for other models. Families
/// of models differ by more than the quants of one: the ends are those of the worst family (5 and
/// 95 %) with a margin, kept by 9 of 10 quants of a family that is left out
/// (docs/results/surrogate.md).
inline constexpr numeric::Estimate kTruthOverEstimate{0.96, 0.58, 1.15};
/// The same of files made with an importance matrix: it puts the error where it costs less.
inline constexpr numeric::Estimate kTruthOverEstimateImportance{0.83, 0.55, 1.15};
/// The same of packages that calibrate (GPTQ, AWQ, EXL2, ...): GPTQ that read the same book 0.25 to
/// 0.29, another text 0.90 to 0.94. The middle is chosen, the ends have the margin of the others.
inline constexpr numeric::Estimate kTruthOverEstimateCalibrated{0.6, 0.23, 1.15};

}  // namespace qualm::weights
