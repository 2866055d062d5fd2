// Check 0: is it the quant at all?
//
// What makes a model answer otherwise without any weight being rounded: another tokenizer,
// template, rope, shape, a damaged file. Found by comparing the files; the logits are not needed.
#include <fmt/format.h>

#include "diagnose/check.h"
#include "diagnose/metadata_difference.h"
#include "diagnose/words.h"

namespace qualm::diagnose {
namespace {

constexpr std::size_t kShown = 8;

}  // namespace

Result<CheckResult> examine_not_quant(Case& patient) {
  const Patient& given = patient.patient();
  CheckResult result;
  result.evidence = given.faults;
  if (!given.faults.empty()) {
    result.status = Status::cause;
    result.headline = given.faults.front().says;
  }
  if (!given.baseline) {
    result.needs.push_back(
        "the model it was made from (--baseline), for tokenizer, template and hyperparameters");
    if (result.headline.empty()) result.headline = "file whole";
    return result;
  }
  std::size_t faults = 0;
  std::size_t notes = 0;
  const auto found = differences(*given.candidate, *given.baseline);
  for (const Difference& difference : found) {
    ++(difference.weight == Difference::Weight::note ? notes : faults);
    if (result.evidence.size() < kShown + given.faults.size())
      result.evidence.push_back(fact(difference.key, difference.key + ": " + difference.says));
  }
  const std::size_t rest = found.size() > kShown ? found.size() - kShown : 0;
  if (rest > 0)
    result.evidence.push_back(fact("more", fmt::format("and {} more differences", rest)));

  if (faults > 0) {
    result.status = Status::cause;
    const Difference& first = found.front();
    if (given.faults.empty()) result.headline = fmt::format("{}: {}", first.key, first.says);
  } else if (given.faults.empty()) {
    result.status = Status::cleared;
    result.headline =
        notes > 0
            ? fmt::format("tokenizer, template and hyperparameters agree ({} left to a default)",
                          notes)
            : "tokenizer, template and hyperparameters equal, file whole";
  }
  return result;
}

}  // namespace qualm::diagnose
