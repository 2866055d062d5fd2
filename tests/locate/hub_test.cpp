// Names hf: in the caches of huggingface_hub and llama.cpp.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

#include "support/stores.h"

namespace qualm::locate {
namespace {

using test::Stores;
using testing::HasSubstr;
namespace fs = std::filesystem;

TEST(Hub, a_tag_names_a_file_of_the_snapshot_of_main) {
  const Stores stores;
  const auto other = std::string(40, 'b');
  const std::string path = stores.hub_file("o", "r", "m-Q4_K_M.gguf");
  static_cast<void>(stores.hub_file("o", "r", "m-Q4_K_M.gguf", "y", other));
  stores.hub_ref("o", "r", "main");
  stores.hub_ref("o", "r", "other", other);
  EXPECT_EQ(stores.located("hf:o/r:q4_k_m"), path);
  EXPECT_EQ(stores.located("hf:o/r"), path);
  EXPECT_EQ(stores.located("hf:o/r/m-Q4_K_M.gguf"), path);
}

TEST(Hub, without_main_the_only_ref_counts) {
  const Stores stores;
  const auto other = std::string(40, 'b');
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf", "x", other);
  static_cast<void>(stores.hub_file("o", "r", "m-Q8_0.gguf"));
  stores.hub_ref("o", "r", "refs/pr/3", other);
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), path);
}

TEST(Hub, without_refs_the_newest_snapshot_counts) {
  const Stores stores;
  const auto other = std::string(40, 'b');
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf", "x", other);
  static_cast<void>(stores.hub_file("o", "r", "m-Q8_0.gguf"));
  const auto snapshots = fs::path(path).parent_path().parent_path();
  fs::last_write_time(snapshots / Stores::kCommit,
                      fs::last_write_time(snapshots / other) - std::chrono::hours(1));
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), path);
}

TEST(Hub, a_ref_that_is_no_commit_is_passed_over) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  stores.hub_ref("o", "r", "main", "../../../../etc");
  EXPECT_EQ(stores.located("hf:o/r"), path);
}

TEST(Hub, a_ref_whose_folder_is_no_commit_is_passed_over) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  const auto named = fs::path(stores.hub_file("o", "r", "m-Q8_0.gguf", "x", "v1")).parent_path();
  fs::last_write_time(named, fs::last_write_time(named) - std::chrono::hours(1));
  stores.hub_ref("o", "r", "main", "v1");
  EXPECT_EQ(stores.located("hf:o/r"), path);
}

TEST(Hub, one_store_under_two_paths_counts_once) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  auto environment = stores.environment();
  environment.llama_cache = stores.link("again", stores.path(".cache/huggingface/hub"));
  const auto found = locate("hf:o/r", environment);
  ASSERT_TRUE(found) << describe(found.error());
  EXPECT_EQ(found->path, path);
}

TEST(Hub, a_file_without_links_is_found_too) {
  const Stores stores;
  const std::string path =
      stores.put(Stores::hub_folder("o", "r") + "/snapshots/" + Stores::kCommit + "/m.gguf", "x");
  EXPECT_EQ(stores.located("hf:o/r"), path);
}

TEST(Hub, a_repository_of_safetensors_is_its_folder) {
  const Stores stores;
  const std::string config = stores.hub_file("o", "r", "config.json", "{}");
  static_cast<void>(stores.hub_file("o", "r", "model.safetensors"));
  EXPECT_EQ(stores.located("hf:o/r"), fs::path(config).parent_path().string());
  EXPECT_EQ(stores.located("hf:o/r/config.json"), config);
}

TEST(Hub, several_files_of_one_tag_are_listed) {
  const Stores stores;
  for (const char* file : {"a-Q8_0.gguf", "b-Q8_0.gguf"})
    static_cast<void>(stores.hub_file("o", "r", file));
  const Error error = stores.refused("hf:o/r:Q8_0");
  EXPECT_EQ(error.code, "LOCATE-003");
  EXPECT_EQ(error.found, "hf:o/r/a-Q8_0.gguf, hf:o/r/b-Q8_0.gguf");
  EXPECT_EQ(exit_code(error.kind), 2);
}

TEST(Hub, what_is_missing_is_told_with_the_command_that_gets_it) {
  const Stores stores;
  EXPECT_EQ(stores.refused("hf:o/r:Q4_K_M").advice,
            "Get it with: hf download o/r --include \"*Q4_K_M*\"");
  EXPECT_EQ(stores.refused("hf:o/r").advice, "Get it with: hf download o/r");
  EXPECT_EQ(stores.refused("hf:o/r/a b'.gguf").advice,
            "Get it with: hf download o/r 'a b'\\''.gguf'");
  static_cast<void>(stores.hub_file("o", "r", "m-Q8_0.gguf"));
  const Error error = stores.refused("hf:o/r:Q4_K_M");
  EXPECT_EQ(error.code, "LOCATE-002");
  EXPECT_EQ(error.found, "only hf:o/r:Q8_0");
}

