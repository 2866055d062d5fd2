#include <algorithm>
#include <nlohmann/json.hpp>

#include "diagnose/weights_in_words.h"
#include "report/document_parts.h"

namespace qualm::report {
namespace {

Json figure(const weights::Figure& figure) {
  return figure ? number(*figure) : absent(figure.error());
}

Json bits(double bytes, std::int64_t weights) {
  return weights > 0 ? number(8 * bytes / static_cast<double>(weights))
                     : absent("no weights were compared");
}

Json max_error(const weights::ErrorSums& sums, const std::string& tensor) {
  if (sums.max_row < 0) return absent("no weights were compared");
  return {{"value", number(sums.max_error)},
          {"tensor", tensor},
          {"row", sums.max_row},
          {"column", sums.max_column}};
}

/// Of the squared error of everything.
Json error_share(const weights::ErrorSums& part, const weights::ErrorSums& whole) {
  return whole.error > 0 ? number(part.error / whole.error)
                         : absent("no error: the weights are equal");
}

void add_figures(Json& json, const weights::ErrorSums& sums, const weights::ErrorSums& whole,
                 const std::string& max_tensor) {
  json["relative_error"] = figure(weights::relative_error(sums));
  json["sqnr_db"] = figure(weights::sqnr_db(sums));
  json["cosine"] = figure(weights::cosine(sums));
  json["within_half_step"] = figure(weights::within_half_step(sums));
  json["effective_bits"] = figure(weights::effective_bits(sums));
  json["error_share"] = error_share(sums, whole);
  json["max_error"] = max_error(sums, max_tensor);
  json["not_finite"] = sums.skipped;
}

Json group(const weights::Group& group, const weights::ErrorSums& whole) {
  Json json = {{"tensors", group.tensors},
               {"params", group.parameters},
               {"bpw", bits(group.model_bytes, group.parameters)},
               {"baseline_bpw", bits(group.baseline_bytes, group.parameters)}};
  add_figures(json, group.sums, whole, group.max_tensor);
  return json;
}

Json tensor(const weights::TensorComparison& tensor, const weights::ErrorSums& whole) {
  const std::int64_t count = tensor.sums.weights + tensor.sums.skipped;
  Json json = {{"name", tensor.name},
               {"class", model::class_name(tensor.tensor_class)},
               {"dims", tensor.dims},
               {"type", tensor.encoding},
               {"baseline_type", tensor.baseline_encoding},
               {"params", count},
               {"bpw", bits(tensor.model_bytes, count)}};
  add_figures(json, tensor.sums, whole, tensor.name);
  json["note"] = diagnose::in_words(tensor);
  return json;
}

Json optional_number(const std::optional<double>& value, std::string_view why) {
  return value ? number(*value) : absent(why);
}

Json optional_metric(const std::optional<numeric::Estimate>& value, std::string_view unit,
                     std::string_view why) {
  return value ? metric(*value, unit) : absent(why);
}

constexpr std::string_view kNoStep = "the step of these encodings is not known";

Json origins(const std::vector<weights::TensorOrigin>& tensors) {
  Json json = Json::array();
  for (const weights::TensorOrigin& one : tensors)
    json.push_back(
        {{"name", one.name},
         {"type", one.encoding},
         {"rows", one.rows},
         {"rows_read", one.rows_read},
         {"alpha", optional_metric(one.alpha, "1", "both models have the same, or too few rows")},
         {"gain", number(one.gain)},
         {"residual_share", number(one.residual_share)},
         {"residual_over_step", optional_number(one.residual_over_step, kNoStep)}});
  return json;
}

Json mismatched(const std::vector<weights::MismatchedTensor>& found) {
  Json json = Json::array();
  for (const weights::MismatchedTensor& one : found)
    json.push_back({{"tensor", one.tensor}, {"says", diagnose::in_words(one.mismatch)}});
  return json;
}

Json provenance(const std::optional<weights::Provenance>& found) {
  if (!found) return absent("not examined");
  const weights::UnquantizedTensors& unquantized = found->unquantized;
  return {
      {"origin", weights::to_string(found->origin)},
      {"says", diagnose::in_words(*found)},
      {"alpha", optional_metric(found->alpha, "1", "no quantized matrix differs between the two")},
      {"alpha_tensors", found->alpha_tensors},
      {"chi2_per_df", number(found->chi2_per_df)},
      {"delta", optional_number(found->delta, "no matrices in common")},
      {"smallest_delta", optional_number(found->smallest_delta, "no alpha")},
      {"residual_share", optional_number(found->residual_share, "no matrices in common")},
      {"residual_over_step", optional_number(found->residual_over_step, kNoStep)},
      {"within_half_step_of_baseline",
       optional_metric(found->within_fine_tune, "fraction", kNoStep)},
      {"within_half_step_of_base", optional_metric(found->within_base, "fraction", kNoStep)},
      {"within_difference", optional_metric(found->within_difference, "fraction", kNoStep)},
      {"kept",
       {{"baseline", unquantized.fine_tune},
        {"base", unquantized.base},
        {"both", unquantized.same},
        {"between", unquantized.between},
        {"neither", unquantized.neither},
        {"alpha", optional_number(unquantized.alpha, "no tensor lies between")}}},
      {"folded", found->unscaled},
      {"strangers", mismatched(found->mismatched)},
      {"tensors", origins(found->tensors)}};
}

Json notes(const weights::WeightComparison& weights) {
  Json json = Json::array();
  if (weights.tensors.empty())
    json.push_back(
        note("nothing_in_common", "no tensor of the model has a counterpart in the original"));
  if (weights.whole.sums.skipped > 0)
    json.push_back(
        note("not_finite", std::to_string(weights.whole.sums.skipped) +
                               " weights are NaN or infinite on one side, and not in any number"));
  if (std::ranges::any_of(weights.tensors, [](const auto& tensor) {
        return tensor.unscaled != weights::Unscaled::no;
      }))
    json.push_back(note(
        "folded_scales",
        "scales that AWQ folds into neighbouring tensors were undone before comparing (unscaled)"));
  return json;
}

}  // namespace

Json to_json(const CompareReport& report) {
  const weights::WeightComparison& weights = report.weights;
  const weights::ErrorSums& whole = weights.whole.sums;
  Json classes = Json::array(), layers = Json::array(), tensors = Json::array(),
       offenders = Json::array(), not_compared = Json::array();
  for (const auto& [tensor_class, totals] : weights.classes) {
    Json json{{"name", model::class_name(tensor_class)}};
    json.update(group(totals, whole));
    classes.push_back(std::move(json));
  }
  for (const auto& [layer, totals] : weights.layers) {
    Json json{{"layer", layer}};
    json.update(group(totals, whole));
    layers.push_back(std::move(json));
  }
  for (const auto& one : weights.tensors) tensors.push_back(tensor(one, whole));
  const auto top = std::min(weights.offenders.size(), static_cast<std::size_t>(report.top));
  for (std::size_t i = 0; i < top; ++i)
    offenders.push_back(tensor(weights.tensors[weights.offenders[i]], whole));
  for (const weights::NotCompared& one : weights.not_compared)
    not_compared.push_back({{"name", one.name}, {"says", diagnose::in_words(one)}});

  Json document = heading("compare", report.tool);
  document["model"] = card(report.model);
  document["baseline"] = card(report.baseline);
  document["base_model"] =
      report.base_model ? card(*report.base_model) : absent("none was given (--base-model)");
  document["whole"] = group(weights.whole, whole);
  document["classes"] = std::move(classes);
  document["layers"] = std::move(layers);
  document["offenders"] = std::move(offenders);
  document["provenance"] = provenance(report.provenance);
  document["tensors"] = std::move(tensors);
  document["only_in_model"] = weights.only_in_model;
  document["only_in_baseline"] = weights.only_in_baseline;
  document["not_compared"] = std::move(not_compared);
  document["weights"] =
      report.weight_map ? to_json(*report.weight_map) : absent("only for --format html");
  document["notes"] = notes(weights);
  for (const diagnose::Difference& one : report.tokenizer_differences)
    document["notes"].push_back(
        note("tokenizer_differs", one.key + " is not the original's: " + one.says));
  return document;
}

}  // namespace qualm::report
