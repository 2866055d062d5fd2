// The clinic through the real program: a handful of its patients, all of which must come out right.
#include <gtest/gtest.h>

#include "support/program.h"

namespace qualm::cli {
namespace {

using test::run_qualm;
using test::Scratch;

nlohmann::json clinic(const Scratch& scratch, const std::string& only) {
  const auto ended = run_qualm(
      scratch, {"clinic", "--only", only, "-c", "128", "-t", "1", "-q", "--format", "json"});
  EXPECT_EQ(ended.exit_code, 0) << only << ": " << ended.err << ended.out;
  return test::document(ended);
}

TEST(Clinic, a_control_is_healthy_and_causes_are_named) {
  const Scratch scratch;
  for (const char* only : {"healthy/Q4_K_M", "tier/Q4_0", "files/zeroed block in"}) {
    const auto document = clinic(scratch, only);
    EXPECT_EQ(document["wrong"], 0) << only;
    EXPECT_GE(document["right"], 1) << only;
  }
}

TEST(Clinic, two_causes_share_the_loss_as_they_do_on_other_windows) {
  const Scratch scratch;
  const auto document = clinic(scratch, "two/Q3_K_M + q4_0/f16");
  EXPECT_EQ(document["shares"]["compared"], 2);
  EXPECT_EQ(document["shares"]["hold"], 2) << document["patients"];
}

TEST(Clinic, a_pattern_that_fits_nobody_is_refused) {
  const Scratch scratch;
  const auto ended = run_qualm(scratch, {"clinic", "--only", "nobody", "-q"});
  EXPECT_EQ(ended.exit_code, 2);
  EXPECT_NE(ended.err.find("CLINIC-002"), std::string::npos) << ended.err;
}

}  // namespace
}  // namespace qualm::cli
