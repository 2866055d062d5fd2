// All that a diagnosis is made of: what the user gave, what the files are, what was measured.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <tuple>
#include <vector>

#include "chat/comparison.h"
#include "diagnose/finding.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/wanted.h"
#include "evaluate/cross_check.h"
#include "evaluate/measurement.h"
#include "evaluate/noise_floor.h"
#include "experiment/experiment.h"
#include "experiment/split_cost.h"
#include "model/anatomy.h"
#include "model/cache.h"
#include "model/checkpoint.h"
#include "model/importance.h"
#include "probe/split.h"
#include "probe/symptom.h"
#include "weights/integrity.h"
#include "weights/origin.h"
#include "weights/quantization_error.h"

namespace qualm::diagnose {

using experiment::Domain;
using experiment::Variant;
using experiment::Weights;
using experiment::WindowRange;

/// The user's own limit of an acceptable loss (--accept). It replaces qualm's.
struct Accept {
  evaluate::MetricId metric = evaluate::MetricId::kld_mean;  ///< or ppl_change
  double most = 0;                                           ///< nat/token, or a fraction
};

/// A reference pack in place of the original: what it says of texts, and of these types of it.
struct GivenPack {
  std::string original;            ///< name of the original's file
  std::vector<std::string> types;  ///< "Q4_K_M": made from the original and measured with it
  bool has_text = true;  ///< false: its tokens alone, and how they were split is not known
};

/// The server that runs the candidate, as the user has it.
struct GivenServer {
  std::string address;
  std::string kind;         ///< "llama-server"
  bool file_known = false;  ///< the candidate is the file that it runs; else only what it answers
  bool own_cache = false;   ///< of types that are not llama.cpp's
};

/// What the user gave. Checkpoints are borrowed.
struct Given {
  const model::Checkpoint* candidate = nullptr;
  const model::Checkpoint* baseline = nullptr;  ///< the original; may be null
  const model::Checkpoint* base_model =
      nullptr;                      ///< that the original was fine-tuned from; or null
  std::optional<GivenPack> pack{};  ///< never beside `baseline`
  /// weights/surrogate.h: for want of an original. Beside a pack it serves only what needs weights
  /// to take from.
  const model::Checkpoint* surrogate = nullptr;
  std::string candidate_path{};
  std::string baseline_path{};
  std::string type_k = "f16";  ///< the cache the user runs with
  std::string type_v = "f16";
  bool cache_assumed = false;  ///< the user did not say which cache it runs with
  std::optional<GivenServer> server{};
  std::optional<Accept> accept{};
  std::string runtime{};                    ///< model/runtime.h; empty: not said
  const model::Checkpoint* lora = nullptr;  ///< an adapter that is loaded with the model; or null
  std::optional<double> temperature = {};   ///< that the user samples with
  std::optional<double> repeat_penalty = {};
  std::int64_t free_memory = 0;  ///< bytes, for models that are made to try something
  std::int64_t memory = 0;       ///< bytes that weights and cache may take where the user runs it
  /// The one that the user named.
  std::optional<probe::SymptomId> asked_symptom = {};
  bool look_for_long_context = false;  ///< a loss that grows with the position
  bool texts_asked = false;            ///< texts are to be written, whatever is found
  bool texts_allowed = true;           ///< texts may be written where a loss was found
  bool read_all = false;               ///< do not stop before the end of the text
  std::string devices{};               ///< to be checked against the CPU: "Vulkan0"; empty: none
  const model::Importance* imatrix = nullptr;  ///< it was made with; may be null
};

/// Found by reading the files and by running their tokenizers.
struct FileFacts {
  std::vector<Fault> faults;      ///< found while the models were loaded
  std::vector<Evidence> remarks;  ///< worth telling, no faults
  weights::IntegrityReport integrity;
  std::vector<Difference> differences;          ///< from the original
  std::vector<model::UnfitCache> unfit_caches;  ///< asked for; F16 is used instead
  std::optional<probe::Split> split;            ///< where both tokenizers ran and their keys differ
  std::optional<chat::Comparison> chat;         ///< where both files have a chat template
  std::vector<model::Risk> rendered;            ///< what rendering the chat template shows
  /// Why candidate and original cannot be compared by their logits; empty where they can.
  std::string not_comparable;
};

/// Found by reading the weights.
struct WeightFacts {
  std::optional<weights::Provenance> origin;  ///< with an original
  /// From the steps in the file: an estimate, for want of an original.
  std::map<model::TensorClass, weights::QuantizationError> quantization_error;
  bool on_coarser_grid = false;  ///< without an original: most matrices were, before this file
};

/// A variant on windows of a text, against some reference.
struct KnownMeasurement {
  const Variant* variant = nullptr;
  const evaluate::Measurement* measured = nullptr;
  std::int32_t begin = 0;  ///< of the windows
};

/// What was not measured, or in part only, since the time was up (--budget).
struct LeftOut {
  Stage stage = Stage::causes;
  std::string what;  ///< for people
};

class Facts {
 public:
  Given given;
  FileFacts files;
  WeightFacts read_weights;
  std::vector<Domain> texts;                           ///< to measure on; empty: nothing can be run
  std::optional<std::vector<probe::Symptom>> written;  ///< what was looked for in written texts

