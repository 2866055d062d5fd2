#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include "support/stores.h"

namespace qualm::locate {
namespace {

using test::Stores;
using testing::ElementsAre;

std::vector<std::string> names(const Stores& stores) {
  std::vector<std::string> out;
  for (const Listed& one : list(stores.environment())) out.push_back(one.name);
  return out;
}

TEST(List, all_stores_are_listed_by_the_names_that_lead_back) {
  const Stores stores;
  for (const char* file : {"m-Q4_K_M.gguf", "m-Q8_0.gguf", "mmproj-m.gguf", "README.md"})
    static_cast<void>(stores.hub_file("o", "r", file));
  static_cast<void>(stores.hub_file("o", "full", "config.json", "{}"));
  static_cast<void>(stores.hub_file("o", "full", "model.safetensors"));
  const std::string flat = stores.put(".cache/llama.cpp/o_s_m-Q8_0.gguf", "x");
  stores.ollama("registry.ollama.ai/library/llama3/8b", {{"model", "a1", "gguf"}});
  static_cast<void>(stores.put(".lmstudio/models/pub/repo/m.gguf", "x"));
  EXPECT_THAT(names(stores), ElementsAre("hf:o/full", "hf:o/r:Q4_K_M", "hf:o/r:Q8_0", flat,
                                         "ollama:llama3:8b", "lms:pub/repo/m.gguf"));
  for (const Listed& one : list(stores.environment())) {
    EXPECT_EQ(one.problem, "");
    EXPECT_EQ(stores.located(one.name), one.path);
  }
}

TEST(List, what_cannot_be_used_is_listed_with_the_reason) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  std::filesystem::remove(std::filesystem::canonical(path));
  stores.ollama("registry.ollama.ai/library/x/latest", {{"tensor", "a1", "w"}});
  const auto listed = list(stores.environment());
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].problem, "no finished download of it");
  EXPECT_EQ(listed[1].problem, "a model that Ollama keeps tensor by tensor");
}

TEST(List, a_pipe_in_a_store_is_not_opened) {
  const Stores stores;
  stores.ollama("registry.ollama.ai/library/x/latest", {{"model", "a1", "gguf"}});
  const std::string pipe = stores.path(".ollama/models/manifests/registry.ollama.ai/library/x/p");
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  static_cast<void>(stores.link(".ollama/models/manifests/registry.ollama.ai/library/x/q", "p"));
  EXPECT_THAT(names(stores), ElementsAre("ollama:x:latest", "ollama:x:q"));
  EXPECT_EQ(stores.located("ollama:x:q"), "LOCATE-004");
}

TEST(List, an_empty_home_has_nothing_and_tells_where_it_looked) {
  const Stores stores;
  EXPECT_THAT(names(stores), testing::IsEmpty());
  const auto folders = store_folders(stores.environment());
  ASSERT_EQ(folders.size(), 4U);
  EXPECT_EQ(folders[0].path, stores.path(".cache/huggingface/hub"));
  EXPECT_FALSE(folders[0].exists);
  EXPECT_THAT(list({}), testing::IsEmpty()) << "no home at all";
}

}  // namespace
}  // namespace qualm::locate
