#include "locate/names.h"

#include <gtest/gtest.h>

#include "support/stores.h"

namespace qualm::locate {
namespace {

std::string code(const Result<RepoName>& name) { return name ? "accepted" : name.error().code; }

TEST(Names, a_repository_has_an_org_a_tag_or_a_file) {
  const auto tagged = parse_repo("hf:org/My.Repo-GGUF:Q4_K_M");
  ASSERT_TRUE(tagged);
  EXPECT_EQ(tagged->id(), "org/My.Repo-GGUF");
  EXPECT_EQ(tagged->tag, "Q4_K_M");
  EXPECT_EQ(tagged->file, "");
  const auto with_file = parse_repo("hf:org/repo/sub dir/a:b.gguf");
  ASSERT_TRUE(with_file);
  EXPECT_EQ(with_file->file, "sub dir/a:b.gguf");
  EXPECT_EQ(with_file->tag, "");
  const auto old = parse_repo("hf:gpt2");
  ASSERT_TRUE(old);
  EXPECT_EQ(old->id(), "gpt2");
}

TEST(Names, parts_that_lead_elsewhere_are_refused) {
  using namespace std::string_literals;
  for (const std::string& bad :
       {"hf:"s, "hf:/etc/passwd"s, "hf:../x"s, "hf:org/.."s, "hf:org/repo/../../x"s,
        "hf:org/repo/"s, "hf:org//file"s, "hf:org/re\0po"s, "hf:org/repo:"s, "hf:org/repo:a/b"s,
        "hf:org/repo:.*"s, "hf:a--b/c"s, "hf:org/repo/a\nb"s, "hf:org/re po"s, "hf:org/repo/a\0b"s,
        "hf:" + std::string(10'000, 'a'), "hf:org/" + std::string(200, 'a')})
    EXPECT_EQ(code(parse_repo(bad)), "LOCATE-001") << bad.substr(0, 40);
}

TEST(Names, a_message_does_not_repeat_a_name_of_ten_kilobytes) {
  const auto name = parse_repo("hf:" + std::string(10'000, 'a'));
  ASSERT_FALSE(name);
  EXPECT_LT(describe(name.error()).size(), 500U);
}

TEST(Names, ollama_fills_in_host_owner_and_tag) {
  const auto name = parse_ollama("ollama:llama3");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->host, "registry.ollama.ai");
  EXPECT_EQ(name->owner, "library");
  EXPECT_EQ(name->tag, "latest");
  EXPECT_EQ(name->shown(), "llama3:latest");
  const auto hub = parse_ollama("ollama:hf.co/bartowski/Llama:Q4_K_M");
  ASSERT_TRUE(hub);
  EXPECT_EQ(hub->host, "hf.co");
  EXPECT_EQ(hub->shown(), "hf.co/bartowski/Llama:Q4_K_M");
  EXPECT_EQ(parse_ollama("ollama:hf.co/library/x")->shown(), "hf.co/library/x:latest");
  EXPECT_EQ(parse_ollama("ollama:me/mine")->shown(), "me/mine:latest");
}

TEST(Names, ollama_takes_no_path_and_no_digest) {
  for (const char* bad : {"ollama:", "ollama:a/b/c/d", "ollama:../../etc/passwd", "ollama:/x",
                          "ollama:a:b:c", "ollama:a@sha256-0", "ollama:.."})
    EXPECT_EQ(parse_ollama(bad).error().code, "LOCATE-001") << bad;
}

TEST(Names, a_word_without_a_prefix_is_a_path) {
  const test::Stores stores;
  for (const char* path :
       {"", "model.gguf", "./hf:org/repo", "/a/../b", "HF:org/repo", "hf", "x:y"})
    EXPECT_EQ(stores.located(path), path);
}

}  // namespace
}  // namespace qualm::locate