  std::vector<LeftOut> left_out;  ///< in the order in which it was wanted

  /// Something can be run.
  [[nodiscard]] bool runs() const noexcept { return !texts.empty(); }
  /// The candidate can be measured against the original, or against a surrogate of it.
  [[nodiscard]] bool paired() const noexcept {
    return runs() && (given.baseline || given.pack || given.surrogate) &&
           files.not_comparable.empty();
  }
  /// The original itself is there too.
  [[nodiscard]] bool has_original() const noexcept { return paired() && given.baseline; }
  /// For want of an original every KLD from it is an estimate.
  [[nodiscard]] bool estimated() const noexcept {
    return paired() && given.surrogate && !given.pack;
  }
  /// The original's weights are there, or a surrogate's: they can be put in place of the
  /// candidate's, and other types made of them.
  [[nodiscard]] bool swaps() const noexcept { return has_original() || estimated(); }
  /// Beside a pack a surrogate is there: what was measured stands, and what the types and classes
  /// of the candidate usually cost can be estimated.
  [[nodiscard]] bool estimates_beside_pack() const noexcept {
    return paired() && given.surrogate && given.pack;
  }
  /// Nothing is known of the candidate but what its server answers.
  [[nodiscard]] bool served_alone() const noexcept {
    return given.server && !given.server->file_known;
  }
  [[nodiscard]] bool cache_quantized() const noexcept;
  /// True for a quantized cache type.
  [[nodiscard]] static bool quantized(const std::string& cache_type) noexcept;

  // --- Windows of the first text ---
  /// The windows on which causes are compared. Reading stops when the loss is certainly above or
  /// below the smallest threshold (kLeastLine, kLeastCacheLine, or the user's limit).
  [[nodiscard]] Known<WindowRange> selection() const;
  /// The first `most` of them.
  [[nodiscard]] Known<WindowRange> selection(std::int32_t most) const;
  /// The next kHoldout windows after those that chose; fewer or none where the text ends. Where
  /// kFirstLook windows were enough to choose, the rest of the selection is among them: there the
  /// candidate's loss alone was read.
  [[nodiscard]] Known<WindowRange> holdout() const;
  /// Absent where nothing was read.
  [[nodiscard]] std::optional<WindowRange> selected() const noexcept { return selection_; }
  [[nodiscard]] bool stopped_early() const noexcept { return stopped_early_; }

  // --- Measurements: those that are not known are asked for in one pass ---
  using Measured = std::vector<const evaluate::Measurement*>;
  [[nodiscard]] Known<Measured> measured(WindowRange windows, const Variant& reference,
                                         std::span<const Variant> variants) const;
  /// Against the original with an F16 cache. What cannot be measured with a pack says so.
  [[nodiscard]] Known<Measured> measured(WindowRange windows,
                                         std::span<const Variant> variants) const;
  /// On the selection windows.
  [[nodiscard]] Known<const evaluate::Measurement*> measured(const Variant& variant) const;
  [[nodiscard]] Known<const evaluate::Measurement*> measured(const Variant& reference,
                                                             const Variant& variant) const;

  /// What is known already on a text; those on the selection windows first.
  [[nodiscard]] std::vector<KnownMeasurement> against_original(std::size_t text = 0) const {
    return against(text, original());
  }
  /// The same on the first text, against the candidate's weights with an F16 cache.
  [[nodiscard]] std::vector<KnownMeasurement> against_candidate() const {
    return against(0, weights_only());
  }

