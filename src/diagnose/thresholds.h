// Every threshold of the diagnosis: value, unit, source, and the measured values nearest to it.
// docs/results/checks.md has the trials.
#pragma once

#include <array>
#include <cstdint>

#include "diagnose/checks.h"
#include "model/anatomy.h"
#include "model/encoding.h"
#include "numeric/level.h"

namespace qualm::diagnose {

// --- What is read -----------------------------------------------------------------------------
// Selection windows choose (causes, quant types, caches); holdout windows prove remedies.

/// Most windows on which causes are compared. A limit on cost.
inline constexpr std::int32_t kMostSelection = 48;
/// The first so many of them compare tensor classes and domains.
inline constexpr std::int32_t kForClasses = 24;
/// The first so many of them tell the weights' loss from the runtime's share.
inline constexpr std::int32_t kForRuntime = 16;
/// The first so many of them, where they decide, choose between quant types and between caches and
/// are compared with the type that sets the limit; else all of them. A choice is proved afterwards.
inline constexpr std::int32_t kFirstLook = 8;
/// Level of the comparison with the limit on kFirstLook windows: a tenth of a check's error, beside
/// that of the second look.
inline constexpr double kFirstLookConfidence = numeric::shared_confidence(10, kCheckConfidence);
/// All that an estimate without the original reads: how far it may be off is known from trials, and
/// is more than what windows differ by (docs/results/surrogate.md).
inline constexpr std::int32_t kForEstimate = 8;
/// Tokens of each of them, where the user names no length: half of the usual. The first 256 tokens
/// of 8 windows of 512 lose 0.97 to 1.01 times what all of them lose (SmolLM2, gemma-3-270m).
inline constexpr std::int32_t kWindowOfEstimate = 256;
/// The first so many of them are read by a server: it takes a request for each position.
inline constexpr std::int32_t kForServer = 16;
/// Windows kept for the proof of remedies, where a text has at least twice as many; reading does
/// not stop early before as many.
inline constexpr std::int32_t kHoldout = 16;
/// The first so many of them prove a remedy, where they decide; else all of them are read.
inline constexpr std::int32_t kFirstProof = 8;
/// Windows of each further domain. The windows after them prove a remedy.
inline constexpr std::int32_t kMostDomain = 24;

// --- How much loss is too much ------------------------------------------------------------------

/// Change of perplexity, a fraction: the guide's limit. It counts only where KLD does not decide:
/// on a text that the model does not know well, perplexity changes with the error, KLD with its
/// square. Q4_K_M of Llama-3-8B is published as +2.4 to +2.8 %; Q6_K on a table of numbers was
/// +2.1 % at a third of Q4_K_M's KLD.
inline constexpr double kPplLine = 0.01;
/// nat/token. The smallest threshold for weights: a model whose Q3_K_M loses 0.015 has no problem.
/// Chosen; the bundled models lose less than 0.02 in Q3_K_M, and have their own limit (--accept).
inline constexpr double kLeastLine = 0.02;
/// nat/token. The largest threshold for weights, however much kFloorType itself loses. Published
/// ladders: Q3_K_M of Llama-3-8B 0.10.
inline constexpr double kMostLine = 0.1;
/// The guide's minimum quant type. It is made from the original and measured on the same windows.
inline constexpr const char* kFloorType = "Q4_K_M";
/// Times the KLD of kFloorType: the threshold for weights. Chosen; bundled model: Q4_K_S has 1.1
/// times, which passes; Q4_0 has 1.9 times, which does not.
inline constexpr double kFloorFactor = 1.5;
/// A cache may lose as much as this type loses from the original. Bundled model: Q5_K_M 0.0019
/// nat/token, a q8_0 cache 0.00002, q4_0 0.0046.
inline constexpr const char* kCacheLineType = "Q5_K_M";
/// nat/token. The smallest threshold for a cache. Published: Q5_K_M of Llama-3-8B 0.011.
inline constexpr double kLeastCacheLine = 0.01;
/// Share of --accept that a cache may lose: the ratio of the two smallest thresholds.
inline constexpr double kCacheOfAccepted = kLeastCacheLine / kLeastLine;
/// nat/token. Without an original the cache's line is not known; over this it is a problem for any
/// model: the most that a loss called small reaches.
inline constexpr double kMostCacheLine = 0.06;
/// Times what the candidate's types should cost (round-to-nearest of the original): more is a
/// problem whatever the size. Chosen; AWQ, GPTQ and importance matrices lose less than
/// round-to-nearest, Q8_0 of a Q2_K 100 times as much.
inline constexpr double kMostExcess = 1.5;
/// nat/token. At a smaller KLD the ratio is not judged: on a CPU half of this is the kernels'.
inline constexpr double kLeastExcessLoss = 0.003;
/// nat/token. Under it the runtime's share matters: SmolLM2-135M, Q8_0 as run 0.0037, of which the
/// weights are 0.0011.
inline constexpr double kRuntimeMatters = 0.02;
/// nat/token. A server that adds less is not to blame: kernels of another device or batch size do.
inline constexpr double kLeastServerShare = 0.003;
/// nat/token: where the grades of a loss begin, from "very small" on, the scale that published
/// ladders suggest. Llama-3-8B: Q8_0 0.0014, Q6_K 0.0055, Q5_K_M 0.011, Q4_K_M 0.031, Q3_K_M 0.10,
/// Q2_K 0.45; Qwen3-4B alike.
inline constexpr std::array kGradesFrom{0.003, 0.02, 0.06, 0.2, 0.6};
/// nat/token, of one window: a device and the CPU that differ so much there do not compute the same
/// model, whatever other windows say. Q2_K of Llama-3-8B loses 0.45. docs/results/devices.md: the
/// mean of 4 windows is at most 0.0001 on healthy devices and 1.6 on a broken one.
inline constexpr double kBrokenWindow = kGradesFrom.back();
/// Quant types that a remedy may name, from the smallest on.
inline constexpr std::array kRemedyTypes{"Q4_K_M", "Q5_K_M", "Q6_K", "Q8_0"};
/// Bits per weight: the guide's minimum for types that llama-quantize does not name.
inline constexpr double kFloorBits = model::kFloorBits;

/// Tokens: where the guide says that a quantized cache begins to hurt. Less is not examined.
inline constexpr std::int64_t kLongContext = 4096;
/// Windows on which the original is run in F32 as well, where a candidate guesses the text better.
inline constexpr std::int32_t kForOriginal = 8;
/// Perplexity per token of an original on a text. Over it text or original are unusual: models that
/// people run have 5 to 30 on prose, the bundled one of 5.8 M weights 76. Chosen.
inline constexpr double kUnusualPpl = 100;

// --- Classes of tensors -------------------------------------------------------------------------

/// Of the rest's bits per weight: a class below has clearly fewer. llama-quantize's standard types
/// stay above on the llama models tried, but for gate and up in Q3_K_L (0.69).
inline constexpr double kClearlyFewer = 0.8;
/// Bits per weight, Q5_K: the least that llama-quantize gives a tied embedding.
inline constexpr double kTiedBits = model::kQ5KBits;
/// Bits per weight: converters leave a router in floats.
inline constexpr double kFloatBits = model::kF16Bits;
/// Times the loss of the rest, weight for weight, that makes a class stand out. Chosen.
inline constexpr double kOutweighs = 3.0;
/// Times the rest's quantization error that makes a class suspect without an original. Bundled
/// base: Q3_K_L 2.6, an embedding in Q2_K among Q4_K_M 4.1, among Q6_K 16.
inline constexpr double kCoarse = 3.0;
/// Times: K or V is named as the one that costs more.
inline constexpr double kCostsMore = 2.0;

// --- Calibration --------------------------------------------------------------------------------

/// Share of the loss that another calibration must take away. Chosen as what is worth a new file. A
/// candidate whose importance matrix counted only the least used inputs: 53 % [51, 55].
inline constexpr double kWorthRecalibrating = 0.1;
/// Change of perplexity: certainly below is an anomaly. Chosen so that rounding alone does not
/// reach it.
inline constexpr double kBelowOriginal = -0.002;
/// Of the mean count of its stack: an expert that saw less is starved.
inline constexpr double kStarved = 0.05;

// --- Static activation scales -------------------------------------------------------------------

/// Windows on which the largest inputs are found. More of them could only find larger ones: what is
/// cut off on these is cut off.
inline constexpr std::int32_t kForInputs = 4;
/// Of the largest input: a scale that reaches less far cuts it off. Chosen: a scale calibrated on
/// another text is a few percent off, and one that leaves out rare values on purpose is more.
inline constexpr double kCutOff = 0.5;
/// Times the largest input: 8-bit integers that reach farther have 6 codes or fewer on each side
/// for the inputs of the text, where 4-bit integers have 7. Floats keep their digits.
inline constexpr double kTooWide = 20;
/// Share of the matrices that may be so: the first token alone makes very large inputs in a few
/// matrices of a model, and a calibration without it does not see them.
inline constexpr double kFewMatrices = 0.05;

// --- A head that one of two files leaves to the embedding ---------------------------------------

/// Rows that are compared, spread evenly: a head of its own differs in all.
inline constexpr std::int64_t kHeadRows = 512;
/// Relative error of F16 (2^-11 at most) and BF16 (2^-8, 0.1 % in the mean).
inline constexpr double kFloatRounding = 1e-3;
/// Heads differ if they are farther apart than this many times the estimated quantization error.
inline constexpr double kHeadOverEstimate = 2;
/// Relative, where no step is known: heads that were trained apart differ by more than their size.
inline constexpr double kUnknownRounding = 0.7;

}  // namespace qualm::diagnose
