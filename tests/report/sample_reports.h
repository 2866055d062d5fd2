// Reports small enough to read that use every field. What is measured or concluded is made by the
// code that measures and concludes, of made-up models: no sentence is here that none produces.
#pragma once

#include "report/report.h"

namespace qualm::report::testing {

/// Made at first use: many tests read the same sample.
template <class Make>
const auto& once(Make make) {
  static const auto kMade = make();
  return kMade;
}

[[nodiscard]] Tool sample_tool();
[[nodiscard]] engine::Settings sample_settings();
[[nodiscard]] ModelCard tiny_f16();
[[nodiscard]] ModelCard tiny_q2();
[[nodiscard]] ModelCard tiny_q8();

/// Two candidates, one with logits that are no numbers, its caches, one --fail-if.
[[nodiscard]] MeasureReport measure_sample();
/// One candidate with --kv.
[[nodiscard]] MeasureReport measure_cache_grid();
/// Stopped after one window: most metrics are absent.
[[nodiscard]] MeasureReport measure_without_intervals();

/// Quant type too aggressive, a cache that contributes, texts that repeat themselves.
[[nodiscard]] DiagnoseReport diagnose_sample();
/// It was also asked whether the loss grows with the context.
[[nodiscard]] DiagnoseReport diagnose_out_of_time();  ///< after one window
[[nodiscard]] DiagnoseReport diagnose_healthy();
/// It repeats itself, and so does the original.
[[nodiscard]] DiagnoseReport diagnose_symptom();
[[nodiscard]] DemoReport demo_sample();
[[nodiscard]] DiagnoseReport diagnose_cache();
/// An embedding with fewer bits than the rest.
[[nodiscard]] DiagnoseReport diagnose_class();
/// Another rope base and another chat template.
[[nodiscard]] DiagnoseReport diagnose_files();
/// No original: nothing could be run.
[[nodiscard]] DiagnoseReport diagnose_file_only();

/// No original: its weights are estimated.
[[nodiscard]] DiagnoseReport diagnose_estimated();
/// The original by a reference pack.
[[nodiscard]] DiagnoseReport diagnose_by_pack();
[[nodiscard]] DiagnoseReport diagnose_served();
[[nodiscard]] PackReport pack_sample();
[[nodiscard]] PlanReport plan_sample();

[[nodiscard]] InspectReport inspect_sample();
/// Names with control characters, markup and bytes that are no UTF-8.
[[nodiscard]] InspectReport inspect_hostile();
/// A quant of the base model, two of its matrices in each other's place, tensors on one side only.
[[nodiscard]] CompareReport compare_sample();
/// A model against itself, no base model.
[[nodiscard]] CompareReport compare_equal();
/// One healthy control, one case with two causes, one that was diagnosed wrong, one not made.
[[nodiscard]] ClinicReport clinic_sample();
[[nodiscard]] ErrorReport error_sample();

/// An original, a quantized model that has it, one with a pack, one that cannot be read.
[[nodiscard]] ModelsReport models_sample();
/// Two models by name, one of which a store has its own settings for.
[[nodiscard]] std::vector<NamedModel> named_sample();

}  // namespace qualm::report::testing
