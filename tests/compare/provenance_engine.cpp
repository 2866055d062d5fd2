// Provenance on real quantizers: the bundled base and fine-tune through libllama, in every scheme.
#include <gtest/gtest.h>

#include <map>

#include "assemble/recipe.h"
#include "compare/provenance.h"
#include "engine/llama_engine.h"
#include "formats/read.h"
#include "support/checkpoints.h"

namespace qualm::compare {
namespace {

const std::string kModels = std::string(QUALM_SOURCE_DIR) + "/models/";

struct Bundled {
  model::Checkpoint base = *formats::read(kModels + "qualm-tiny-base-F16.gguf");
  model::Checkpoint tuned = *formats::read(kModels + "qualm-tiny-finetune-F16.gguf");
};

/// base + factor (tuned - base), in F32.
model::Checkpoint mixed(const Bundled& models, double factor) {
  return test::made_from(models.base, [&](const model::Tensor& base) {
    const auto b = test::values_of(base);
    const auto difference = test::plus(test::values_of(*models.tuned.find(base.name)), -1, b);
    return test::plus(b, factor, difference);
  });
}

/// A checkpoint, quantized by libllama and read back.
class Quant {
 public:
  Quant(const model::Checkpoint& of, const std::string& mix) {
    Progress progress;
    const auto source = assemble::assemble(of, nullptr, {}, progress);
    EXPECT_TRUE(source) << describe(source.error());
    auto made = engine::make_llama_quantizer()->quantize(
        source->path(), {.mix = mix,
                         .token_embedding_type = {},
                         .output_tensor_type = {},
                         .overrides = {},
                         .pure = false,
                         .allow_requantize = true,
                         .threads = 2});
    EXPECT_TRUE(made) << describe(made.error());
    image_.emplace(std::move(*made));
    checkpoint_ = *formats::read(image_->path());
  }
  [[nodiscard]] const model::Checkpoint& checkpoint() const { return checkpoint_; }

 private:
  std::optional<assemble::Image> image_;
  model::Checkpoint checkpoint_;
};

Provenance examined(const model::Checkpoint& candidate, const model::Checkpoint& tuned,
                    const model::Checkpoint* base) {
  Progress progress;
  auto found = provenance(candidate, tuned, base, 2, progress);
  EXPECT_TRUE(found) << describe(found.error());
  return *std::move(found);
}

TEST(ProvenanceEngine, explore) {
  const Bundled models;
  for (const double scale : {1.0, 0.01, 0.001}) {
    const auto tuned = mixed(models, scale);
    for (const char* mix : {"Q8_0", "Q6_K", "Q4_K_M", "Q4_0", "Q3_K_S", "Q2_K", "IQ4_XS", "IQ3_S"}) {
      for (const double at : {0.0, 0.5, 1.0}) {
        const Quant quant(mixed(models, scale * at), mix);
        const auto p = examined(quant.checkpoint(), tuned, &models.base);
        printf("%5g %-7s at %g: %-11s alpha %.4f [%.4f, %.4f] chi2 %.2f res %.4g step %.3g within %.4f %.4f delta %.3g least %.3g kept %d %d %d %d %d\n",
               scale, mix, at, std::string(to_string(p.origin)).c_str(), p.alpha->value, p.alpha->low, p.alpha->high,
               p.chi2_per_df, *p.residual_share, p.residual_over_step.value_or(-1),
               p.within_fine_tune ? p.within_fine_tune->value : -1, p.within_base ? p.within_base->value : -1, *p.delta, *p.smallest_delta,
               (int)p.kept.same, (int)p.kept.fine_tune, (int)p.kept.base, (int)p.kept.between, (int)p.kept.neither);
        fflush(stdout);
      }
    }
  }
}

}  // namespace
}  // namespace qualm::compare
