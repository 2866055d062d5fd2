#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/stores.h"

namespace qualm::locate {
namespace {

using test::Stores;
using testing::ElementsAre;

TEST(LmStudio, a_repository_or_a_file_of_it_is_found) {
  const Stores stores;
  const std::string path = stores.put(".lmstudio/models/pub/repo/m-Q4_K_M.gguf", "x");
  static_cast<void>(stores.put(".lmstudio/models/pub/repo/mmproj-m.gguf", "x"));
  EXPECT_EQ(stores.located("lms:pub/repo"), path);
  EXPECT_EQ(stores.located("lms:pub/repo/m-Q4_K_M.gguf"), path);
  EXPECT_EQ(stores.located("lms:pub/repo:Q4_K_M"), path);
  EXPECT_EQ(stores.located("lms:repo"), "LOCATE-001");
}

TEST(LmStudio, several_files_are_listed_and_a_missing_one_has_its_command) {
  const Stores stores;
  for (const char* file : {"a-Q6_K.gguf", "b-Q6_K.gguf"})
    static_cast<void>(stores.put(std::string(".lmstudio/models/pub/repo/") + file, "x"));
  EXPECT_EQ(stores.refused("lms:pub/repo").found,
            "lms:pub/repo/a-Q6_K.gguf, lms:pub/repo/b-Q6_K.gguf");
  EXPECT_EQ(stores.refused("lms:pub/none").advice, "Get it with: lms get pub/none");
}

TEST(LmStudio, a_folder_for_mlx_is_a_model) {
  const Stores stores;
  static_cast<void>(stores.put(".lmstudio/models/pub/mlx/config.json", "{}"));
  static_cast<void>(stores.put(".lmstudio/models/pub/mlx/model.safetensors", "x"));
  EXPECT_EQ(stores.located("lms:pub/mlx"), stores.path(".lmstudio/models/pub/mlx"));
}

TEST(LmStudio, a_link_out_of_the_store_is_refused) {
  const Stores stores;
  static_cast<void>(
      stores.link(".lmstudio/models/pub/repo/m-Q8_0.gguf", stores.put("secret.gguf", "x")));
  EXPECT_EQ(stores.located("lms:pub/repo"), "LOCATE-004");
}

TEST(LmStudio, the_home_follows_the_pointer_then_the_old_folder) {
  const Stores stores;
  const auto folders = [&] { return lm_studio_folders(stores.environment()); };
  EXPECT_THAT(folders(), ElementsAre(stores.path(".lmstudio/models")));
  static_cast<void>(stores.put(".cache/lm-studio/x", ""));
  EXPECT_THAT(folders(), ElementsAre(stores.path(".cache/lm-studio/models")));
  static_cast<void>(stores.put(".lmstudio-home-pointer", stores.path("elsewhere") + "\n"));
  EXPECT_THAT(folders(), ElementsAre(stores.path("elsewhere/models")));
  static_cast<void>(stores.put(".lmstudio-home-pointer", "relative"));
  EXPECT_THAT(folders(), ElementsAre(stores.path(".cache/lm-studio/models")));
}

TEST(LmStudio, models_may_have_been_moved) {
  const Stores stores;
  static_cast<void>(stores.put("disk/pub/repo/m-Q8_0.gguf", "x"));
  static_cast<void>(stores.put(".lmstudio/settings.json",
                               R"({"downloadsFolder":")" + stores.path("disk") + "\"}"));
  EXPECT_EQ(stores.located("lms:pub/repo"), stores.path("disk/pub/repo/m-Q8_0.gguf"));
  static_cast<void>(stores.put(".lmstudio/settings.json", "{"));
  EXPECT_EQ(stores.located("lms:pub/repo"), "LOCATE-002");
}

}  // namespace
}  // namespace qualm::locate
