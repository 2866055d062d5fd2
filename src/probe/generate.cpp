#include "probe/generate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace qualm::probe {
namespace {

/// Uniform in (0, 1), the same on every machine (SplitMix64's mixer over the four numbers).
double uniform(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d) {
  std::uint64_t z = a;
  for (const std::uint64_t next : {b, c, d}) {
    z = (z ^ next) + 0x9e3779b97f4a7c15U;
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    z ^= z >> 31U;
  }
  return (static_cast<double>(z >> 12U) + 0.5) * 0x1p-52;
}

/// One text while it is being written.
struct Writing {
  const Tokens* prompt = nullptr;
  std::uint64_t number = 0;  ///< of the prompt among all
  Output output;
  bool finished = false;
};

class Chooser {
 public:
  explicit Chooser(const Sampling& sampling) : sampling_(&sampling) {}
  [[nodiscard]] std::int32_t length() const noexcept { return sampling_->length; }

  /// -1 where no logit is finite.
  engine::Token choose(std::span<const float> logits, const Writing& writing) {
    finite_.clear();
    for (std::size_t i = 0; i < logits.size(); ++i)
      if (std::isfinite(logits[i])) finite_.push_back(static_cast<engine::Token>(i));
    if (finite_.empty()) return -1;
    const auto logit = [&](engine::Token t) { return logits[static_cast<std::size_t>(t)]; };
    if (sampling_->greedy) return *std::ranges::max_element(finite_, {}, logit);
    const auto k = static_cast<std::ptrdiff_t>(
        std::min(finite_.size(), static_cast<std::size_t>(std::max(sampling_->top_k, 1))));
    std::ranges::partial_sort(finite_, finite_.begin() + k, std::greater<>(), logit);
    finite_.resize(static_cast<std::size_t>(k));
    return *std::ranges::max_element(finite_, {}, [&](engine::Token t) {
      const double u = uniform(sampling_->seed, writing.number, writing.output.tokens.size(),
                               static_cast<std::uint64_t>(t));
      return logit(t) / sampling_->temperature - std::log(-std::log(u));
    });
  }

 private:
  const Sampling* sampling_;
  std::vector<engine::Token> finite_;
};

/// All of `group` to their ends, together in one call a step.
Result<void> write_together(engine::Model& model, engine::LogitSource& source,
                            std::span<Writing> group, Chooser& chooser, Progress& progress) {
  const auto row = static_cast<std::size_t>(source.vocab_size());
  for (std::int32_t step = 0; step < chooser.length(); ++step) {
    if (progress.cancelled()) return fail(stopped());
    std::vector<engine::Piece> pieces;
    for (const Writing& w : group) {
      const auto begin = static_cast<std::int32_t>(w.prompt->size());
      const std::int32_t now = begin + step;  // tokens so far
      std::span<const engine::Token> tokens = *w.prompt;
      if (step > 0) tokens = std::span(w.output.tokens).last(w.finished ? 0 : 1);
      const std::int32_t position = step == 0 ? 0 : now - 1;
      pieces.push_back({tokens, position, now - 1, w.finished ? now - 1 : now});
    }
    QUALM_TRY(const auto logits, source.logits(pieces));
    std::size_t next = 0;
    bool writing = false;
    for (Writing& w : group) {
      if (w.finished) continue;
      const engine::Token token = chooser.choose(logits.subspan(next++ * row, row), w);
      w.output.broken = token < 0;
      w.output.ended = token >= 0 && model.ends_text(token);
      w.finished = w.output.broken || w.output.ended;
      if (!w.finished) w.output.tokens.push_back(token);
      writing = writing || !w.finished;
    }
    if (!writing) break;
  }
  return {};
}

}  // namespace

Error stopped() {
  return {Kind::cancelled, "PROBE-001", "", "writing texts", "", "stopped on request", ""};
}

engine::Settings settings_for(engine::Settings settings, std::int64_t length,
                              std::int64_t windows) {
  // A context has to hold 16 tokens at least (and libllama rounds it up itself).
  settings.ctx_size = static_cast<std::int32_t>(std::max<std::int64_t>(length, 16));
  settings.batch = settings.ctx_size *
                   static_cast<std::int32_t>(std::clamp<std::int64_t>(windows, 1, kTogether));
  return settings;
}

Result<std::vector<Output>> generate(engine::Model& model, std::span<const Tokens> prompts,
                                     const Sampling& sampling, const engine::Settings& settings,
                                     Progress& progress) {
  std::vector<Writing> all(prompts.size());
  std::size_t longest = 0;
  for (std::size_t i = 0; i < prompts.size(); ++i) {
    all[i].prompt = &prompts[i];
    all[i].number = i;
    longest = std::max(longest, prompts[i].size());
  }
  const auto context = static_cast<std::int64_t>(longest) + sampling.length;
  QUALM_TRY(const auto source,
            model.open(settings_for(settings, context, static_cast<std::int64_t>(all.size()))));
  Chooser chooser(sampling);
  const auto together = static_cast<std::size_t>(std::max(source->windows_per_call(), 1));
  for (std::size_t i = 0; i < all.size(); i += together) {
    progress.update(sampling.greedy ? "writing texts, greedy" : "writing texts, sampled",
                    static_cast<std::int64_t>(i), static_cast<std::int64_t>(all.size()));
    const auto group = std::span(all).subspan(i, std::min(together, all.size() - i));
    QUALM_CHECK(write_together(model, *source, group, chooser, progress));
  }
  std::vector<Output> outputs;
  for (Writing& w : all) outputs.push_back(std::move(w.output));
  return outputs;
}

}  // namespace qualm::probe
