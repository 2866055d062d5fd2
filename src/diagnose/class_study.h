// Which tensors carry the loss of the weights: each class restored from the original, alone.
#pragma once

#include <optional>
#include <vector>

#include "diagnose/class_group.h"
#include "diagnose/facts.h"
#include "numeric/estimate.h"
#include "weights/quantization_error.h"

namespace qualm::diagnose {

struct ClassFinding {
  ClassGroup group;
  /// Share of the kld, with an F16 cache, that goes away with the class restored. The intervals of
  /// all classes hold together with kCheckConfidence (99.17 %).
  std::optional<numeric::Estimate> gain;
  /// Its weights lose more than kOutweighs times what the rest's lose, weight for weight.
  bool outweighs = false;
  Side after = Side::not_separated;  ///< harm() of the candidate with the class restored
};

struct ClassStudy {
  std::vector<ClassFinding> classes;  ///< largest gain first
  /// The class to blame: of the crushed classes that outweigh the rest, the one with the largest
  /// gain; null if there is none.
  [[nodiscard]] const ClassFinding* culprit() const noexcept;
  /// The candidate passes once the culprit is restored: the tier of the rest is not to blame.
  [[nodiscard]] bool explains() const noexcept;
};

/// On the first selection windows, in one pass of the original (memory permitting); what is not
/// certain for the culprit, on all of them. Precondition: facts.swaps(), or
/// facts.estimates_beside_pack().
[[nodiscard]] Known<ClassStudy> study_classes(const Facts& facts);

/// Without the original's weights: the class of clearly fewer bits that the steps in the file show
/// to be rounded much more coarsely than the rest; of several the coarsest.
struct SuspectedClass {
  ClassGroup group;
  double times = 0;  ///< its quantization error over the rest's
};
/// As the steps in the file say, of a class and of all others.
struct ClassErrors {
  weights::QuantizationError own;
  weights::QuantizationError rest;
};
[[nodiscard]] ClassErrors errors_of(const Facts& facts, const ClassGroup& group);
[[nodiscard]] std::optional<SuspectedClass> suspected_class(const Facts& facts);

[[nodiscard]] Variant with_restored(const ClassGroup& group);  ///< F16 cache
[[nodiscard]] Variant with_alone(const ClassGroup& group);     ///< F16 cache

}  // namespace qualm::diagnose
