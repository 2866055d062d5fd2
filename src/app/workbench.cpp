#include "app/workbench.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/sha256.h"
#include "evaluate/summary.h"

namespace qualm::app {
namespace {

constexpr std::int32_t kResolutionWindows = 4;

std::string digest(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.add(bytes);
  return std::move(hash).hex();
}

class SubjectSource final : public evaluate::SourceMaker {
 public:
  explicit SubjectSource(const Subject& subject) : subject_(&subject) {}
  Result<std::unique_ptr<engine::LogitSource>> open() override {
    QUALM_TRY(const auto model, subject_->load());
    return model->open(subject_->settings);
  }

 private:
  const Subject* subject_;
};

}  // namespace

std::string run_identity(const std::string& weights, const engine::Settings& settings) {
  return fmt::format("{}/ctx{}/b{}/ub{}/{}/{}/fa-{}", weights, settings.ctx_size, settings.batch,
                     settings.ubatch, settings.type_k, settings.type_v, settings.flash_attn);
}

Subject resolution_of(const Subject& reference) {
  Subject changed = reference;
  changed.name = "the baseline against itself";
  changed.settings.flash_attn = reference.settings.flash_attn == "off" ? "on" : "off";
  changed.at_most = kResolutionWindows;
  changed.optional = true;
  return changed;
}

Workbench::Workbench(evaluate::TextWindows text, std::string engine_version,
                     evaluate::WindowStore& store, Progress& progress)
    : text_(std::move(text)),
      engine_version_(std::move(engine_version)),
      store_(store),
      progress_(progress) {
  const auto tokens = std::as_bytes(std::span(text_.tokens));
  text_identity_ = fmt::format("{}/{}-{}", digest(tokens), text_.first, text_.last);
}

Result<std::vector<evaluate::Measurement>> Workbench::measure(const Subject& reference,
                                                              std::span<const Subject> subjects,
                                                              std::int32_t begin, std::int32_t end,
                                                              const evaluate::StopRule& rule) {
  SubjectSource baseline(reference);
  std::vector<SubjectSource> sources;
  sources.reserve(subjects.size());  // candidates point into it
  std::vector<evaluate::Candidate> candidates;
  for (const Subject& subject : subjects) {
    sources.emplace_back(subject);
    const std::string key = fmt::format(
        "{}|{}|{}|{}", text_identity_, run_identity(reference.identity, reference.settings),
        run_identity(subject.identity, subject.settings), engine_version_);
    candidates.push_back({subject.name, digest(std::as_bytes(std::span(key))), &sources.back(),
                          subject.at_most, subject.optional});
  }
  const std::int32_t threads = reference.settings.threads;
  QUALM_TRY(auto run, evaluate::score_pairs(baseline, candidates, text_, begin, end, rule, threads,
                                            store_, progress_));
  passes_ += run.windows_run;
  std::vector<evaluate::Measurement> measurements;
  for (auto& pair : run.candidates) {
    evaluate::Measurement measurement;
    measurement.windows = std::move(pair.windows);
    measurement.windows_total = text_.count();
    measurement.stopped_early = pair.stopped_early;
    measurement.cancelled = run.cancelled;
    measurement.unavailable = std::move(pair.unavailable);
    evaluate::summarize(measurement);
    measurements.push_back(std::move(measurement));
  }
  return measurements;
}

std::vector<engine::Token> Workbench::last_windows(std::int32_t count) const {
  std::vector<engine::Token> tokens;
  for (std::int32_t i = text_.count() - count; i < text_.count(); ++i) {
    const auto window = text_.window(text_.order[static_cast<std::size_t>(i)]);
    tokens.insert(tokens.end(), window.begin(), window.end());
  }
  return tokens;
}

numeric::Metric Workbench::resolution(const Subject& reference) {
  const Subject changed = resolution_of(reference);
  const auto measured =
      measure(reference, std::span(&changed, 1), 0, std::min(changed.at_most, text_.count()), {});
  if (!measured) return {std::nullopt, "nat/token", measured.error().found};
  return evaluate::kld_mean(measured->front());
}

}  // namespace qualm::app
