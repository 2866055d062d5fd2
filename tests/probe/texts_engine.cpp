// The probe with libllama and the bundled model.
#include <gtest/gtest.h>

#include "engine/llama_engine.h"
#include "probe/examine.h"
#include "probe/split.h"

namespace qualm::probe {
namespace {

std::shared_ptr<engine::Model> tiny(engine::Engine& engine) {
  const std::string path = QUALM_SOURCE_DIR "/models/qualm-tiny-base-F16.gguf";
  auto model = engine.load({path, path}, engine::on_cpu({}));
  return model ? *model : nullptr;
}

TEST(LlamaChat, known_templates_are_rendered_and_others_not) {
  const auto engine = engine::make_llama_engine();
  const std::vector<engine::ChatMessage> turns{{"user", std::string(3000, 'x')}};
  const auto text = engine->render_chat("<|im_start|>{{ role }}<|im_end|>", turns);
  ASSERT_TRUE(text);
  EXPECT_EQ(*text,
            "<|im_start|>user\n" + std::string(3000, 'x') + "<|im_end|>\n<|im_start|>assistant\n");
  EXPECT_FALSE(engine->render_chat("{{ nobody knows this }}", turns));
}

TEST(Texts, of_a_model_against_itself_are_the_same) {
  const auto engine = engine::make_llama_engine();
  const auto model = tiny(*engine);
  ASSERT_TRUE(model);
  Plan plan{.prompts = {}, .length = 24};
  for (const char* prompt :
       {"The old lighthouse", "On the first morning of winter, the baker", "I"})
    plan.prompts.push_back(*model->tokenize(prompt, engine::SpecialTokens::parsed));
  Progress progress;
  const Side side{[&] { return Result<std::shared_ptr<engine::Model>>(model); }, {}};
  auto found = examine(plan, side, side, side, progress);
  ASSERT_TRUE(found);
  for (const Symptom& s : found->symptoms) {
    if (s.figure == FigureId::divergence) {
      EXPECT_EQ(s.candidate.estimate->value, 0);
    }
    if (s.difference.estimate) {
      EXPECT_EQ(s.difference.estimate->value, 0) << figure_name(s);
    }
  }
}

TEST(Texts, are_split_alike_by_one_tokenizer) {
  const auto engine = engine::make_llama_engine();
  const auto model = tiny(*engine);
  ASSERT_TRUE(model);
  const auto split = compare_splits(*model, *model, split_text());
  ASSERT_TRUE(split);
  EXPECT_TRUE(split->equal);
  EXPECT_GT(split->tokens, 100);
}

}  // namespace
}  // namespace qualm::probe
