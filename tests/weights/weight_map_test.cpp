#include "weights/weight_map.h"

#include <gtest/gtest.h>

#include "support/world.h"

namespace qualm::weights {
namespace {

TEST(WeightMap, knows_every_tensor_and_its_layer) {
  test::World world;
  Progress progress;
  const auto map = map_weights(world.candidate, &world.baseline, 1, progress);
  ASSERT_TRUE(map);
  EXPECT_TRUE(map->against_original);
  ASSERT_EQ(map->tensors.size(), world.candidate.tensors.size());
  for (std::size_t i = 0; i < map->tensors.size(); ++i) {
    EXPECT_EQ(map->tensors[i].name, world.candidate.tensors[i].name);
    EXPECT_EQ(map->tensors[i].bytes, world.candidate.tensors[i].bytes);
  }
}

}  // namespace
}  // namespace qualm::weights
