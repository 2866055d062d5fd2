// The Lab of the diagnosis, over real files and a real engine.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/patient_file.h"
#include "app/session.h"
#include "app/workbench.h"
#include "assemble/quantizer.h"
#include "diagnose/lab.h"
#include "engine/engine.h"

namespace qualm::app {

/// Bytes of models made in memory that may exist at the same time: half of what is free now.
[[nodiscard]] std::int64_t memory_for_images();

class VariantLab final : public diagnose::Lab {
 public:
  struct Parts {
    engine::Engine& engine;
    assemble::Quantizer& quantizer;
    Workbench& bench;
    std::shared_ptr<PatientFile> candidate;
    std::shared_ptr<PatientFile> baseline;  ///< may be null
    engine::Settings settings;              ///< cache types come from the variants
    std::int32_t gpu_layers = 0;
    Progress& progress;
    std::vector<DomainBench> domains{};  ///< texts after that of `bench`
    std::string text_name = "text";      ///< what that of `bench` is called
    std::string text_path{};
    std::shared_ptr<PatientFile> base_model{};  ///< may be null
  };
  explicit VariantLab(Parts parts);

  std::int32_t windows_total() const override { return parts_.bench.text().count(); }
  Result<std::vector<evaluate::Measurement>> measure(const diagnose::Variant& reference,
                                                     std::span<const diagnose::Variant> variants,
                                                     diagnose::WindowRange windows,
                                                     const evaluate::StopRule& rule) override;
  std::vector<diagnose::Domain> texts() const override;
  Result<std::optional<bool>> same_weights(const diagnose::Weights& a,
                                           const diagnose::Weights& b) override;
  Result<std::int64_t> model_bytes(const diagnose::Weights& weights) override;
  std::int64_t cache_bytes(const std::string& type_k, const std::string& type_v) const override;

  [[nodiscard]] Subject subject(const diagnose::Variant& variant);
  /// Models that were made to change one factor alone.
  [[nodiscard]] std::int64_t variants_made() const noexcept { return made_; }
  /// Windows that went through a model so far, on all texts.
  [[nodiscard]] std::int64_t passes() const noexcept;

 private:
  /// Its cache is the user's own, or not quantized.
  [[nodiscard]] bool is_given(const diagnose::Variant& variant) const;
  /// The file of weights that are not made.
  [[nodiscard]] PatientFile& file_of(const diagnose::Weights& weights) const;
  using Models = std::map<std::string, std::shared_ptr<engine::Model>>;

  [[nodiscard]] Result<assemble::Image*> image(const diagnose::Weights& weights,
                                               const std::string& key);
  [[nodiscard]] Result<std::shared_ptr<engine::Model>> model(const diagnose::Weights& weights);
  [[nodiscard]] Workbench& bench_of(std::size_t text) const;
  /// The importance matrix of the last windows of a text, made on first use.
  [[nodiscard]] Result<const model::Importance*> importance(std::size_t text);
  [[nodiscard]] Result<model::Checkpoint> opened(const diagnose::Weights& weights);
  [[nodiscard]] std::int64_t estimated_bytes(const diagnose::Weights& weights) const;

  Parts parts_;
  std::map<std::string, assemble::Image> images_;
  std::map<std::size_t, model::Importance> importance_;
  Models models_;  ///< those of the files stay loaded, made ones for one call of measure
  std::int64_t budget_;
  std::int64_t made_ = 0;
};

}  // namespace qualm::app
