// One patient under examination: what was given, what has been measured, and the Lab to measure
// more.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/progress.h"
#include "compare/damage.h"
#include "compare/provenance.h"
#include "compare/rounding.h"
#include "diagnose/diagnosis.h"
#include "diagnose/lab.h"
#include "model/checkpoint.h"
#include "model/importance.h"
#include "probe/chat.h"
#include "probe/split.h"
#include "probe/symptom.h"

namespace qualm::diagnose {

/// What the user gave.
struct Patient {
  const model::Checkpoint* candidate = nullptr;
  const model::Checkpoint* baseline = nullptr;    ///< absent at L0 and L1
  const model::Checkpoint* base_model = nullptr;  ///< the baseline's suspected base, at L3+
  std::string candidate_path;
  std::string baseline_path;
  std::string type_k = "f16";  ///< the cache the user runs with
  std::string type_v = "f16";
  std::string runtime;  ///< what the user runs it with: model/runtime.h; empty: not said
  /// Faults found outside: a tokenizer that threw. They belong to check 0.
  std::vector<Evidence> faults;
  std::vector<Evidence> remarks;              ///< found outside as well, worth telling, no faults
  compare::DamageReport damage;               ///< every block was read
  std::optional<probe::Split> split;          ///< where both tokenizers ran and their keys differ
  std::optional<probe::ChatComparison> chat;  ///< where both files have a chat template
  /// What the user sees, as figures against the control; empty where nothing was written.
  std::vector<probe::Symptom> symptoms;
  bool look_for_long_context = false;
  std::string asked_symptom;  ///< the user says what he sees: "repetition"; empty: nothing was said
  /// The importance matrix it was made with, where the user gave the file.
  const model::Importance* imatrix = nullptr;
  /// Why candidate and baseline cannot be compared by their logits; empty where they can.
  std::string not_comparable;
  bool read_all = false;         ///< explore all windows but those kept for the proof of a remedy
  Progress* progress = nullptr;  ///< of work without the Lab; may be null
};

inline const Weights kBaselineWeights{.kind = Weights::Kind::baseline, .mix = {}, .recipe = {}};
inline const Weights kBaseModelWeights{.kind = Weights::Kind::base_model, .mix = {}, .recipe = {}};
/// The calibration-free counterpart: the candidate's types, tensor by tensor, by plain rounding of
/// the baseline. Types that cannot be had without an importance matrix become Q2_K.
inline const Weights kFreeWeights{
    .kind = Weights::Kind::assembled,
    .mix = {},
    .recipe = {{{"*", assemble::Action::encode_like_candidate, "Q2_K"}}}};

class Case {
 public:
  /// `lab` may be null: the file is known but nothing can be run.
  Case(const Patient& patient, Lab* lab) : patient_(&patient), lab_(lab) {}

  [[nodiscard]] const Patient& patient() const noexcept { return *patient_; }
  [[nodiscard]] Lab* lab() const noexcept { return lab_; }
  /// The baseline can be run against the candidate.
  [[nodiscard]] bool paired() const noexcept {
    return lab_ && patient_->baseline && patient_->not_comparable.empty();
  }
  [[nodiscard]] bool cache_quantized() const noexcept;

  /// What rounding must have cost the candidate, by its own steps: an estimate, for want of a
  /// baseline.
  [[nodiscard]] const std::map<model::TensorClass, compare::Rounding>& rounding();

  /// The windows on which causes are weighed. Set once by the first, stopping measurement.
  [[nodiscard]] WindowRange explored() const noexcept { return explored_; }
  /// 16 windows after them, as far as the text goes; may be empty. Nothing else reads them.
  [[nodiscard]] WindowRange fresh() const;

  /// Whose weights the candidate's are, from the files. Precondition: a baseline was given.
  [[nodiscard]] Result<const compare::Provenance*> origin();

  /// The candidate as the user runs it against the baseline, reading until the 1 % line is decided
  /// (without a baseline: against its own weights with an F16 cache), at most 48 windows unless all
  /// are asked for, since every variant is then measured on them. Sets explored(); a text of at
  /// least 32 windows keeps 16 for the proof.
  [[nodiscard]] Result<void> explore();
  [[nodiscard]] bool stopped_early() const noexcept { return stopped_early_; }
  /// Weighs causes on these windows instead.
  void explore(WindowRange windows) noexcept { explored_ = windows; }

  /// Measurements on the explored windows, remembered; those not yet known run in one pass.
  [[nodiscard]] Result<void> prepare(const Variant& reference, std::span<const Variant> variants);
  /// The same on other windows. A variant that is known on more of them keeps them.
  [[nodiscard]] Result<std::vector<const evaluate::Measurement*>> measured_on(
      WindowRange windows, const Variant& reference, std::span<const Variant> variants);
  /// The first of the explored windows: enough to compare many variants, at a bounded cost.
  [[nodiscard]] WindowRange screened() const noexcept;
  /// The first 16 of them: enough to choose between alternatives that a proof follows.
  [[nodiscard]] WindowRange tried() const noexcept;
  /// Against the baseline, on windows of any text.
  [[nodiscard]] Result<std::vector<const evaluate::Measurement*>> measured_on(
      WindowRange windows, std::span<const Variant> variants);
  [[nodiscard]] Result<const evaluate::Measurement*> measured(const Variant& reference,
                                                              const Variant& variant);
  /// Against the baseline with an F16 cache.
  [[nodiscard]] Result<const evaluate::Measurement*> measured(const Variant& variant);

  [[nodiscard]] Variant as_run() const;       ///< candidate weights, the user's cache
  [[nodiscard]] Variant tier_only() const;    ///< candidate weights, F16 cache
  [[nodiscard]] Variant kv_only() const;      ///< baseline weights, the user's cache
  [[nodiscard]] static Variant baseline();    ///< baseline weights, F16 cache
  [[nodiscard]] static Variant base_model();  ///< the suspected base's weights, F16 cache
  [[nodiscard]] static Variant rung(const std::string& mix);  ///< the baseline as `mix`, F16 cache

 private:
  [[nodiscard]] Result<void> learn(const Variant& reference, std::span<const Variant> variants,
                                   WindowRange windows);

  const Patient* patient_;
  Lab* lab_;
  WindowRange explored_;
  bool stopped_early_ = false;
  std::map<std::string, evaluate::Measurement> known_;
  std::optional<compare::Provenance> origin_;
  std::optional<std::map<model::TensorClass, compare::Rounding>> rounding_;
};

}  // namespace qualm::diagnose
