// The clinic's cases as data: how each is made ill, how it is run, and what is then true of it.
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

namespace qualm::clinic {

/// Models that cases are made of. The hard one computes what the base does, and its quant types
/// lose much more.
enum class Stock { base, finetune, moe, hard };

/// What loss is acceptable: that of the run (--accept), or qualm's own limit for any model.
enum class Line { accepted, own };

/// What is done to a file beside quantizing it.
enum class Edit {
  none,
  chat_template,      ///< another template than the baseline's
  token_scores,       ///< the vocabulary's scores in reverse order, or its merges where it has none
  zeroed_block,       ///< 4096 bytes of the largest matrix of the layers
  rope_base,          ///< 100 times the baseline's
  nan_scale,          ///< one block scale is not a number
  crushed_router,     ///< the routers as Q2_K, which llama-quantize itself would not do
  half_merge,         ///< halfway between base and fine-tune, before it is quantized
  crushed_expert,     ///< the first expert of each layer went through Q2_K before it is quantized
  sharpened,          ///< the last norm times 1.2, before it is quantized: colder logits
  misled,             ///< a false importance matrix: only the least used input of every 32 counts
  unseen_expert,      ///< calibrated with no input seen by the first expert of each layer
  through_q2_k,       ///< all of it went through Q2_K before it is quantized
  exchanged,          ///< layers 2 and 3 in each other's place
  unpermuted,         ///< queries and keys without the permutation that rope needs in GGUF
  rescaled,           ///< one matrix times 1.5
  no_bos,             ///< texts begin without the token that the model was trained to begin with
  other_eos,          ///< answers end at another token
  norm_epsilon,       ///< of the norms, 1000 times the original's
  zero_tail,          ///< the last quarter of the file is zeros
  constant_rows,      ///< one matrix has one value per row
  huge_weight,        ///< one weight is 1e5 times the largest
  zeroed_router,      ///< of layer 1
  exchanged_norms,    ///< attn_norm and ffn_norm of layer 2 in each other's place
  exchanged_experts,  ///< experts 0 and 1 of layer 1, without the router
  other_expert_order,     ///< experts 0 and 1 of all layers, without the router
  folded,                 ///< scales moved from inputs into norms, as AWQ does it: no fault
  folded_without_router,  ///< the same, but the router still reads the unscaled norm
  padded_vocabulary,      ///< 64 tokens more, which no text uses: no fault
  lora_missing,           ///< of a fine-tune, with the base's queries and values
  through_q4_0,           ///< all of it went through Q4_0 before it is quantized
  through_nf4,            ///< the same through bitsandbytes' NF4
};

struct ClinicCase {
  std::string name;  ///< "tier/Q2_K": cause first, for --only
  Stock source = Stock::base;
  std::string mix = "Q8_0";
  std::vector<std::pair<std::string, std::string>> overrides{};  ///< as llama-quantize takes them
  std::string calibrated_on{};                                   ///< bundled corpus, or empty
  Edit edit = Edit::none;
  std::string type_k = "f16";
  std::string type_v = "f16";
  Stock baseline = Stock::base;
  bool base_model = false;  ///< --base-model is the stock's base
  std::string text{};       ///< bundled corpus it is judged on; empty: the run's text
  Line line = Line::accepted;

  std::string cause{};               ///< the principal one by construction, empty: healthy
  std::string also{};                ///< a second cause that was put in
  std::vector<std::string> or_as{};  ///< other principal causes that are right as well
  std::string why{};                 ///< why they are
};

/// Healthy controls first, then the cases of one cause after the other. A case made from the
/// fine-tune or the mixture needs that model.
[[nodiscard]] std::span<const ClinicCase> clinic_cases();

/// "Q2_K, token_embd.weight as q2_k, q4_0/f16 cache": how it was made, in words.
[[nodiscard]] std::string made_so(const ClinicCase& one);

/// One line for each case whose name contains `only`.
[[nodiscard]] std::string list_of_cases(const std::string& only);

}  // namespace qualm::clinic
