// What weights/ found, as sentences for reports, findings and errors; nothing parses them. weights/
// itself words only why a figure is missing or a tensor was not read.
#pragma once

#include <string>

#include "weights/comparison.h"
#include "weights/integrity.h"
#include "weights/origin.h"

namespace qualm::diagnose {

/// "holds the original's blk.5.attn_q.weight (99 % residual)"; a name goes before it.
[[nodiscard]] std::string in_words(const weights::Mismatch& mismatch);
/// "300 weights are zero, from row 2 on; the original's are not".
[[nodiscard]] std::string in_words(const weights::IntegrityFault& fault);
/// The numbers that say whose the weights are, in one line.
[[nodiscard]] std::string in_words(const weights::Provenance& found);
/// The same after the answer: "a quant of the base model, not of the original: alpha ...".
[[nodiscard]] std::string whose_in_words(const weights::Provenance& found);
/// What was done before comparing: rows left out, scales undone; empty: nothing.
[[nodiscard]] std::string in_words(const weights::TensorComparison& tensor);
/// Why it could not be compared.
[[nodiscard]] std::string in_words(const weights::NotCompared& tensor);

}  // namespace qualm::diagnose
