// What is kept of a real original against the original itself: the bundled model, quantized.
#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <iterator>

#include "assemble/quantizer.h"
#include "assemble/recipe.h"
#include "engine/llama_engine.h"
#include "evaluate/thinned_row.h"
#include "experiment/measured_text.h"
#include "experiment/reference_pack.h"
#include "experiment/store.h"
#include "support/places.h"

namespace qualm::experiment {
namespace {

using evaluate::Measurement;
using evaluate::MetricId;

std::string prose() {
  std::ifstream file(test::source_file("corpora/frankenstein.txt"));
  return {std::istreambuf_iterator<char>(file), {}};
}

class KeptRowsOfAModel : public ::testing::TestWithParam<const char*> {
 protected:
  static constexpr std::int32_t kWindows = 8;

  ModelRun run_of(const std::string& name, const std::string& path) {
    ModelRun run{.name = name, .identity = name};
    run.load = [this, path, name] { return engine_->load({path, name}, engine::on_cpu({})); };
    run.settings.ctx_size = 256;
    run.settings.threads = 2;
    return run;
  }

  void SetUp() override {
    const auto quantizer = engine::make_llama_quantizer();
    auto made = quantizer->quantize(path_, assemble::quantize_options(GetParam()));
    ASSERT_TRUE(made);
    image_.emplace(*std::move(made));
    original_ = run_of("original", path_);
    candidate_ = run_of(GetParam(), image_->path());
  }

  MeasuredText text_with(ReferenceStore* references) {
    const auto model = *original_.load();
    auto tokens = *model->tokenize(prose(), engine::SpecialTokens::as_text);
    auto windows = *evaluate::cut(
        std::move(tokens), {.ctx_size = 256, .start = model->window_start(), .limit = kWindows});
    return {std::move(windows), engine_->version(), {nothing_, references}, progress_};
  }

  Measurement measured(const ModelRun& original, const ModelRun& run, ReferenceStore* references) {
    MeasuredText text = text_with(references);
    auto all = *text.measure(original, std::span(&run, 1), 0, kWindows, {});
    passes_ = text.passes();
    return std::move(all.front());
  }

  Progress progress_;
  std::unique_ptr<engine::Engine> engine_ = engine::make_llama_engine();
  evaluate::WindowStore nothing_;
  std::string path_ = test::source_file("models/qualm-tiny-base-F16.gguf");
  std::optional<assemble::Image> image_;
  ModelRun original_;
  ModelRun candidate_;
  std::int64_t passes_ = 0;
};

double half_width(const numeric::Metric& metric) {
  return (metric.estimate->high - metric.estimate->low) / 2;
}

// docs/statistics.md "What is kept of the original": the error of the KLD is a small part of its
// interval, and nothing else has one.
TEST_P(KeptRowsOfAModel, give_its_kld_within_a_tenth_of_the_interval_and_run_it_once) {
  ReferenceStore references(open_references(false, progress_, 1 << 30), 1 << 20);  // most on disk
  const Measurement live = measured(original_, candidate_, nullptr);
  EXPECT_EQ(passes_, 2 * kWindows);
  const Measurement kept = measured(original_, candidate_, &references);
  EXPECT_EQ(passes_, 2 * kWindows);
  const Measurement again = measured(original_, candidate_, &references);
  EXPECT_EQ(passes_, kWindows);  // the original was not run
  const auto& truth = live.metrics[MetricId::kld_mean];
  const auto& estimate = kept.metrics[MetricId::kld_mean];
  ASSERT_TRUE(truth.estimate && estimate.estimate);
  EXPECT_NEAR(estimate.estimate->value, truth.estimate->value, half_width(truth) / 10);
  ASSERT_TRUE(kept.kept_error);
  EXPECT_EQ(kept.kept_error->windows, 2);
  EXPECT_NEAR(kept.kept_error->estimated, kept.kept_error->exact, half_width(truth) / 10);
  EXPECT_FALSE(live.kept_error || again.kept_error);
  EXPECT_EQ(again.metrics[MetricId::kld_mean].estimate->value, estimate.estimate->value);
  for (const MetricId exact : {MetricId::ppl, MetricId::ppl_change, MetricId::same_top})
    EXPECT_NEAR(kept.metrics[exact].estimate->value, live.metrics[exact].estimate->value, 1e-9);
}

// docs/packs.md: the same of what a pack holds.
TEST_P(KeptRowsOfAModel, give_it_as_well_with_the_tokens_that_a_pack_holds) {
  const Measurement live = measured(original_, candidate_, nullptr);

  ReferenceStore references(open_references(false, progress_, 1 << 30), 1 << 20);
  MeasuredText text = text_with(&references);
  std::vector<std::shared_ptr<const evaluate::KeptWindow>> packed(kWindows);
  const auto done =
      text.keep(original_, kWindows, [&](std::int32_t window, const evaluate::KeptWindow& kept) {
        auto thin = std::make_shared<evaluate::KeptWindow>(kept);
        for (evaluate::KeptRow& row : thin->rows)
          row = evaluate::thinned(row, kPackTokens,
                                  numeric::Random(static_cast<std::uint64_t>(window)));
        packed[static_cast<std::size_t>(window)] = std::move(thin);
      });
  ASSERT_TRUE(done) << describe(done.error());
  ModelRun pack{.name = "pack", .identity = "pack"};
  pack.settings = original_.settings;
  pack.load = [] {
    return Result<std::shared_ptr<engine::Model>>(fail(original_needed("a window")));
  };
  text.know(pack, packed);
  const auto by_pack = text.measure(pack, std::span(&candidate_, 1), 0, kWindows, {});
  ASSERT_TRUE(by_pack) << describe(by_pack.error());
  const auto& truth = live.metrics[MetricId::kld_mean];
  EXPECT_NEAR(by_pack->front().metrics[MetricId::kld_mean].estimate->value, truth.estimate->value,
              half_width(truth) / 10);
  EXPECT_NEAR(by_pack->front().metrics[MetricId::ppl_change].estimate->value,
              live.metrics[MetricId::ppl_change].estimate->value, 1e-9);
}

INSTANTIATE_TEST_SUITE_P(All, KeptRowsOfAModel, ::testing::Values("Q8_0", "Q4_K_M", "Q2_K"));

}  // namespace
}  // namespace qualm::experiment
