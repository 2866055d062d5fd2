#include "commands/session.h"

#include <gtest/gtest.h>

#include <functional>

namespace qualm::commands {
namespace {

using job::Request;

TEST(Request, a_domain_without_a_name_is_refused_whatever_else_was_given) {
  Request request;
  request.texts = {"code=main.c", "main.c"};
  const auto refused = named_texts(request);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "REQUEST-004");
  request.texts = {"code=a=b.c"};
  EXPECT_EQ(named_texts(request)->at(0), (std::pair<std::string, std::string>("code", "a=b.c")));
}

std::string refusal(const std::function<void(Request&)>& change) {
  Request request;
  change(request);
  const auto settings = settings_of(request);
  return settings ? "accepted" : describe(settings.error());
}

TEST(SettingsOf, numbers_that_make_no_sense_are_refused) {
  EXPECT_EQ(refusal([](Request& r) { r.settings.ctx_size = 15; }),
            "error[REQUEST-003] --ctx-size: expected at least 16 tokens, found 15.");
  EXPECT_EQ(refusal([](Request& r) { r.settings.ctx_size = 1 << 25; }),
            "error[REQUEST-003] --ctx-size: expected at most 16777216 tokens, found 33554432.");
  EXPECT_EQ(refusal([](Request& r) { r.settings.batch = 0; }),
            "error[REQUEST-003] --batch-size: expected at least 1, found 0.");
  EXPECT_EQ(refusal([](Request& r) { r.settings.ubatch = -1; }),
            "error[REQUEST-003] --ubatch-size: expected at least 1, found -1.");
  EXPECT_EQ(refusal([](Request& r) { r.chunks = -2; }),
            "error[REQUEST-003] --chunks: expected at least 1 window, or -1 for all, found -2.");
  EXPECT_EQ(refusal([](Request& r) { r.settings.ctx_size = 16; }), "accepted");
}

TEST(SettingsOf, no_number_of_threads_means_the_cores_there_are) {
  EXPECT_GE(settings_of(Request{})->threads, 1);
  Request three;
  three.settings.threads = 3;
  EXPECT_EQ(settings_of(three)->threads, 3);
}

}  // namespace
}  // namespace qualm::commands
