#include <gtest/gtest.h>

#include "diagnose/remedy_command.h"

namespace qualm::diagnose {
namespace {

TEST(NamedAs, the_type_at_the_end_of_a_name_is_replaced) {
  EXPECT_EQ(named_as("tiny-Q2_K", "Q4_K_M"), "tiny-Q4_K_M");
  EXPECT_EQ(named_as("Model.iq3_xxs", "Q4_K_M"), "Model-Q4_K_M");
  EXPECT_EQ(named_as("Model-7B", "Q4_K_M"), "Model-7B-Q4_K_M");
  EXPECT_EQ(named_as("-Q2_K", "Q4_K_M"), "-Q2_K-Q4_K_M");
}

TEST(NamedAs, no_file_is_told_to_overwrite_itself) {
  EXPECT_EQ(named_as("tiny-Q4_K_M", "Q4_K_M"), "tiny-Q4_K_M-new");
  EXPECT_EQ(named_as("tiny-q4_k_m", "Q4_K_M"), "tiny-Q4_K_M-new");
}

}  // namespace
}  // namespace qualm::diagnose
