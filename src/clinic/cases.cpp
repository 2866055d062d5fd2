#include "clinic/cases.h"

#include <fmt/format.h>

namespace qualm::clinic {
namespace {

using Cases = std::vector<ClinicCase>;

ClinicCase control(const std::string& mix, const std::string& cache = "f16") {
  ClinicCase one{
      .name = fmt::format("healthy/{}{}", mix, cache == "f16" ? "" : " + " + cache + " cache"),
      .mix = mix};
  one.type_k = one.type_v = cache;
  return one;
}

ClinicCase tier(const std::string& mix, const std::string& calibrated_on = "") {
  ClinicCase one{.name = "tier/" + mix, .mix = mix, .calibrated_on = calibrated_on};
  one.cause = "tier";
  return one;
}

ClinicCase cache(const std::string& mix, const std::string& k, const std::string& v) {
  ClinicCase one{.name = fmt::format("cache/{} + {}/{}", mix, k, v), .mix = mix};
  one.type_k = k;
  one.type_v = v;
  one.cause = "kv_cache";
  return one;
}

ClinicCase crushed(const std::string& mix, const std::string& tensors, const std::string& type) {
  ClinicCase one{.name = fmt::format("architecture/{} with {} {}", mix, tensors, type),
                 .mix = mix,
                 .overrides = {{tensors + (tensors == "token_embd" ? ".weight" : ""), type}}};
  one.cause = "architecture";
  return one;
}

ClinicCase fault(const std::string& name, Edit edit, const std::string& mix = "Q8_0") {
  ClinicCase one{.name = "files/" + name, .mix = mix, .edit = edit};
  one.cause = "not_quant";
  return one;
}

ClinicCase both(ClinicCase one, const std::string& k, const std::string& v,
                const std::string& name) {
  one.name = "two/" + name;
  one.type_k = k;
  one.type_v = v;
  one.also = "kv_cache";
  return one;
}

void add_controls(Cases& all) {
  for (const char* mix : {"F16", "BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1"})
    all.push_back(control(mix));
  for (const char* mix : {"F16", "Q8_0", "Q6_K", "Q5_K_M"}) all.push_back(control(mix, "q8_0"));
  all.push_back(control("Q6_K", "q8_0"));
  all.back().name = "healthy/Q6_K + q8_0/f16 cache";
  all.back().type_v = "f16";
  for (const Edit edit : {Edit::padded_vocabulary, Edit::folded}) {
    all.push_back(control("Q8_0"));
    all.back().name +=
        edit == Edit::folded ? " with scales in the norms" : " with a padded vocabulary";
    all.back().edit = edit;
  }
  all.push_back(control("Q6_K"));
  all.back().name += " with a padded vocabulary";
  all.back().edit = Edit::padded_vocabulary;
  for (const char* text : {"languages.txt", "code.txt", "numbers.txt"})
    for (const char* mix : {"Q8_0", "Q6_K"}) {
      all.push_back(control(mix));
      all.back().name += std::string(" on ") + text;
      all.back().text = text;
    }
  all.push_back(control("Q5_K_M"));
  all.back().name += " calibrated on prose";
  all.back().calibrated_on = "frankenstein.txt";
  all.push_back(control("Q6_K"));
  all.back().name += " with token_embd q8_0";
  all.back().overrides = {{"token_embd.weight", "q8_0"}};
  ClinicCase floor = control("Q4_K_M");
  floor.or_as = {"tier"};
  floor.why =
      "the floor itself: its own kld decides, and 1 % of perplexity may be passed by a text";
  all.push_back(floor);
  ClinicCase hard = control("Q4_K_M");
  hard.name += " of a hard model";
  hard.source = hard.baseline = Stock::hard;
  hard.line = Line::own;
  all.push_back(hard);
}

void add_tiers(Cases& all) {
  for (const char* mix : {"Q4_0", "Q3_K_M", "Q3_K_S", "Q2_K"}) all.push_back(tier(mix));
  for (const char* mix : {"Q4_K_S", "Q3_K_L"}) all.push_back(tier(mix));
  all.back().or_as = {"architecture"};
  all.back().why = "it gives gate and up two thirds of the bits of the rest";
  all.push_back(tier("Q2_K"));
  all.back().name += " on languages.txt";
  all.back().text = "languages.txt";
  all.push_back(tier("Q3_K_S"));
  all.back().name += " of the fine-tune";
  all.back().source = all.back().baseline = Stock::finetune;
  for (const char* mix : {"Q2_K_S", "IQ3_XXS", "IQ2_S", "IQ3_S"}) {
    all.push_back(tier(mix, "frankenstein.txt"));
    all.back().or_as = {"architecture"};
    all.back().why = "its recipe gives some classes far fewer bits than others";
  }
}

void add_caches(Cases& all) {
  all.push_back(cache("Q8_0", "q4_0", "q4_0"));
  all.push_back(cache("Q8_0", "q4_0", "f16"));
  all.push_back(cache("Q8_0", "f16", "q4_0"));
  all.push_back(cache("Q6_K", "q4_0", "q4_0"));
  all.push_back(cache("Q6_K", "q4_1", "q4_1"));
  all.push_back(cache("Q8_0", "q5_1", "q5_1"));
  all.push_back(cache("Q8_0", "q4_0", "q8_0"));
  all.push_back(cache("F16", "q4_0", "q4_0"));
  all.push_back(cache("Q5_K_M", "q4_1", "q5_0"));
}

void add_classes(Cases& all) {
  all.push_back(crushed("Q8_0", "token_embd", "q2_K"));
  all.push_back(crushed("Q6_K", "token_embd", "q2_K"));
  all.push_back(crushed("Q6_K", "token_embd", "q3_K"));
  all.push_back(crushed("Q8_0", "ffn_down", "q2_K"));
  all.push_back(crushed("Q6_K", "attn_v", "q2_K"));
  all.push_back(crushed("Q8_0", "attn_k", "q2_K"));
  all.push_back(crushed("Q8_0", "attn_output", "q2_K"));
  all.push_back(crushed("Q6_K", "ffn_gate", "q2_K"));
}

void add_calibrations(Cases& all) {
  for (const char* mix : {"IQ2_S", "Q2_K"}) {
    ClinicCase one{.name = fmt::format("calibration/{} of code on prose", mix),
                   .mix = mix,
                   .calibrated_on = "code.txt"};
    one.cause = "tier";
    one.or_as = {"calibration"};
    one.why = "the tier is too low whatever it is calibrated on; the share decides the rest";
    all.push_back(one);
  }
  ClinicCase other{.name = "calibration/IQ3_XXS of prose on languages",
                   .mix = "IQ3_XXS",
                   .calibrated_on = "frankenstein.txt",
                   .text = "languages.txt"};
  other.cause = "tier";
  other.or_as = {"calibration", "architecture"};
  other.why = "the same, and its recipe gives some classes far fewer bits than others";
  all.push_back(other);
  ClinicCase misled{.name = "calibration/IQ4_XS of the least used inputs",
                    .mix = "IQ4_XS",
                    .calibrated_on = "frankenstein.txt",
                    .edit = Edit::misled};
  misled.cause = "calibration";
  all.push_back(misled);
}

void add_origins(Cases& all) {
  for (const char* mix : {"Q8_0", "Q4_K_M"}) {
    ClinicCase one{.name = fmt::format("origin/{} of the base", mix), .mix = mix};
    one.baseline = Stock::finetune;
    one.base_model = true;
    one.cause = "provenance";
    all.push_back(one);
  }
  ClinicCase merge{.name = "origin/Q8_0 of a merge", .edit = Edit::half_merge};
  merge.baseline = Stock::finetune;
  merge.base_model = true;
  merge.cause = "provenance";
  all.push_back(merge);
  ClinicCase low{.name = "origin/Q2_K of the base", .mix = "Q2_K"};
  low.baseline = Stock::finetune;
  low.base_model = true;
  low.cause = "provenance";
  low.also = "tier";
  all.push_back(low);
  ClinicCase better{.name = "origin/Q8_0 of the fine-tune given as the base",
                    .source = Stock::finetune};
  better.cause = "provenance";  // its perplexity is far below the baseline's, its kld far above
  all.push_back(better);
  ClinicCase twice{.name = "origin/Q8_0 of the Q2_K", .edit = Edit::through_q2_k};
  twice.cause = "provenance";
  all.push_back(twice);
}

void add_traces(Cases& all) {
  for (const Edit edit : {Edit::through_q4_0, Edit::through_nf4}) {
    ClinicCase again{.name = fmt::format("origin/Q8_0 of {}",
                                         edit == Edit::through_q4_0 ? "the Q4_0" : "an NF4"),
                     .edit = edit};
    again.cause = "provenance";
    all.push_back(again);
  }
  for (const char* mix : {"Q8_0", "Q4_K_M"}) {
    ClinicCase missing{.name = fmt::format("origin/{} without the LoRA", mix),
                       .source = Stock::finetune,
                       .mix = mix,
                       .edit = Edit::lora_missing};
    missing.baseline = Stock::finetune;
    missing.cause = "provenance";
    all.push_back(missing);
  }
  for (const char* mix : {"Q8_0", "Q5_K_M"}) {
    ClinicCase right{.name = fmt::format("healthy/{} of the fine-tune", mix),
                     .source = Stock::finetune,
                     .mix = mix};
    right.baseline = Stock::finetune;
    right.base_model = true;
    all.push_back(right);
  }
}

void add_faults(Cases& all) {
  all.push_back(fault("chat template", Edit::chat_template));
  all.push_back(fault("token scores", Edit::token_scores));
  all.push_back(fault("zeroed block", Edit::zeroed_block));
  all.push_back(fault("rope base", Edit::rope_base));
  all.push_back(fault("NaN scale", Edit::nan_scale));
  all.push_back(fault("zeroed block in Q4_K_M", Edit::zeroed_block, "Q4_K_M"));
  all.push_back(fault("last norm", Edit::sharpened));
  all.push_back(fault("exchanged layers in Q4_K_M", Edit::exchanged, "Q4_K_M"));
  all.push_back(fault("unpermuted heads", Edit::unpermuted));
  all.push_back(fault("one matrix times 1.5", Edit::rescaled));
  all.push_back(fault("no BOS token", Edit::no_bos));
  all.push_back(fault("another EOS token", Edit::other_eos));
  all.push_back(fault("epsilon of the norms", Edit::norm_epsilon));
  all.push_back(fault("tail of zeros", Edit::zero_tail));
  all.push_back(fault("tail of zeros in Q4_K_M", Edit::zero_tail, "Q4_K_M"));
  all.push_back(fault("rows of one value", Edit::constant_rows));
  all.push_back(fault("a weight of 1e5", Edit::huge_weight));
  all.push_back(fault("exchanged norms", Edit::exchanged_norms));
}

void add_pairs(Cases& all) {
  all.push_back(both(tier("Q2_K"), "q4_0", "q4_0", "Q2_K + q4_0/q4_0"));
  all.push_back(both(tier("Q3_K_S"), "q4_0", "q4_0", "Q3_K_S + q4_0/q4_0"));
  all.push_back(both(tier("Q3_K_M"), "q4_0", "f16", "Q3_K_M + q4_0/f16"));
  all.push_back(
      both(crushed("Q6_K", "token_embd", "q2_K"), "q4_0", "q4_0", "token_embd q2_K + q4_0/q4_0"));
  ClinicCase low = crushed("Q3_K_S", "token_embd", "q2_K");
  low.name = "two/Q3_K_S with token_embd q2_K";
  low.cause = "tier";
  low.also = "architecture";
  low.or_as = {"architecture"};
  low.why = "both were put in, and which is the larger is for the shares to say";
  all.push_back(low);
}

void add_mixtures(Cases& all) {
  const auto of_moe = [&](ClinicCase one, const std::string& name) {
    one.name = "moe/" + name;
    one.source = one.baseline = Stock::moe;
    all.push_back(one);
  };
  of_moe(control("Q8_0"), "healthy Q8_0");
  of_moe(control("Q6_K"), "healthy Q6_K");
  of_moe(control("Q8_0", "q8_0"), "healthy Q8_0 + q8_0 cache");
  ClinicCase folded = control("Q8_0");
  folded.edit = Edit::folded;
  of_moe(folded, "healthy Q8_0 with scales in the norms");
  of_moe(fault("", Edit::folded_without_router), "scales in the norms, not in the router");
  of_moe(fault("", Edit::exchanged_experts), "exchanged experts");
  of_moe(fault("", Edit::other_expert_order, "Q5_K_M"), "another order of the experts");
  of_moe(fault("", Edit::zeroed_router), "router of zeros");
  of_moe(cache("Q8_0", "q4_0", "q4_0"), "cache q4_0/q4_0");
  of_moe(crushed("Q8_0", "token_embd", "q2_K"), "token_embd q2_K");
  of_moe(tier("Q2_K"), "tier Q2_K");
  of_moe(tier("Q3_K_M"), "tier Q3_K_M");
  of_moe(crushed("Q8_0", "_exps", "q2_K"), "experts q2_K");
  ClinicCase router{.name = "", .edit = Edit::crushed_router};
  router.cause = "architecture";
  of_moe(router, "router Q2_K");
  for (const char* mix : {"Q8_0", "Q5_K_M"}) {
    ClinicCase crushed_before{.name = "", .mix = mix, .edit = Edit::crushed_expert};
    crushed_before.cause = "provenance";
    if (crushed_before.mix == "Q8_0") {
      crushed_before.or_as = {"cannot_tell"};
      crushed_before.why = "what it loses lies on the line itself";
    }
    of_moe(crushed_before, fmt::format("{} of an expert that was Q2_K", mix));
  }
  ClinicCase starved{.name = "",
                     .mix = "Q4_K_M",
                     .calibrated_on = "frankenstein.txt",
                     .edit = Edit::unseen_expert};
  starved.cause = "calibration";
  of_moe(starved, "Q4_K_M with an expert unseen in calibration");
}

}  // namespace

std::span<const ClinicCase> clinic_cases() {
  static const Cases kAll = [] {
    Cases all;
    for (const auto add : {add_controls, add_tiers, add_caches, add_classes, add_calibrations,
                           add_origins, add_traces, add_faults, add_pairs, add_mixtures})
      add(all);
    return all;
  }();
  return kAll;
}

std::string made_so(const ClinicCase& one) {
  std::string text = one.mix;
  if (one.source == Stock::hard) text += " of the base with outliers in its inputs";
  for (const auto& [tensors, type] : one.overrides)
    text += fmt::format(", {} as {}", tensors, type);
  if (!one.calibrated_on.empty()) text += ", calibrated on " + one.calibrated_on;
  constexpr const char* kEdits[] = {"",
                                    "another chat template",
                                    "token scores reversed",
                                    "4096 bytes zeroed",
                                    "rope base times 100",
                                    "a NaN scale",
                                    "the routers as Q2_K",
                                    "made from a 50/50 merge",
                                    "one expert was Q2_K before",
                                    "the last norm times 1.2",
                                    "the importance matrix favours the inputs the model uses least",
                                    "the importance matrix has no data for one expert",
                                    "made from a Q2_K",
                                    "layers 2 and 3 exchanged",
                                    "queries and keys not permuted",
                                    "a matrix times 1.5",
                                    "without the BOS token",
                                    "another EOS token",
                                    "the epsilon of the norms times 1000",
                                    "the last quarter of the file is zeros",
                                    "a matrix with one value per row",
                                    "one weight times 1e5",
                                    "a router of zeros",
                                    "two norms exchanged",
                                    "experts 0 and 1 of layer 1 exchanged",
                                    "experts 0 and 1 of all layers exchanged",
                                    "scales folded into the norms",
                                    "scales folded into the norms, but not undone in the router",
                                    "the vocabulary padded by 64 tokens",
                                    "queries and values of the base",
                                    "made from a Q4_0",
                                    "made from an NF4"};
  if (one.edit != Edit::none)
    text += fmt::format(", {}", kEdits[static_cast<std::size_t>(one.edit)]);
  if (one.type_k != "f16" || one.type_v != "f16")
    text += fmt::format(", {}/{} cache", one.type_k, one.type_v);
  if (one.line == Line::own) text += ", judged by qualm's own limit";
  return text;
}

std::string list_of_cases(const std::string& only) {
  std::string text;
  for (const ClinicCase& one : clinic_cases())
    if (one.name.find(only) != std::string::npos)
      text += fmt::format("{:<48} {}\n", one.name, made_so(one));
  return text;
}

}  // namespace qualm::clinic
