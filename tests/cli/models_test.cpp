// `qualm models`, and names in place of paths, through the program.
#include <gtest/gtest.h>

#include "support/gguf_builder.h"
#include "support/pack.h"
#include "support/program.h"
#include "support/runnable_gguf.h"
#include "support/stores.h"

namespace qualm::cli {
namespace {

using test::Ended;

/// A home with stores, and the program run in it.
struct HomeWithStores : test::Stores {
  HomeWithStores() {
    static_cast<void>(
        hub_file("me", "Small-1B-GGUF", "Small-1B-F32.gguf", test::RunnableGguf{}.build()));
    static_cast<void>(hub_file("me", "Small-1B-GGUF", "Small-1B-Q4_K_M.gguf", quantized("")));
    static_cast<void>(hub_file("me", "Small-1B-GGUF", "Small-1B-Q2_K.gguf", "GGUF no more"));
    ollama("registry.ollama.ai/library/small/1b", {{"model", "a1", quantized("Small 1B")}});
    static_cast<void>(put(".lmstudio/models/pub/Other-GGUF/Other-Q4_K_M.gguf", quantized("")));
  }
  /// It calls itself Q4_K_M.
  static std::string quantized(const std::string& name) {
    return test::GgufBuilder()
        .string("general.architecture", "llama")
        .string("general.name", name)
        .u32("general.file_type", 15)
        .tensor("token_embd.weight", {4, 2}, 0, std::string(32, '\1'))
        .build();
  }
  [[nodiscard]] Ended qualm(std::vector<std::string> words) const {
    auto command = test::qualm(*this, std::move(words));
    command.environment["HOME"] = path();
    command.environment["XDG_CACHE_HOME"] = path(".cache");
    for (const char* other :
         {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "LLAMA_CACHE", "OLLAMA_MODELS"})
      command.environment[other] = "";
    return run(command);
  }
};

const nlohmann::json& model(const nlohmann::json& document, const std::string& name) {
  static const nlohmann::json kNone;
  for (const auto& one : document.at("models"))
    if (one.at("name") == name) return one;
  ADD_FAILURE() << name << " is not in " << document.dump(1);
  return kNone;
}

TEST(Models, what_stores_hold_is_listed_with_what_is_at_hand) {
  const HomeWithStores home;
  const Ended ended = home.qualm({"models", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto document = test::document(ended);
  ASSERT_EQ(document.at("models").size(), 5U);
  const auto& original = model(document, "hf:me/Small-1B-GGUF:F32");
  EXPECT_EQ(original.at("is_original"), true);
  EXPECT_EQ(original.at("model").at("type"), "F32");
  const auto& same_repository = model(document, "hf:me/Small-1B-GGUF:Q4_K_M");
  EXPECT_EQ(same_repository.at("original"), "hf:me/Small-1B-GGUF:F32");
  EXPECT_EQ(same_repository.at("model").at("bpw"), 32.0);
  const auto& by_its_own_name = model(document, "ollama:small:1b");
  EXPECT_EQ(by_its_own_name.at("original"), "hf:me/Small-1B-GGUF:F32");
  EXPECT_TRUE(model(document, "lms:pub/Other-GGUF:Q4_K_M").at("original").contains("absent"));
  const auto& broken = model(document, "hf:me/Small-1B-GGUF:Q2_K");
  EXPECT_TRUE(broken.at("model").contains("absent")) << broken;
}

TEST(Models, a_pack_of_the_same_model_in_the_current_folder_is_at_hand) {
  const HomeWithStores home;
  auto pack = test::small_pack();
  pack.original.file = "Other-F16.gguf";
  ASSERT_TRUE(experiment::write_pack(pack, home.path("any.qref")));
  ASSERT_TRUE(experiment::write_pack(test::small_pack(), home.path("another.qref")));
  test::write(home.path("broken.qref"), "no pack");
  const auto document = test::document(home.qualm({"models", "--format", "json"}));
  EXPECT_EQ(model(document, "lms:pub/Other-GGUF:Q4_K_M").at("pack"), "any.qref");
  EXPECT_TRUE(model(document, "ollama:small:1b").at("pack").contains("absent"));
}

TEST(Models, the_text_says_what_cannot_be_read) {
  const HomeWithStores home;
  const Ended ended = home.qualm({"models"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  EXPECT_NE(ended.out.find("cannot be read:"), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("Every command takes these names"), std::string::npos) << ended.out;
}

TEST(Models, a_home_without_stores_has_none) {
  const test::Scratch scratch;
  auto command = test::qualm(scratch, {"models"});
  for (const char* other : {"HF_HOME", "HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE", "LLAMA_CACHE"})
    command.environment[other] = "";
  command.environment["HOME"] = scratch.path();
  command.environment["OLLAMA_MODELS"] = scratch.path("none");
  const Ended ended = test::run(command);
  EXPECT_EQ(ended.exit_code, 0);
  EXPECT_NE(ended.out.find("No models were found."), std::string::npos) << ended.out;
  EXPECT_NE(ended.out.find("not there"), std::string::npos) << ended.out;
}

TEST(Models, a_command_takes_a_name_and_the_report_says_what_it_is) {
  const HomeWithStores home;
  const Ended ended = home.qualm({"inspect", "hf:me/Small-1B-GGUF:F32", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
  const auto document = test::document(ended);
  const auto& named = document.at("named").at(0);
  EXPECT_EQ(named.at("name"), "hf:me/Small-1B-GGUF:F32");
  EXPECT_EQ(named.at("path"), document.at("model").at("path"));
  EXPECT_EQ(home.qualm({"inspect", "m.gguf", "--format", "json"}).out.find("\"named\""),
            std::string::npos);
}

TEST(Models, both_models_of_a_comparison_may_be_names) {
  const HomeWithStores home;
  const Ended ended = home.qualm({"compare", "hf:me/Small-1B-GGUF:F32", "hf:me/Small-1B-GGUF:F32"});
  EXPECT_EQ(ended.exit_code, 0) << ended.err;
}

TEST(Models, a_name_that_is_not_there_is_told_with_its_download_command) {
  const HomeWithStores home;
  const Ended ended = home.qualm({"inspect", "hf:me/None:Q4_0"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_EQ(ended.err,
            "error[LOCATE-002] hf:me/None:Q4_0: expected a model on this machine, found none. Get "
            "it with: hf download me/None --include \"*Q4_0*\"\n");
}

TEST(Models, a_file_whose_name_begins_like_a_name_is_named_with_its_folder) {
  const HomeWithStores home;
  test::write(home.path("hf:x"), test::RunnableGguf{}.build());
  EXPECT_EQ(home.qualm({"inspect", "./hf:x"}).exit_code, 0);
  EXPECT_EQ(home.qualm({"inspect", "hf:x"}).exit_code, 2);
}

}  // namespace
}  // namespace qualm::cli
