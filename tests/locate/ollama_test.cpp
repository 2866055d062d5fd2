#include "locate/ollama.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/stores.h"

namespace qualm::locate {
namespace {

using test::Stores;
using testing::ElementsAre;
using testing::HasSubstr;

const std::string kLlama = "registry.ollama.ai/library/Llama3/8b";

std::string blob(const Stores& stores, const std::string& mark) {
  return stores.path(".ollama/models/blobs/sha256-" + Stores::digest(mark).substr(7));
}

TEST(Ollama, a_name_leads_to_the_blob_of_its_model_in_any_letter_case) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}, {"license", "b2", "MIT"}});
  EXPECT_EQ(stores.located("ollama:llama3:8B"), blob(stores, "a1"));
  EXPECT_EQ(stores.located("ollama:library/llama3:8b"), blob(stores, "a1"));
  EXPECT_EQ(stores.refused("ollama:llama3").advice, "Get it with: ollama pull llama3:latest");
}

TEST(Ollama, a_model_of_the_hub_has_its_own_host) {
  const Stores stores;
  stores.ollama("hf.co/me/mine/Q4_K_M", {{"model", "a1", "gguf"}});
  EXPECT_EQ(stores.located("ollama:hf.co/me/mine:Q4_K_M"), blob(stores, "a1"));
  EXPECT_EQ(stores.located("ollama:me/mine:Q4_K_M"), "LOCATE-002");
}

TEST(Ollama, layers_override_the_file) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"},
                         {"template", "a2", "{{ .Prompt }}"},
                         {"system", "a3", "Be brief."},
                         {"adapter", "a5", "lora"},
                         {"params", "a4",
                          R"({"temperature":0.6,"repeat_penalty":1.2,"num_ctx":4096,)"
                          R"("stop":["<|eot|>","x",3],"other":{}})"}});
  const auto found = locate("ollama:llama3:8b", stores.environment());
  ASSERT_TRUE(found) << describe(found.error());
  ASSERT_TRUE(found->overrides);
  EXPECT_EQ(found->overrides->prompt_template, "{{ .Prompt }}");
  EXPECT_EQ(found->overrides->system, "Be brief.");
  EXPECT_EQ(found->overrides->temperature, 0.6);
  EXPECT_EQ(found->overrides->repeat_penalty, 1.2);
  EXPECT_EQ(found->overrides->num_ctx, 4096);
  EXPECT_THAT(found->overrides->stop, ElementsAre("<|eot|>", "x"));
  EXPECT_EQ(found->overrides->adapter, blob(stores, "a5"));
}

TEST(Ollama, numbers_that_cannot_be_are_left_out) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"},
                         {"params", "a4",
                          R"({"temperature":-1,"repeat_penalty":"high","num_ctx":1e300,)"
                          R"("stop":"end"})"}});
  const auto found = locate("ollama:llama3:8b", stores.environment());
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_FALSE(found->overrides->temperature);
  EXPECT_FALSE(found->overrides->repeat_penalty);
  EXPECT_FALSE(found->overrides->num_ctx);
  EXPECT_THAT(found->overrides->stop, ElementsAre("end"));
}

TEST(Ollama, a_model_in_several_files_or_by_tensor_is_refused) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}, {"model", "a2", "gguf"}});
  EXPECT_THAT(describe(stores.refused("ollama:llama3:8b")),
              HasSubstr("LOCATE-006] ollama:Llama3:8b: expected a model that is one GGUF file, "
                        "found a model in 2 files"));
  stores.ollama(kLlama, {{"tensor", "a1", "w"}, {"tensor", "a2", "w"}});
  EXPECT_EQ(stores.located("ollama:llama3:8b"), "LOCATE-006");
}

TEST(Ollama, a_blob_that_is_missing_or_cut_is_an_unfinished_download) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}});
  stores.ollama_blob("a1", "gg");
  EXPECT_EQ(stores.located("ollama:llama3:8b"), "LOCATE-005");
  std::filesystem::remove(blob(stores, "a1"));
  EXPECT_EQ(stores.located("ollama:llama3:8b"), "LOCATE-007");
}

TEST(Ollama, links_out_of_the_store_are_refused) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}});
  std::filesystem::remove(blob(stores, "a1"));
  std::filesystem::create_symlink(stores.put("secret", "gguf"), blob(stores, "a1"));
  EXPECT_EQ(stores.located("ollama:llama3:8b"), "LOCATE-004");
  stores.ollama_blob("b1", "gguf");
  static_cast<void>(
      stores.link(".ollama/models/manifests/registry.ollama.ai/library/x/latest",
                  stores.put("manifest", Stores::manifest({{"model", "b1", "gguf"}}))));
  EXPECT_EQ(stores.located("ollama:x"), "LOCATE-004");
}

TEST(Ollama, odd_manifests_are_refused) {
  const Stores stores;
  const auto code = [&](const std::string& bytes) {
    static_cast<void>(stores.put(".ollama/models/manifests/" + kLlama, bytes));
    return stores.located("ollama:llama3:8b");
  };
  EXPECT_EQ(code(""), "JSON-002");
  EXPECT_EQ(code("[]"), "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":7})"), "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":[]})"), "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":[null,1,{"mediaType":3}]})"), "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":[{"mediaType":"application/vnd.ollama.image.model"}]})"),
            "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":[{"mediaType":"application/vnd.ollama.image.model",)"
                 R"("digest":"sha256:../../../secret"}]})"),
            "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":[{"mediaType":"application/vnd.ollama.image.model",)"
                 R"("digest":"sha256:)" +
                 std::string(64, '/') + R"("}]})"),
            "LOCATE-005");
  EXPECT_EQ(code(R"({"layers":)" + std::string(40, '[') + std::string(40, ']') + "}"), "JSON-004");
  EXPECT_EQ(code(std::string(5 << 20, ' ')), "LOCATE-005");
}

TEST(Ollama, a_template_of_megabytes_is_refused) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}, {"template", "a2", std::string(2 << 20, 'x')}});
  EXPECT_EQ(stores.located("ollama:llama3:8b"), "LOCATE-005");
}

TEST(Ollama, the_folder_is_that_of_the_variable_else_of_the_user_and_the_service) {
  EXPECT_THAT(ollama_folders({.home = "/h", .ollama_models = "/m", .ollama_service = "/s"}),
              ElementsAre("/m"));
  EXPECT_THAT(ollama_folders({.home = "/h", .ollama_service = "/s"}),
              ElementsAre("/h/.ollama/models", "/s"));
}

TEST(Ollama, one_name_in_two_stores_is_told_by_paths_where_the_files_differ) {
  const Stores stores;
  stores.ollama(kLlama, {{"model", "a1", "gguf"}});
  const Stores service;
  service.ollama(kLlama, {{"model", "b1", "gguf"}});
  auto both = stores.environment();
  both.ollama_service = service.path(".ollama/models");
  const auto found = locate("ollama:llama3:8b", both);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, "LOCATE-003");
  EXPECT_EQ(found.error().found, blob(stores, "a1") + ", " + blob(service, "b1"));
}

}  // namespace
}  // namespace qualm::locate
