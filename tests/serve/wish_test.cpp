// What the page may ask to be run.
#include "serve/wish.h"

#include <random>

#include "client.h"
#include "serve/target.h"
#include "support/stores.h"

namespace qualm::serve {
namespace {

std::string refusal(const std::string& json) {
  const auto wish = parse_wish(json);
  return wish ? "" : wish.error().code + " " + wish.error().place;
}

TEST(ServeWish, fields_become_those_of_the_request) {
  const World world;
  const test::Stores stores;
  stores.hub_file("org", "repo", "m-F16.gguf");
  stores.hub_ref("org", "repo", "main");
  const auto places = Places::open(world.path("root"), stores.environment()).value();
  const auto wish = parse_wish(
      R"({"command":"measure","candidate":"m.gguf","baseline":"hf:org/repo","text":"sub/t.txt",
          "type_k":"q8_0","ctx_size":256,"budget":null,"reference":""})");
  ASSERT_TRUE(wish) << describe(wish.error());
  const auto request = request_of(*wish, places);
  ASSERT_TRUE(request) << describe(request.error());
  EXPECT_EQ(request->command, "measure");
  EXPECT_EQ(request->models, std::vector<std::string>{normal(world.path("root/m.gguf"))});
  EXPECT_EQ(request->baseline, "hf:org/repo");
  EXPECT_EQ(request->text, normal(world.path("root/sub/t.txt")));
  EXPECT_EQ(request->settings.type_k, "q8_0");
  EXPECT_EQ(request->settings.type_v, "f16");
  EXPECT_EQ(request->settings.ctx_size, 256);
  EXPECT_TRUE(request->cache_told);
  EXPECT_TRUE(request->windows_told);
  EXPECT_EQ(request->budget, 0);
  EXPECT_EQ(request->words,
            (std::vector<std::string>{"measure", normal(world.path("root/m.gguf")), "--baseline",
                                      "hf:org/repo", "--file", normal(world.path("root/sub/t.txt")),
                                      "--cache-type-k", "q8_0", "-c", "256"}));
  EXPECT_EQ(title_of(*wish), "measure m.gguf");
}

TEST(ServeWish, what_is_not_known_missing_or_of_another_type_is_refused) {
  EXPECT_EQ(refusal(R"({"command":"diagnose","candidate":"m"})"), "");
  EXPECT_EQ(refusal(R"([])"), "SERVE-010 request");
  EXPECT_EQ(refusal(R"({"candidate":"m"})"), "SERVE-010 command");
  EXPECT_EQ(refusal(R"({"command":"repair","candidate":"m"})"), "SERVE-010 command");
  EXPECT_EQ(refusal(R"({"command":"diagnose"})"), "SERVE-010 candidate");
  EXPECT_EQ(refusal(R"({"command":"measure","candidate":"m"})"), "SERVE-010 baseline");
  const auto with = [](const std::string& field) {
    return refusal(R"({"command":"diagnose","candidate":"m",)" + field + "}");
  };
  EXPECT_EQ(with(R"("output":"/tmp/x")"), "SERVE-010 request");
  EXPECT_EQ(with(R"("text":7)"), "SERVE-010 text");
  EXPECT_EQ(with(R"("ctx_size":"256")"), "SERVE-010 ctx_size");
  EXPECT_EQ(with(R"("ctx_size":0)"), "SERVE-010 ctx_size");
  EXPECT_EQ(with(R"("ctx_size":99999999999)"), "SERVE-010 ctx_size");
  EXPECT_EQ(with(R"("ctx_size":1.5)"), "SERVE-010 ctx_size");
  EXPECT_EQ(with(R"("budget":-1)"), "SERVE-010 budget");
  EXPECT_EQ(with(R"("budget":1e300)"), "SERVE-010 budget");
  EXPECT_EQ(with(R"("type_k":"--output")"), "SERVE-010 type_k");
  EXPECT_EQ(with(R"("symptom":"headache")"), "SERVE-010 symptom");
  EXPECT_EQ(with(R"("symptom":"repetition")"), "");
  EXPECT_EQ(with(R"("text":"a\u0000b")"), "SERVE-010 text");
  EXPECT_EQ(with(R"("text":")" + std::string(5000, 'x') + "\""), "SERVE-010 text");
  EXPECT_EQ(with(R"("candidate":"x")").substr(0, 8), "JSON-003");
  EXPECT_EQ(refusal("{").substr(0, 8), "JSON-002");
}

TEST(ServeWish, a_value_that_begins_with_a_dash_is_a_path_and_no_option) {
  const World world;
  test::write(world.path("root/--output=x"), "");
  const auto places = Places::open(world.path("root"), {}).value();
  const auto request =
      request_of(parse_wish(R"({"command":"diagnose","candidate":"--output=x"})").value(), places);
  ASSERT_TRUE(request) << describe(request.error());
  EXPECT_EQ(request->models, std::vector<std::string>{normal(world.path("root/--output=x"))});
  EXPECT_EQ(request->words.back(), normal(world.path("root/--output=x")));
}

TEST(ServeWish, it_is_the_same_after_it_was_kept) {
  const std::string json = R"({"command":"diagnose","candidate":"m","budget":1.5,"ctx_size":64})";
  const auto once = to_json(parse_wish(json).value()).dump();
  EXPECT_EQ(to_json(parse_wish(once).value()).dump(), once);
}

TEST(ServeTarget, parts_are_decoded_after_they_were_split) {
  const auto target = parse_target("/api//files?path=a%2Fb+c%26&x=&y").value();
  EXPECT_EQ(target.path, (std::vector<std::string>{"api", "files"}));
  EXPECT_EQ(target.query,
            (std::map<std::string, std::string>{{"path", "a/b c&"}, {"x", ""}, {"y", ""}}));
  EXPECT_EQ(parse_target("/a%2Fb").value().path, std::vector<std::string>{"a/b"});
  for (const char* bad : {"", "api", "*", "http://x/", "/%", "/%4", "/%zz", "/%00", "/a\nb",
                          "/?a=1&a=2", "/#x", "/?%0a"})
    EXPECT_FALSE(parse_target(bad)) << bad;
  EXPECT_FALSE(parse_target("/" + std::string(kLongestTarget, 'x')));
}

TEST(ServeTarget, any_bytes_are_a_target_or_an_error) {
  std::mt19937 random(7);
  const std::string letters = "/?&=%+#a0F.\x01\xff";
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = "/";
    for (std::size_t n = random() % 24; n > 0; --n) text += letters[random() % letters.size()];
    const auto target = parse_target(text);
    EXPECT_EQ(target ? "SERVE-022" : target.error().code, "SERVE-022");
    accepted += target ? 1 : 0;
  }
  EXPECT_GT(accepted, 100);
}

}  // namespace
}  // namespace qualm::serve