  /// Of the original and of the candidate as run. Not wanted, but absent, where the loss is so much
  /// larger (kRuntimeMatters) that it decides nothing.
  [[nodiscard]] Known<evaluate::NoiseFloor> noise_floor() const;
  /// Of candidate and original on the user's devices against the CPU.
  [[nodiscard]] Known<const evaluate::CrossChecks*> cross_checks() const;
  /// What the candidate's matrices get on the first windows of the first text.
  [[nodiscard]] Known<const model::Importance*> inputs(std::int32_t windows) const;
  [[nodiscard]] Known<std::int64_t> model_bytes(const Weights& weights) const;
  [[nodiscard]] Known<std::optional<std::int64_t>> cache_bytes(const std::string& k,
                                                               const std::string& v) const;
  /// Absent where that cannot be told.
  [[nodiscard]] Known<std::optional<bool>> same_weights(const Weights& a, const Weights& b) const;

  /// The original is estimated, and the candidate calls itself so: whether it is one is known
  /// later.
  [[nodiscard]] bool may_stand_for(const std::string& type) const;
  /// What is run in its place: where the original is estimated, the candidate for the quant type
  /// that it is itself. Made of a surrogate, that type would be rounded twice.
  [[nodiscard]] Known<Variant> stand_in(const Variant& variant) const;

  // --- Answers ---
  void add(const WantedMeasurements& wanted, std::vector<evaluate::Measurement> measurements);
  void add(const WantedSize& wanted, std::int64_t bytes);
  void add(const WantedCacheSize& wanted, std::optional<std::int64_t> bytes);
  void add(const WantedEquality& wanted, std::optional<bool> equal);
  void add(const WantedType& wanted, bool is_type);
  void add(const WantedNoiseFloor& wanted, evaluate::NoiseFloor floor);
  void add(const WantedCrossCheck& wanted, evaluate::CrossChecks checks);
  void add(const WantedInputs& wanted, model::Importance inputs);

  /// It is never found out: what needs it is wanted as left_out. Texts and the noise floor are then
  /// known to be absent.
  void leave_out(const Wanted& wanted);

  // --- Variants ---
  [[nodiscard]] Variant as_run() const;      ///< candidate weights, the user's cache
  [[nodiscard]] static Variant as_served();  ///< in its server, whatever that does
  [[nodiscard]] Variant cache_only() const;  ///< original weights, the user's cache
  [[nodiscard]] static Variant weights_only() { return {}; }  ///< candidate weights, F16 cache
  [[nodiscard]] static Variant original();                    ///< original weights, F16 cache
  /// Round-to-nearest of the original in the candidate's types, F16 cache.
  [[nodiscard]] static Variant by_rtn();
  /// The original's values in F32, F16 cache: its own run without the rounding of F16.
  [[nodiscard]] static Variant original_in_f32();
  [[nodiscard]] static Variant base_model();  ///< base model's weights, F16 cache
  /// The original as a quant type of llama-quantize, F16 cache.
  [[nodiscard]] static Variant as_type(const std::string& type);
  /// What weights are taken from, F16 cache: the original, or beside a pack the surrogate.
  [[nodiscard]] Variant taken_from() const;
  /// The candidate, or the original where it is there to compare with, F16 cache.
  [[nodiscard]] Variant reference() const { return paired() ? original() : weights_only(); }

 private:
  [[nodiscard]] std::vector<KnownMeasurement> against(std::size_t text,
                                                      const Variant& reference) const;
  [[nodiscard]] evaluate::StopRule watched() const;
  /// Against a pack: what needs no weights of the original but those that it was made with.
  [[nodiscard]] bool measurable(const Variant& reference, const Variant& variant) const;
  [[nodiscard]] std::int32_t chose() const;
  [[nodiscard]] bool loses_much() const;
  using Key = std::tuple<std::size_t, std::int32_t, experiment::VariantId, experiment::VariantId>;
  [[nodiscard]] static Key key(WindowRange windows, const Variant& reference,
                               const Variant& variant);

  struct Entry {
    Variant variant;
    evaluate::Measurement measurement;
    std::int32_t windows = 0;  ///< asked for; the measurement has none if it cannot run
  };
  std::map<Key, Entry> measurements_;
  std::optional<WindowRange> selection_;
  bool stopped_early_ = false;
  std::optional<evaluate::NoiseFloor> noise_floor_;
  std::optional<evaluate::CrossChecks> cross_checks_;
  std::map<std::int32_t, model::Importance> inputs_;  ///< by the number of windows
  std::map<experiment::VariantId, std::int64_t> sizes_;
  std::map<std::pair<std::string, std::string>, std::optional<std::int64_t>> cache_sizes_;
  using Pair = std::pair<experiment::VariantId, experiment::VariantId>;
  std::map<Pair, std::optional<bool>> equal_;
  std::optional<bool> is_its_type_;  ///< the candidate, of what it calls itself
  std::set<Key> not_measured_;
  std::set<Pair> not_compared_;
};

}  // namespace qualm::diagnose
