// The Experiment over real files and a real engine: makes variants, runs them, remembers.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "assemble/quantizer.h"
#include "engine/engine.h"
#include "experiment/experiment.h"
#include "experiment/loaded_models.h"
#include "experiment/measured_text.h"
#include "experiment/model_file.h"
#include "experiment/reference_pack.h"
#include "model/importance.h"

namespace qualm::experiment {

class Runner final : public Experiment {
 public:
  struct Text {
    Domain domain;
    MeasuredText* text = nullptr;
  };
  struct Parts {
    LoadedModels& models;
    assemble::Quantizer& quantizer;
    Progress& progress;
    std::shared_ptr<OpenedModel> candidate;
    std::shared_ptr<OpenedModel> baseline;    ///< or a surrogate of it; may be null
    std::shared_ptr<OpenedModel> base_model;  ///< may be null
    engine::Settings settings;                ///< cache types come from the variants
    std::vector<Text> texts;                  ///< one at least; the first is the one to judge on
    /// In place of the baseline: its texts are `texts`. May be null.
    const ReferencePack* pack = nullptr;
    /// Beside a pack: Weights::Kind::surrogate, and what recipes take from the original. May be
    /// null.
    std::shared_ptr<OpenedModel> surrogate{};
    /// The baseline is a surrogate, or one is beside a pack: every KLD from it is an estimate
    /// (evaluate::Measurement::truth_over_estimate).
    std::optional<numeric::Estimate> truth_over_estimate{};
    /// A server that runs the candidate. May be null.
    evaluate::AskedCandidate* served = nullptr;
    bool file_unknown = false;  ///< the candidate is whatever the server runs, and has no file
  };
  explicit Runner(Parts parts);

  std::vector<Domain> texts() const override;
  Result<std::vector<evaluate::Measurement>> measure(const Variant& reference,
                                                     std::span<const Variant> variants,
                                                     WindowRange windows,
                                                     const evaluate::StopRule& rule) override;
  Result<std::optional<bool>> same_weights(const Weights& a, const Weights& b) override;
  Result<bool> is_type(const std::string& type) override;
  evaluate::NoiseFloor noise_floor() override;
  evaluate::CrossChecks cross_checks() override;
  Result<model::Importance> inputs(std::int32_t windows) override;
  Result<std::int64_t> model_bytes(const Weights& weights) override;
  std::optional<std::int64_t> cache_bytes(const std::string& type_k,
                                          const std::string& type_v) const override;

  [[nodiscard]] ModelRun run_of(const Variant& variant);
  [[nodiscard]] Result<std::shared_ptr<engine::Model>> model(const Weights& weights);
  /// Models that were made to change one factor alone.
  [[nodiscard]] std::int64_t variants_made() const noexcept { return made_; }
  /// Windows that went through a model so far, on all texts.
  [[nodiscard]] std::int64_t passes() const noexcept;

 private:
  struct Made {
    assemble::Image file;
    std::optional<assemble::Image> for_cpu;  ///< the same values: runs in place of the file
  };
  [[nodiscard]] evaluate::CrossCheck cross_check(const Variant& variant);
  /// For people.
  [[nodiscard]] std::string name_of(const Variant& variant) const;
  [[nodiscard]] bool is_served(const Weights& weights) const noexcept;
  /// True if the variant uses the user's cache types or an unquantized cache.
  [[nodiscard]] bool is_given(const Variant& variant) const;
  /// The file of weights that come from a file (not requantized or assembled).
  [[nodiscard]] OpenedModel& file_of(const Weights& weights) const;
  /// Of the original: its file's content, or the pack's.
  [[nodiscard]] std::string original_identity() const;
  /// What recipes take the original's weights from: the baseline or a surrogate; or null.
  [[nodiscard]] OpenedModel* source() const noexcept;
  /// KLD from it is an estimate.
  [[nodiscard]] bool is_surrogate(const Weights& weights) const noexcept;
  /// What the pack says is known from now on, and not run.
  void take_pack();
  [[nodiscard]] std::string identity_of(const Weights& weights) const;
  /// Of requantized weights, but for their importance matrix.
  [[nodiscard]] assemble::QuantizeOptions options_for(const Weights& weights) const;
  [[nodiscard]] Result<assemble::Image> make(const Weights& weights);
  [[nodiscard]] Result<const Made*> made(const Weights& weights);
  /// Absent where the file itself runs best.
  [[nodiscard]] Result<std::optional<assemble::Image>> made_for_cpu(
      const assemble::Image& file) const;
  /// Under which the bytes of made weights are remembered: a run that measures nothing anew makes
  /// no file to know its size.
  [[nodiscard]] std::string size_key(const Weights& weights) const;
  [[nodiscard]] Result<engine::ModelFile> runnable(const Weights& weights);
  /// The importance matrix of the last windows of a text, made on first use.
  [[nodiscard]] Result<const model::Importance*> importance(std::size_t text);
  [[nodiscard]] Result<model::Checkpoint> opened(const Weights& weights);
  /// Forgets the models made so far where another one would be too much for the memory.
  void make_room();
  /// What was read of the files leaves memory.
  void release_pages() const;

  Parts parts_;
  std::map<VariantId, Made> made_models_;
  std::map<std::size_t, model::Importance> importance_;
  std::int64_t budget_;  ///< bytes of models made here that may exist at the same time
  std::int64_t made_ = 0;
};

}  // namespace qualm::experiment
