#include "commands/chat_text.h"

#include <gtest/gtest.h>

#include "commands/session.h"
#include "evaluate/pair_world.h"
#include "support/fake_engine.h"

namespace qualm::commands {
namespace {

struct Templated : test::FakeModel {
  explicit Templated(std::string text) : FakeModel({}), text_(std::move(text)) {}
  engine::ChatTemplate chat_template() const override { return {text_, "<s>", "</s>"}; }
  std::string text_;
};

/// Knows one template: role, colon, content, semicolon.
struct Renderer : engine::Engine {
  Result<std::shared_ptr<engine::Model>> load(const engine::ModelFile&,
                                              const engine::Settings&) override {
    return nullptr;
  }
  Result<std::shared_ptr<engine::Model>> load_tokenizer(const engine::ModelFile&) override {
    return nullptr;
  }
  std::string version() const override { return {}; }
  std::optional<std::string> render_chat(
      const std::string& chat_template,
      std::span<const engine::ChatMessage> messages) const override {
    if (chat_template != "known") return std::nullopt;
    std::string text;
    for (const auto& [role, content] : messages) text += role + ":" + content + ";";
    return text;
  }
};

/// The text, or the code of the error and where it is.
std::string rendered(const std::string& lines, const std::string& chat_template = "known") {
  const auto text = render_chats(lines, "c.jsonl", {Renderer{}, Templated{chat_template}});
  return text ? *text : text.error().code + " " + text.error().place;
}

constexpr const char* kOne = R"({"messages":[{"role":"user","content":"a"}]})";

TEST(ChatText, is_every_conversation_as_the_template_renders_it) {
  const std::string two = R"({"id": 7, "messages": [{"role": "system", "content": ""},)"
                          R"( {"role": "user", "content": "b\nc", "name": "x"}]})";
  EXPECT_EQ(rendered(std::string(kOne) + "\r\n\n" + two), "user:a;system:;user:b\nc;");
}

TEST(ChatText, says_which_line_is_no_conversation) {
  for (const char* line :
       {"[]", "7", R"({"messages":[]})", R"({"messages":{"a":1}})", R"({"messages":[1]})",
        R"({"messages":[{"role":"user"}]})", R"({"messages":[{"role":"user","content":null}]})"})
    EXPECT_EQ(rendered(std::string(kOne) + "\n" + line), "CHAT-001 line 2") << line;
  EXPECT_EQ(rendered("{\"messages\": [").substr(0, 8), "JSON-002");
  EXPECT_EQ(rendered("\n \n"), "CHAT-003 text");
}

TEST(ChatText, is_rendered_as_jinja_where_the_engine_does_not_know_the_template) {
  const std::string text =
      "{{ bos_token }}{% for m in messages %}[{{ m.role }}]{{ m.content }}{{ eos_token }}"
      "{% endfor %}{% if add_generation_prompt %}[assistant]{% endif %}";
  const std::string answered = R"({"messages":[{"role":"user","content":"b"},)"
                               R"({"role":"assistant","content":"c"}]})";
  EXPECT_EQ(rendered(std::string(kOne) + "\n" + answered, text),
            "[user]a</s>[assistant][user]b</s>[assistant]c</s>");
}

TEST(ChatText, needs_a_template_that_can_be_rendered) {
  EXPECT_EQ(rendered(kOne, ""), "CHAT-002 chat template");
  EXPECT_EQ(rendered(kOne, "{{ raise_exception('no') }}"), "CHAT-002 conversation 1");
  const auto refused = render_chats(kOne, "c.jsonl", {Renderer{}, Templated{"{% if"}});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().found.find("parser"), std::string::npos) << refused.error().found;
}

/// Of the texts that are read beside the first.
std::string names_of_domains(const std::string& chat_template) {
  job::Request request;
  request.settings.ctx_size = 512;
  Templated model{chat_template};
  test::MemoryStore scores;
  Progress silent;
  const Renderer engine;
  const auto read = read_domains({request, model, engine, {scores}, silent});
  if (!read) return describe(read.error());
  std::string names;
  for (const DomainText& one : *read) names += one.domain.name + " ";
  return names;
}

TEST(ChatText, of_qualms_own_is_read_where_the_model_has_a_template) {
  EXPECT_EQ(names_of_domains("known"), "code languages chat ");
  EXPECT_EQ(names_of_domains(""), "code languages ");
}

TEST(ChatText, is_told_by_the_name_of_the_file) {
  EXPECT_TRUE(is_chat("a/b.jsonl"));
  EXPECT_FALSE(is_chat("a/b.json"));
  EXPECT_FALSE(is_chat(""));
}

}  // namespace
}  // namespace qualm::commands
