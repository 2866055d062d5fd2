#include "commands/memory_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "support/notes.h"
#include "support/places.h"
#include "support/runnable_gguf.h"

namespace qualm::commands {
namespace {

using experiment::Hold;
using testing::ElementsAre;
using testing::HasSubstr;

/// A machine with so much free memory, and one small model beside itself.
class Machine {
 public:
  explicit Machine(std::int64_t free) {
    ::setenv("QUALM_FREE_MEMORY", std::to_string(free).c_str(), 1);
    test::write(folder_.path("m.gguf"), test::RunnableGguf{}.build());
    model_ = *experiment::OpenedModel::open(folder_.path("m.gguf"));
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { ::unsetenv("QUALM_FREE_MEMORY"); }

  Result<MemoryPlan> plan() { return plan_memory(request, *model_, model_.get(), said); }

  job::Request request;
  test::Notes said;

 private:
  test::Scratch folder_;
  std::shared_ptr<experiment::OpenedModel> model_;
};

std::int64_t needed(bool low_memory) {
  Machine machine(std::int64_t{1} << 50);
  machine.request.low_memory = low_memory;
  return machine.plan()->use.needed;
}

TEST(MemoryPlan, holds_all_models_where_they_fit_and_says_nothing_of_little) {
  Machine machine(std::int64_t{1} << 50);
  const auto plan = machine.plan();
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->hold, Hold::all);
  EXPECT_FALSE(plan->use.low_memory);
  EXPECT_EQ(plan->use.free, std::int64_t{1} << 50);
  EXPECT_THAT(machine.said.notes, ElementsAre());
}

TEST(MemoryPlan, says_what_is_needed_before_it_is_taken) {
  Machine machine(needed(false));
  EXPECT_EQ(machine.plan()->hold, Hold::all);
  EXPECT_THAT(machine.said.notes, ElementsAre(HasSubstr("memory: about ")));
}

TEST(MemoryPlan, holds_one_model_at_a_time_where_two_do_not_fit) {
  Machine machine(needed(false) - 1);
  const auto plan = machine.plan();
  ASSERT_TRUE(plan);
  EXPECT_EQ(plan->hold, Hold::one);
  EXPECT_TRUE(plan->use.low_memory);
  EXPECT_THAT(machine.said.notes,
              ElementsAre(HasSubstr("one model at a time"), HasSubstr("--low-memory")));
}

TEST(MemoryPlan, is_refused_where_one_model_does_not_fit) {
  Machine machine(1000000);
  const auto refused = machine.plan();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, "MEMORY-001");
  EXPECT_EQ(refused.error().kind, Kind::input);
  EXPECT_EQ(refused.error().found, "1.0 MB");
  EXPECT_THAT(refused.error().advice, HasSubstr("Take a machine with"));
}

TEST(MemoryPlan, names_the_option_that_makes_it_fit) {
  const auto plan_of = [](std::int64_t free) {
    Machine machine(free);
    machine.request.low_memory = true;
    machine.request.settings.ctx_size = 2048;  // 20 windows of it are over 32 MiB
    return machine.plan();
  };
  const auto fits = plan_of(std::int64_t{1} << 50);
  ASSERT_TRUE(fits);
  EXPECT_GT(fits->references, std::int64_t{32} << 20);
  const auto refused = plan_of(fits->use.needed - 1);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().advice, "Give --reference-memory 32.");
}

}  // namespace
}  // namespace qualm::commands
