#include "experiment/memory_need.h"

#include <gtest/gtest.h>

#include "support/plain_checkpoint.h"

namespace qualm::experiment {
namespace {

constexpr std::int64_t kMebibyte = std::int64_t{1} << 20;

/// Shapes alone: no byte of these weights exists.
model::Tensor shape(const std::string& name, std::int64_t columns, std::int64_t rows,
                    const std::string& type, double bytes_per_weight) {
  model::Tensor tensor;
  tensor.name = name;
  tensor.dims = {columns, rows};
  tensor.encoding.name = type;
  tensor.bytes = static_cast<std::int64_t>(static_cast<double>(columns * rows) * bytes_per_weight);
  return tensor;
}

/// SmolLM2-135M in F16, whose buffers libllama names in its log.
model::Checkpoint smol() {
  model::Checkpoint model = test::plain_checkpoint();
  auto& m = model.metadata;
  m.set("llama.embedding_length", std::int64_t{576});
  m.set("llama.feed_forward_length", std::int64_t{1536});
  m.set("llama.block_count", std::int64_t{30});
  m.set("llama.attention.head_count", std::int64_t{9});
  m.set("llama.attention.head_count_kv", std::int64_t{3});
  model.tensors = {shape("token_embd.weight", 576, 49152, "F16", 2)};
  model.files = {{.path = "smol.gguf", .bytes = 270'885'952, .regions = {}}};
  return model;
}

// libllama 0.7 says: KV 11.25 MiB, compute 51.07 MiB; 512 rows of logits are 96 MiB.
TEST(MemoryNeed, of_a_context_is_what_libllama_allocates) {
  const ModelNeed need = need_of_model(smol(), {}, RunsAs::file, KeptTwice::repacked);
  EXPECT_EQ(need.weights, 270'885'952);
  EXPECT_NEAR(static_cast<double>(need.context) / kMebibyte, 11.25 + 51.07 + 96, 1);
}

TEST(MemoryNeed, counts_what_ggml_stores_a_second_time) {
  model::Checkpoint model = smol();
  const auto plain = need_of_model(model, {}, RunsAs::file, KeptTwice::repacked).weights;
  model.tensors.push_back(shape("blk.0.ffn_up.weight", 576, 1536, "Q4_0", 18.0 / 32));
  EXPECT_EQ(need_of_model(model, {}, RunsAs::file, KeptTwice::repacked).weights - plain,
            576 * 1536 / 32 * 18);
}

// Llama of 1.5e9 weights in F16, 3.0 GB: strace sees one buffer of 2471 MB beside the mapped file.
TEST(MemoryNeed, counts_what_amx_kernels_store_a_second_time) {
  model::Checkpoint model = smol();
  model.tensors.push_back(shape("blk.0.ffn_up.weight", 576, 1536, "F16", 2));
  model.tensors.push_back(shape("blk.0.ffn_gate.weight", 576, 1536, "Q2_K", 84.0 / 256));
  const auto plain = need_of_model(model, {}, RunsAs::file, KeptTwice::repacked).weights;
  EXPECT_EQ(need_of_model(model, {}, RunsAs::file, KeptTwice::amx).weights - plain, 576 * 1536 * 2);
  const auto floats = need_of_model(model, {}, RunsAs::floats, KeptTwice::repacked).weights;
  EXPECT_EQ(need_of_model(model, {}, RunsAs::floats, KeptTwice::amx).weights - floats,
            2 * 576 * 1536 * 2);
  EXPECT_EQ(need_of_made(model, KeptTwice::amx),
            need_of_model(model, {}, RunsAs::floats, KeptTwice::amx).weights);
}

TEST(MemoryNeed, without_second_copies_is_the_file) {
  model::Checkpoint model = smol();
  const auto plain = need_of_model(model, {}, RunsAs::file, KeptTwice::none).weights;
  model.tensors.push_back(shape("blk.0.ffn_up.weight", 576, 1536, "Q4_0", 18.0 / 32));
  EXPECT_EQ(need_of_model(model, {}, RunsAs::file, KeptTwice::none).weights, plain);
}

TEST(MemoryNeed, of_a_model_that_is_made_first_is_that_of_16_bit_floats) {
  EXPECT_EQ(need_of_model(smol(), {}, RunsAs::floats, KeptTwice::repacked).weights,
            576 * 49152 * 2);
}

TEST(MemoryNeed, of_one_model_at_a_time_is_that_of_the_larger) {
  const MemoryNeed need{.original = {.weights = 1000, .vocabulary = 1, .context = 50},
                        .candidate = {.weights = 300, .vocabulary = 1, .context = 60},
                        .made = 400,
                        .references = 7};
  EXPECT_EQ(need.total(Hold::all) - need.total(Hold::one), 300 + 50 + 1);
}

TEST(MemoryNeed, of_a_model_that_is_made_counts_where_it_is_the_largest) {
  const MemoryNeed small{.original = {.weights = 1000}, .candidate = {.weights = 300}};
  MemoryNeed made = small;
  made.made = 2000;
  EXPECT_EQ(made.total(Hold::all) - small.total(Hold::all), 2000 - 1300);
  made.making = 3000;  // beside the original, which the quantizer reads
  EXPECT_EQ(made.total(Hold::one) - small.total(Hold::one), 4000 - 1000);
}

TEST(MemoryNeed, of_what_is_kept_of_the_original_grows_with_the_windows_up_to_the_usual_number) {
  const auto all = need_of_references(smol(), {}, -1);
  EXPECT_EQ(all, std::int64_t{20} * 512 * 2080 * 8);
  EXPECT_EQ(need_of_references(smol(), {}, 1000), all);
  EXPECT_EQ(need_of_references(smol(), {}, 16), all);
  EXPECT_EQ(need_of_references(smol(), {}, 6) * 2, all);
}

}  // namespace
}  // namespace qualm::experiment
