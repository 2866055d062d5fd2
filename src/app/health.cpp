#include "app/health.h"

#include <fmt/format.h>

#include <string>

#include "codec/verify.h"

namespace qualm::app {
namespace {

constexpr std::size_t kMostFindings = 50;

std::string rows_in_words(const codec::RowList& rows) {
  return fmt::format("{} (the first: {})", rows.count, rows.first.front());
}

void add(std::vector<report::Finding>& findings, const std::string& tensor,
         const std::string& says) {
  if (findings.size() < kMostFindings) findings.push_back({"tensor " + tensor, says});
}

}  // namespace

Result<Health> examine_weights(const model::Checkpoint& checkpoint, Progress& progress) {
  Health all;
  std::int64_t done = 0;
  for (const model::Tensor& tensor : checkpoint.tensors) {
    progress.update("verifying " + checkpoint.path, done, checkpoint.tensor_bytes());
    const auto examined = codec::verify(tensor, progress);
    if (!examined && examined.error().code == "CODEC-001") continue;  // integers: no weights
    QUALM_TRY(const auto health, examined);
    if (health.not_finite.count > 0)
      add(all.damage, tensor.name,
          fmt::format("{} weights are NaN or infinite, in rows: {}", health.not_finite_weights,
                      rows_in_words(health.not_finite)));
    if (health.zero.count > 0)
      add(all.notable, tensor.name, "rows of zeros: " + rows_in_words(health.zero));
    if (health.constant.count > 0)
      add(all.notable, tensor.name, "rows of one value: " + rows_in_words(health.constant));
    done += tensor.bytes;
  }
  return all;
}

}  // namespace qualm::app
