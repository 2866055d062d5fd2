#include "commands/server_session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "remote/fake_llama.h"
#include "support/notes.h"
#include "support/places.h"

namespace qualm::commands {
namespace {

using remote::FakeLlama;
using testing::Contains;
using testing::HasSubstr;

/// A request whose model is the server.
struct AskedFor {
  explicit AskedFor(const FakeLlama& fake) { request.models = {fake.address()}; }
  Result<NamedServer> name() { return name_server(request, notes); }
  job::Request request;
  test::Notes notes;
};

/// A store of models that this test alone knows.
struct OwnStore : test::Scratch {
  OwnStore() {
    ::setenv("HF_HUB_CACHE", path("hub").c_str(), 1);
    std::filesystem::create_directories(path("hub/models--o--r/snapshots/1"));
    model = file("hub/models--o--r/snapshots/1/m.gguf", "GGUF");
  }
  ~OwnStore() { ::unsetenv("HF_HUB_CACHE"); }
  std::string model;
};

TEST(ServerSession, the_file_that_the_user_names_counts) {
  const OwnStore store;
  const FakeLlama fake({.vocab_size = 64}, {.path = store.model});
  AskedFor asked(fake);
  asked.request.server.file = "mine.gguf";
  const auto named = asked.name();
  ASSERT_TRUE(named) << describe(named.error());
  EXPECT_EQ(asked.request.models.front(), "mine.gguf");
  EXPECT_FALSE(named->told);
  EXPECT_THAT(asked.notes.notes, Contains(HasSubstr("leave its memory")));
}

TEST(ServerSession, a_path_in_a_store_is_opened) {
  const OwnStore store;
  const FakeLlama fake({.vocab_size = 64}, {.path = store.model});
  AskedFor asked(fake);
  ASSERT_TRUE(asked.name());
  EXPECT_EQ(asked.request.models.front(), store.model);
}

TEST(ServerSession, a_path_outside_all_stores_is_not) {
  const OwnStore store;
  const std::string outside = store.file("m.gguf", "GGUF");
  for (const std::string& told : {outside, store.path("hub/../m.gguf"), std::string("/etc/passwd"),
                                  std::string("m.gguf"), std::string()}) {
    const FakeLlama fake({.vocab_size = 64}, {.path = told});
    AskedFor asked(fake);
    const auto named = asked.name();
    ASSERT_FALSE(named) << told;
    EXPECT_EQ(named.error().code, "REMOTE-008");
    EXPECT_THAT(named.error().advice, HasSubstr("--server-file"));
  }
}

TEST(ServerSession, with_an_original_the_file_need_not_be_known) {
  const FakeLlama fake;
  AskedFor asked(fake);
  asked.request.baseline = "base.gguf";
  const auto named = asked.name();
  ASSERT_TRUE(named) << describe(named.error());
  ASSERT_TRUE(named->told);
  EXPECT_EQ(asked.request.models.front(), fake.address());
  EXPECT_THAT(asked.notes.notes, Contains(HasSubstr("/models/fake.gguf")));
}

TEST(ServerSession, a_key_comes_from_a_file_or_else_the_environment) {
  const test::Scratch scratch;
  const FakeLlama fake;
  AskedFor asked(fake);
  asked.request.server.file = "mine.gguf";
  const auto sent = [&] {
    asked.request.models = {fake.address()};
    EXPECT_TRUE(asked.name());
    return fake.heard().back().headers["authorization"];
  };
  ::unsetenv("QUALM_API_KEY");
  EXPECT_EQ(sent(), "");
  ::setenv("QUALM_API_KEY", "of-the-environment", 1);
  EXPECT_EQ(sent(), "Bearer of-the-environment");
  asked.request.server.key_file = scratch.file("key", "of-the-file\n");
  EXPECT_EQ(sent(), "Bearer of-the-file");
  for (const std::string& file :
       {scratch.path("none"), scratch.file("long", std::string(5000, 'x'))}) {
    asked.request.models = {fake.address()};
    asked.request.server.key_file = file;
    EXPECT_FALSE(asked.name()) << file;
  }
  ::unsetenv("QUALM_API_KEY");
}

}  // namespace
}  // namespace qualm::commands
