#include "report/glossary.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "diagnose/checks.h"
#include "evaluate/noise_floor.h"
#include "numeric/level.h"

namespace qualm::report {
namespace {

/// Lower case, with one blank between parts.
std::string plain(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool gap = c == '_' || c == '-' || c == ' ';
    if (gap && (out.empty() || out.back() == ' ')) continue;
    out += gap ? ' ' : static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  while (out.ends_with(' ')) out.pop_back();
  return out;
}

Section answers() {
  return {"Answers",
          {{"OK", "Check 0: the files do not differ in anything that matters."},
           {"NO", "Check 0: the file has a fault, or it differs from the original."},
           {"cause", "The main cause of the loss."},
           {"contributes", "A cause of the loss as well, but not the main one."},
           {"cleared", "Examined, and not a cause."},
           {"not_examined", "Not looked at: the report says what to give. It does not mean fine."},
           {"cannot_tell", "Looked at, but the text or the files are not enough to decide."},
           {"none_found",
            "No check found a cause. The loss was estimated, since the original was "
            "not given; a healthy verdict needs the original."},
           {"healthy", "No check found a cause, and the loss on this text is below the threshold."},
           {"problem", "A cause was found, or the loss is above the threshold. Exit code 1."},
           {"worse", "Of a symptom: certainly worse than in the original's texts."},
           {"shared",
            "Of a symptom: the original shows it too, and the candidate not significantly more: "
            "quantization does not cause it. "
            "\"F16 too\": there is no original, and the same weights with an F16 cache show it.",
            {"original too", "F16 too"}},
           {"alike",
            "Of a symptom: not significantly worse than in the original's texts.",
            {"not worse"}},
           {"no_control",
            "Of a symptom: no verdict, since there is no such figure of an original.",
            {"not compared"}},
           {"PASS", "The condition of --fail-if certainly does not hold."},
           {"FAIL", "The condition of --fail-if certainly holds, or logits are NaN. Exit code 1."},
           {"DAMAGED", "Weights of the file are NaN, infinite, zero or out of range."},
           {"MISMATCHED", "The tensor does not have the values that the original has there."},
           {"QUANT OF ...",
            "Whose weights the file has: the original's, the base model's, a merge's of both, or "
            "neither's.",
            {"quant of the original", "quant of the base model", "quant of a merge",
             "quant of neither"}}}};
}

Section terms() {
  return {
      "Terms",
      {{"original", "The unquantized model that MODEL was made from (--baseline).", {"baseline"}},
       {"candidate", "The quantized model that is examined.", {"model", "this model"}},
       {"grade",
        "How large a KLD is: lossless, very small, small, noticeable, large or broken.",
        {"grades", "lossless", "very small", "small", "noticeable", "large", "broken"}},
       {"acceptable",
        "Whether the loss is certainly below its threshold. --accept sets another one.",
        {"accept", "you accept"}},
       {"excess_over_type",
        "KLD over that of round-to-nearest of the original in the same types. Over 1.5 the file "
        "was not made well."},
       {"runtime_share",
        "KLD that this device adds: kernels for quantized weights round activations too."},
       {"base model", "The model that the original was fine-tuned from (--base-model)."},
       {"interval",
        fmt::format(
            "[low, high] behind a number: its interval, {:.4g} %. After an early stop of diagnose "
            "it is {:.4g} % for the metric that decided: KLD, or that of --accept.",
            100 * numeric::kConfidence, 100 * diagnose::kCheckConfidence),
        {"[low, high]", "confidence interval"}},
       {"threshold", "The limit that decides whether a loss is acceptable."},
       {"significant", "The interval of the difference does not contain 0.", {"not significant"}},
       {"share", "The part of the loss that one cause explains.", {"of the loss"}},
       {"noise_floor",
        fmt::format("KLD between two runs of the same model with different kernels. A KLD under "
                    "{:.0f} times the noise floor cannot be distinguished from 0 on this machine.",
                    evaluate::kFloors)},
       {"window", "A piece of the text that the model reads at once (-c tokens).", {"windows"}},
       {"selection", "Windows of the text that are used to choose a fix."},
       {"holdout", "Windows of the text that did not choose the fix. They test it."},
       {"round-to-nearest",
        "Quantization without calibration: each weight is rounded to the "
        "nearest value.",
        {"RTN"}},
       {"calibration", "A text tells the quantizer which weights matter most."},
       {"importance matrix", "The file of a calibration for llama-quantize.", {"imatrix"}},
       {"quant type", "A type of llama-quantize such as Q4_K_M; it sets the types of all tensors."},
       {"KV cache",
        "What the model keeps of the tokens it has read: keys (K), values (V).",
        {"cache", "K", "V"}},
       {"greedy", "Always taking the most likely token."},
       {"sampled", "Taking a token at random, likely ones more often."},
       {"libllama", "The library of llama.cpp that runs the models."}}};
}

/// Headings of tables, as measure, inspect and diagnose print them.
Section headings() {
  return {"Columns",
          {{"bpw", "Bits per weight.", {"bits per weight"}},
           {"class", "Tensors with the same role in all layers, such as attn_q."},
           {"error",
            "How far rounding moved the weights, relative to their size, estimated from "
            "the file alone."},
           {"type", "How the weights are stored.", {"types"}},
           {"size", "Bytes in the file."},
           {"memory", "Bytes of the KV cache."},
           {"text", "The text that was read."},
           {"tensor", "A matrix or vector of weights.", {"tensors"}},
           {"weights", "How many numbers the tensors hold.", {"weight"}},
           {"layer", "The number of a layer of the model."},
           {"tokens", "How many positions were scored."},
           {"position", "The number of a token in its window."},
           {"original's top probability",
            "Positions sorted by the probability that the original gives to its most likely "
            "token."},
           {"K \\ V",
            "Rows: type of the K cache; columns: type of the V cache. The value is the "
            "KLD against an F16 cache."},
           {"above noise from", "First position where the KLD is above the noise floor."},
           {"file", "Bytes of the model's file."},
           {"with cache", "Bytes of the file and of the KV cache together."},
           {"limit kept",
            "Its loss is certainly under the limit: that of --pick, of --accept, or of qualm.",
            {"yes, smallest"}},
           {"yours", "The model that is diagnosed. The others were made from the original."},
           {"fits", "File and cache together fit into the memory (--memory)."},
           {"before", "Measured with the model as it is."},
           {"after", "Measured with the fix."}}};
}

Section comparing() {
  return {"Comparing weights",
          {{"rel. error",
            "Size of the difference of the weights, relative to the original's weights.",
            {"relative error"}},
           {"SQNR",
            "Signal to quantization noise ratio of the weights, in dB: more is better.",
            {"SQNR dB"}},
           {"cosine", "Cosine of the angle between the weights and the original's: 1 is equal."},
           {"half step",
            "Share of the weights within half a rounding step of the original's. Round-to-nearest "
            "of the "
            "original gives nearly 100 %.",
            {"within half step", "step test"}},
           {"ideal bits",
            "Bits per weight that the best possible encoding would need for this error.",
            {"eff. bits"}},
           {"error share", "Part of the whole squared error.", {"share of error"}},
           {"largest error", "The largest difference of one weight."},
           {"alpha",
            "Share of the fine-tuning that is in the weights: 1 is the original, 0 the base "
            "model."},
           {"delta", "Difference of original and base model, relative to the weights."},
           {"residual", "Part of the squared weights that the original does not explain."},
           {"gain", "Factor between the weights and the original's; 1 where nothing was scaled."}}};
}

Section clinic() {
  return {"The clinic",
          {{"case", "A model with a known fault."},
           {"real loss", "The loss measured on other windows: above or below the threshold."},
           {"above", "The loss is certainly above the threshold."},
           {"below", "The loss is certainly below the threshold."},
           {"not_separated", "The loss is not certainly above or below the threshold."},
           {"found", "What the diagnosis named."},
           {"put in \\ found", "Rows: the cause that was put in; columns: what was found."},
           {"true cause", "The cause that was put in."},
           {"made as", "Quant type and cache of the case."},
           {"answer", "The answer of the diagnosis."},
           {"right", "The diagnosis named the true cause."},
           {"wrong", "It did not, or it missed a cause, or it blamed a check without reason."},
           {"MISSED", "Causes that were put in and not named."},
           {"FALSE", "Causes that were named and not put in."},
           {"truth", "The share as measured on other windows."},
           {"DIFFERENT", "The intervals of the two shares do not overlap."},
           {"seconds", "Time of the diagnosis."},
           {"shares", "The share of each cause that was found, beside the true share."}}};
}

Section classes() {
  return {"Classes of tensors",
          {{"token_embd", "The embedding: one row per token.", {"the embedding"}},
           {"attn_q",
            "Attention: queries. attn_k: keys, attn_v: values, attn_qkv: all three in one.",
            {"attn_k", "attn_v", "attn_qkv", "attn_q+k"}},
           {"attn_output", "Attention: the matrix after it."},
           {"ffn_up",
            "Feed-forward: the first matrices. ffn_down: the last one.",
            {"ffn_gate", "ffn_down", "ffn_gate+up"}},
           {"router", "Chooses the experts of a token (mixture of experts)."},
           {"experts", "Feed-forward matrices of which a token uses a few.", {"shared_experts"}},
           {"ssm", "State-space layers, as in Mamba."},
           {"norm", "Scales of the normalizations; usually not quantized.", {"norms"}},
           {"bias", "Numbers that are added; usually not quantized."},
           {"output", "The output matrix (lm_head): one row per token.", {"lm_head"}},
           {"tied", "The embedding is the output matrix as well."},
           {"other", "Every other tensor."}}};
}

Section risks() {
  return {
      "Risks (inspect)",
      {{"wrong_container", "The runtime of --runtime does not load this format."},
       {"not_a_language_model", "The file is something else, such as an encoder or an adapter."},
       {"pre_tokenizer_missing", "llama.cpp will split text by its default rule."},
       {"pre_tokenizer_of_another_family", "Text reaches the model as other tokens."},
       {"special_token_unknown", "A special token has an id that the vocabulary does not have."},
       {"template_of_another_family", "The chat template is for another kind of model."},
       {"turn_marks_no_tokens", "The chat template marks turns with text that is no token."},
       {"end_of_turn_no_end_token", "Some runtimes will not stop at the end of an answer."},
       {"template_begins_no_answer", "The chat template does not begin the answer."},
       {"template_missing", "A chat model without a chat template."},
       {"begin_token_twice", "A prompt begins with two begin tokens."},
       {"template_fails", "The chat template cannot be rendered for an ordinary conversation."},
       {"template_drops_message", "A message of the conversation is not in the rendered prompt."},
       {"template_hides_roles", "The prompt does not show who speaks."},
       {"rope_base_default", "The rope base is 10000, and models like this have another one."},
       {"rope_original_context_missing",
        "The rope is scaled, and the file does not say from which context."},
       {"rope_context_too_long", "The context is longer than this rope base is known to serve."},
       {"below_floor", "So few bits per weight that a loss is likely."},
       {"below_q4_k_m", "Fewer bits per weight than Q4_K_M."},
       {"imatrix_not_recorded", "Few bits, and the file names no importance matrix."},
       {"type_replaced",
        "llama-quantize stored another type, because the rows are no multiple of 256 weights."},
       {"label_disagrees", "The type that the file names is not the one of most weights."},
       {"k_bias", "Keys have a bias. A large one makes a quantized K cache lose precision."},
       {"k_head_size", "The size of the heads does not allow a quantized K cache."},
       {"v_head_size", "The size of the heads does not allow a quantized V cache."},
       {"attention_sinks", "Such models lose much with a quantized cache."},
       {"tied_embedding_low",
        "The embedding is the output matrix and has few bits.",
        {"tied_embedding_crushed"}},
       {"router_quantized", "The router is quantized. Converters leave it in F32."},
       {"quant_of_a_quant", "The name tells of another quantizer that the file was made from."},
       {"provenance_unknown", "The file does not say which model it was made from."},
       {"weights_rotated", "The weights are rotated and cannot be compared one by one."},
       {"activations_quantized",
        "The runtime quantizes activations too. qualm runs the weights alone."}}};
}

Section evidence_of_loss() {
  return {"Evidence of losses (diagnose -v)",
          {{"bits_per_weight", "Bits per weight of the file."},
           {"estimated_error*", "Quantization error, estimated from the file alone."},
           {"excess_over_steps",
            "With a pack: the KLD divided by what rounding to the steps in the file usually costs, "
            "which is estimated."},
           {"floor_kld_mean", "KLD of Q4_K_M made from the original."},
           {"right_model_kld_mean", "KLD of the candidate's type made from the original."},
           {"recovered_by_*", "How much lower the KLD is with this larger type."},
           {"share_ln_ppl", "Share of the change of ln perplexity."},
           {"k_alone_kld_mean", "KLD with only the K cache quantized.", {"v_alone_kld_mean"}},
           {"kld_mean_from_*", "KLD from this position of the window on."},
           {"line_kld_mean", "The threshold of the cache: KLD of a type made from the original."},
           {"grid_*", "KLD of candidate's or original's weights, with or without the cache."},
           {"restored_*", "Part of the loss that goes away when this class is restored."},
           {"kld_mean_*", "KLD on this text."},
           {"floor_kld_mean_*", "KLD of Q4_K_M made from the original, on this text."},
           {"free_kld_mean_*", "KLD of round-to-nearest on this text."},
           {"interaction_*", "How much worse the calibration fits this text than prose."},
           {"domains", "Kinds of text, such as prose and code."},
           {"reference_error",
            "How far the kept distributions of the original move the KLD, on two windows.",
            {"kept distributions", "exact ones"}},
           {"counterpart", "The round-to-nearest model that the candidate is compared with."},
           {"alternative", "Change of the KLD with another calibration at the same bits."},
           {"imatrix_coverage", "How much the importance matrix misses.", {"imatrix_gap"}},
           {"ppl_below_baseline", "The perplexity is below the original's: an anomaly."}}};
}

Section evidence_of_files() {
  return {"Evidence of files and origin (diagnose -v)",
          {{"split", "How both tokenizers split the same text.", {"split_ppl"}},
           {"symptom_*", "The symptom in the texts of the original."},
           {"positions_lost", "Positions where the candidate has no finite logits."},
           {"quantized_activations", "The runtime quantizes the layers' inputs too."},
           {"static_activation_scales", "How far the file's own scales of the inputs reach."},
           {"original_in_f32", "The original run in F32: whether its own run is at fault."},
           {"lora", "The adapter that is loaded with the model (--lora)."},
           {"temperature", "Sampler settings that the user named.", {"repeat_penalty"}},
           {"unfit_cache", "A cache type that the heads of this model do not allow."},
           {"named_quantizer", "A name in the file tells of another quantizer."},
           {"nearer_to", "Whether the answers are closer to the original's or the base model's."},
           {"kld_to_*", "KLD of the weights against this model."},
           {"norms", "How many norms equal those of the original and of the base model."},
           {"chi2_per_df", "Spread of alpha between matrices, relative to their errors."},
           {"smallest_delta", "The smallest difference of two models that this test can show."},
           {"within_half_step_*", "Share of weights within half a rounding step of this model's."},
           {"residual_over_step", "Unexplained error, as a multiple of what rounding leaves."}}};
}

}  // namespace

std::vector<Section> glossary() {
  return {answers(), terms(), headings(),         comparing(),        clinic(),
          classes(), risks(), evidence_of_loss(), evidence_of_files()};
}

bool is_named(const Word& word, std::string_view asked) {
  const std::string wanted = plain(asked);
  if (word.name.ends_with('*'))
    return wanted.starts_with(plain(word.name.substr(0, word.name.size() - 1)));
  return plain(word.name) == wanted ||
         std::ranges::any_of(word.also,
                             [&](const std::string& other) { return plain(other) == wanted; });
}

}  // namespace qualm::report