TEST(Hub, a_link_out_of_the_store_is_refused) {
  const Stores stores;
  const std::string secret = stores.put("secret.gguf", "x");
  const std::string snapshot = Stores::hub_folder("o", "r") + "/snapshots/" + Stores::kCommit + "/";
  static_cast<void>(stores.link(snapshot + "m-Q8_0.gguf", secret));
  const Error error = stores.refused("hf:o/r:Q8_0");
  EXPECT_EQ(error.code, "LOCATE-004");
  EXPECT_THAT(error.found, HasSubstr("secret.gguf"));
}

TEST(Hub, a_link_out_of_the_store_beside_the_file_is_refused) {
  const Stores stores;
  const std::string snapshot = Stores::hub_folder("o", "r") + "/snapshots/" + Stores::kCommit + "/";
  static_cast<void>(stores.hub_file("o", "r", "m-Q8_0-00001-of-00002.gguf"));
  static_cast<void>(
      stores.link(snapshot + "m-Q8_0-00002-of-00002.gguf", stores.put("secret", "x")));
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), "LOCATE-004");
}

TEST(Hub, a_snapshot_or_repository_that_is_a_link_out_of_the_store_is_not_read) {
  const Stores stores;
  static_cast<void>(stores.put("away/m-Q8_0.gguf", "x"));
  static_cast<void>(stores.link(Stores::hub_folder("o", "r") + "/snapshots/" + Stores::kCommit,
                                stores.path("away")));
  EXPECT_EQ(stores.located("hf:o/r"), "LOCATE-002");
  static_cast<void>(stores.put("repo/snapshots/" + Stores::kCommit + "/m-Q8_0.gguf", "x"));
  static_cast<void>(stores.link(Stores::hub_folder("o", "s"), stores.path("repo")));
  EXPECT_EQ(stores.located("hf:o/s"), "LOCATE-002");
}

TEST(Hub, links_in_a_circle_are_refused) {
  const Stores stores;
  const std::string snapshot = Stores::hub_folder("o", "r") + "/snapshots/" + Stores::kCommit + "/";
  static_cast<void>(stores.link(snapshot + "m-Q8_0.gguf", "n.gguf"));
  static_cast<void>(stores.link(snapshot + "n.gguf", "m-Q8_0.gguf"));
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), "LOCATE-004");
}

TEST(Hub, a_blob_that_is_not_there_is_an_unfinished_download) {
  const Stores stores;
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  fs::remove(fs::canonical(path));
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), "LOCATE-007");
}

TEST(Hub, a_store_on_another_disk_is_followed) {
  const Stores stores;
  fs::create_directories(stores.path("disk"));
  static_cast<void>(stores.link(".cache/huggingface", stores.path("disk")));
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  EXPECT_EQ(stores.located("hf:o/r"), path);
}

TEST(Hub, the_folder_follows_the_variables) {
  const Environment all{.home = "/h",
                        .xdg_cache_home = "/x",
                        .hf_home = "/hf",
                        .hf_hub_cache = "/hub",
                        .huggingface_hub_cache = "/old",
                        .llama_cache = "/llama"};
  using testing::ElementsAre;
  EXPECT_THAT(hub_folders(all), ElementsAre("/hub", "/llama"));
  Environment some = all;
  some.hf_hub_cache.clear();
  some.llama_cache.clear();
  EXPECT_THAT(hub_folders(some), ElementsAre("/old"));
  some.huggingface_hub_cache.clear();
  EXPECT_THAT(hub_folders(some), ElementsAre("/hf/hub"));
  some.hf_home.clear();
  EXPECT_THAT(hub_folders(some), ElementsAre("/x/huggingface/hub"));
  some.xdg_cache_home.clear();
  EXPECT_THAT(hub_folders(some), ElementsAre("/h/.cache/huggingface/hub"));
  EXPECT_THAT(hub_folders({.home = "/h", .hf_home = "~/hf"}), ElementsAre("/h/hf/hub"));
  EXPECT_THAT(hub_folders({.home = "/h", .hf_hub_cache = "~"}), ElementsAre("/h"));
  EXPECT_THAT(hub_folders({.home = "/h", .hf_home = "/~/hf"}), ElementsAre("/~/hf/hub"));
  EXPECT_THAT(hub_folders({}), testing::IsEmpty());
}

TEST(OldLlamaCache, flat_files_are_found_by_repository_and_tag) {
  const Stores stores;
  const std::string path = stores.put(".cache/llama.cpp/o_r_m-Q8_0.gguf", "x");
  static_cast<void>(stores.put(".cache/llama.cpp/o_other_m-Q8_0.gguf", "x"));
  EXPECT_EQ(stores.located("hf:o/r:Q8_0"), path);
  EXPECT_EQ(stores.located("hf:o/r/m-Q8_0.gguf"), path);
  EXPECT_EQ(stores.located("hf:o/r:Q4_0"), "LOCATE-002");
}

TEST(OldLlamaCache, a_model_in_both_caches_is_told_by_its_paths) {
  const Stores stores;
  const std::string flat = stores.put(".cache/llama.cpp/o_r_m-Q8_0.gguf", "x");
  const std::string path = stores.hub_file("o", "r", "m-Q8_0.gguf");
  const Error error = stores.refused("hf:o/r:Q8_0");
  EXPECT_EQ(error.code, "LOCATE-003");
  EXPECT_EQ(error.found, path + ", " + flat);
}

}  // namespace
}  // namespace qualm::locate
