// Templates that libllama knows, rendered by it and as Jinja.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "chat/render.h"
#include "engine/llama_engine.h"

namespace qualm::chat {
namespace {

std::string template_named(const std::string& name) {
  std::ifstream file(QUALM_SOURCE_DIR "/tests/data/templates/" + name + ".jinja");
  return {std::istreambuf_iterator<char>(file), {}};
}

struct Family {
  std::string name;
  std::string eos;
  friend void PrintTo(const Family& one, std::ostream* out) { *out << one.name; }
};

class Families : public ::testing::TestWithParam<Family> {};

TEST_P(Families, are_rendered_alike_by_libllama) {
  const auto engine = engine::make_llama_engine();
  const engine::ChatTemplate form{template_named(GetParam().name), "<s>", GetParam().eos};
  ASSERT_FALSE(form.text.empty());
  const std::vector<Prompt> prompts{
      {{{"user", "Hello, who are you?"}}},
      {{{"user", "Add 2 and 3."}, {"assistant", "That makes 5."}, {"user", "And 4?"}}}};
  for (const Prompt& prompt : prompts) {
    const auto ours = render(form, prompt);
    ASSERT_TRUE(ours) << describe(ours.error());
    std::string text = *ours;
    if (text.starts_with(form.bos)) text.erase(0, form.bos.size());
    EXPECT_EQ(text, engine->render_chat(form.text, prompt.messages).value_or("unknown"));
  }
}

INSTANTIATE_TEST_SUITE_P(All, Families,
                         ::testing::Values(Family{"chatml", "<|im_end|>"},
                                           Family{"llama3", "<|eot_id|>"}, Family{"gemma", "<eos>"},
                                           Family{"mistral", "</s>"}, Family{"phi3", "<|end|>"},
                                           Family{"deepseek", "<｜end▁of▁sentence｜>"}),
                         [](const auto& row) { return row.param.name; });

}  // namespace
}  // namespace qualm::chat
