#include "evaluate/kept_check.h"

#include "evaluate/joint.h"
#include "evaluate/score_rows.h"

namespace qualm::evaluate {

std::size_t KeptCheck::admitted(const Call& call) {
  std::size_t scores = 0;
  for (const std::size_t owner : call.owner) {
    const std::int32_t window = call.windows[owner];
    if (std::ssize(windows_) < kCheckedWindows) windows_.insert(window);
    if (!windows_.contains(window)) break;
    ++scores;
  }
  return scores;
}

void KeptCheck::add(const Call& call, const ExactRows& rows, std::span<const Score> estimated,
                    std::int32_t threads) {
  if (rows.p.empty()) return;
  std::vector<Score> exact(admitted(call));
  if (exact.empty()) return;
  const std::size_t logits = exact.size() * static_cast<std::size_t>(rows.vocab_size);
  score_rows(rows.p.first(logits), rows.q.first(logits), rows.vocab_size,
             std::span(call.targets).first(exact.size()), threads, exact);
  add(exact, estimated.first(exact.size()));
}

void KeptCheck::add(std::span<const Score> exact, std::span<const Score> estimated) {
  for (std::size_t i = 0; i < exact.size(); ++i) {
    if (!exact[i].finite) continue;
    exact_ += kld_of(exact[i]);
    estimated_ += kld_of(estimated[i]);
    differences_.push_back({kld_of(estimated[i]) - kld_of(exact[i]), 1});
  }
}

std::optional<KeptError> KeptCheck::error() const {
  if (differences_.empty()) return std::nullopt;
  const auto positions = static_cast<double>(differences_.size());
  KeptError error{.windows = static_cast<std::int64_t>(windows_.size()),
                  .exact = exact_ / positions,
                  .estimated = estimated_ / positions,
                  .difference = {numeric::cluster_mean(differences_), "nat/token", ""}};
  if (!error.difference.estimate) error.difference.absent = "only one position was scored";
  return error;
}

std::optional<KeptError> kept_error(std::span<const WindowScores> exact,
                                    std::span<const WindowScores> estimated) {
  KeptCheck check;
  for (std::size_t i = 0; i < exact.size(); ++i) {
    check.windows_.insert(exact[i].window);
    check.add(exact[i].scores, estimated[i].scores);
  }
  return check.error();
}

}  // namespace qualm::evaluate
