#include "commands/named_models.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/runnable_gguf.h"
#include "support/stores.h"

namespace qualm::commands {
namespace {

using test::Stores;
using testing::HasSubstr;

/// A home with one model of Ollama.
struct OllamaHome : Stores {
  explicit OllamaHome(const std::string& prompt_template = "{{ .Prompt }}",
                      const std::string& chat_template = "{{ messages }}") {
    ollama("registry.ollama.ai/library/m/latest",
           {{"model", "a1", test::RunnableGguf{.chat_template = chat_template}.build()},
            {"template", "a2", prompt_template},
            {"system", "a3", "Be brief."},
            {"params", "a4",
             R"({"temperature":1.5,"repeat_penalty":1.1,"num_ctx":1024,"stop":["<|eot|>"]})"}});
  }
};

job::Request request_for(const std::string& command) {
  job::Request request;
  request.command = command;
  request.models = {"ollama:m"};
  return request;
}

/// What is said under that id, or "".
std::string said(const std::vector<report::NamedModel>& named, const std::string& id) {
  for (const auto& model : named)
    for (const auto& [note, says] : model.notes)
      if (note == id) return says;
  return "";
}

std::vector<report::NamedModel> resolved(job::Request& request, const Stores& stores) {
  auto named = resolve_names(request, stores.environment());
  EXPECT_TRUE(named) << (named ? "" : describe(named.error()));
  return named ? *named : std::vector<report::NamedModel>();
}

TEST(NamedModels, every_word_that_names_a_model_becomes_a_path) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  const std::string pack = stores.hub_file("o", "r", "m.qref");
  job::Request request;
  request.command = "measure";
  request.models = {"a.gguf", "hf:o/r:Q8_0"};
  for (std::string* word : {&request.baseline, &request.base_model, &request.clinic.finetune,
                            &request.clinic.moe, &request.repair.from})
    *word = "hf:o/r";
  request.reference = "hf:o/r/m.qref";
  const auto named = resolved(request, stores);
  EXPECT_EQ(request.models, (std::vector<std::string>{"a.gguf", path}));
  for (const std::string* word : {&request.baseline, &request.base_model, &request.clinic.finetune,
                                  &request.clinic.moe, &request.repair.from})
    EXPECT_EQ(*word, path);
  EXPECT_EQ(request.reference, pack);
  ASSERT_EQ(named.size(), 7U);
  EXPECT_EQ(named.front().name, "hf:o/r:Q8_0");
  EXPECT_EQ(named.front().path, path);
  EXPECT_EQ(named.front().store, "Hugging Face");
}

TEST(NamedModels, paths_are_not_told) {
  const Stores stores;
  job::Request request;
  request.models = {"a.gguf"};
  request.baseline = "./hf:x";
  EXPECT_TRUE(resolved(request, stores).empty());
  EXPECT_EQ(request.baseline, "./hf:x");
}

TEST(NamedModels, a_diagnosis_samples_as_ollama_does) {
  const OllamaHome stores;
  auto request = request_for("diagnose");
  const auto named = resolved(request, stores);
  EXPECT_EQ(request.run_with.temperature, 1.5);
  EXPECT_EQ(request.run_with.repeat_penalty, 1.1);
  EXPECT_EQ(request.settings.ctx_size, engine::Settings{}.ctx_size);
  EXPECT_EQ(said(named, "ollama_temperature"),
            "Ollama runs it with temperature 1.5: examined as if --temp said so.");
  EXPECT_EQ(said(named, "ollama_repeat_penalty"),
            "Ollama runs it with repeat_penalty 1.1: examined as if --repeat-penalty said so.");
}

TEST(NamedModels, what_the_user_said_stays) {
  const OllamaHome stores;
  auto request = request_for("diagnose");
  request.run_with.temperature = 0.2;
  const auto named = resolved(request, stores);
  EXPECT_EQ(request.run_with.temperature, 0.2);
  EXPECT_EQ(request.run_with.repeat_penalty, 1.1);
  EXPECT_EQ(said(named, "ollama_temperature"),
            "Ollama runs it with temperature 1.5, but --temp says 0.2: that is examined.");
}

TEST(NamedModels, other_commands_are_told_and_not_changed) {
  const OllamaHome stores;
  auto request = request_for("inspect");
  const auto named = resolved(request, stores);
  EXPECT_FALSE(request.run_with.temperature);
  EXPECT_EQ(said(named, "ollama_temperature"), "Ollama runs it with temperature 1.5.");
  EXPECT_EQ(said(named, "ollama_stop"), "Ollama ends an answer at \"<|eot|>\" (stop).");
  EXPECT_EQ(said(named, "ollama_system"), "Ollama adds a system message of 9 bytes to every chat.");
}

TEST(NamedModels, a_context_longer_than_the_trained_one_is_told) {
  const OllamaHome stores;
  auto request = request_for("inspect");
  EXPECT_THAT(said(resolved(request, stores), "ollama_num_ctx"),
              HasSubstr("The model was trained for 256: later text breaks."));
}

TEST(NamedModels, a_template_of_ollama_replaces_that_of_the_file) {
  auto request = request_for("inspect");
  EXPECT_THAT(said(resolved(request, OllamaHome{}), "ollama_template"),
              HasSubstr("in place of the one in the file"));
  request = request_for("inspect");
  EXPECT_EQ(said(resolved(request, OllamaHome("{{ .Prompt }}", "")), "ollama_template"),
            "The file has no prompt template. Ollama has one of its own.");
}

TEST(NamedModels, a_template_that_loses_the_prompt_is_told) {
  auto request = request_for("inspect");
  const auto good = resolved(request, OllamaHome("{{ range .Messages }}{{ end }}"));
  EXPECT_EQ(said(good, "ollama_template_prompt"), "");
  EXPECT_EQ(said(good, "ollama_template_braces"), "");
  request = request_for("inspect");
  const auto bad = resolved(request, OllamaHome("{{ .System }} {{ "));
  EXPECT_THAT(said(bad, "ollama_template_prompt"), HasSubstr("no place for the prompt"));
  EXPECT_THAT(said(bad, "ollama_template_braces"), HasSubstr("not in pairs"));
}

TEST(NamedModels, a_file_that_cannot_be_read_has_its_notes_all_the_same) {
  const Stores stores;
  stores.ollama("registry.ollama.ai/library/m/latest",
                {{"model", "a1", "no gguf"}, {"params", "a4", R"({"num_ctx":8})"}});
  auto request = request_for("inspect");
  EXPECT_THAT(said(resolved(request, stores), "ollama_num_ctx"), HasSubstr("8 tokens"));
}

TEST(NamedModels, a_name_that_leads_nowhere_ends_the_command) {
  const Stores stores;
  auto request = request_for("inspect");
  const auto named = resolve_names(request, stores.environment());
  ASSERT_FALSE(named);
  EXPECT_EQ(named.error().code, "LOCATE-002");
  EXPECT_EQ(exit_code(named.error().kind), 2);
}

}  // namespace
}  // namespace qualm::commands
