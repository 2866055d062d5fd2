#include "probe/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "numeric/bootstrap.h"
#include "numeric/format.h"
#include "probe/likelihood.h"
#include "probe/loops.h"

namespace qualm::probe {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();

using Outputs = std::vector<Output>;

/// What both sides wrote in one way.
struct Written {
  Outputs candidate;
  Outputs control;  ///< empty where there is none
};

Result<Written> write(const Plan& plan, const Side& candidate, const std::optional<Side>& control,
                      const Sampling& sampling, Progress& progress) {
  Written written;
  QUALM_TRY(written.candidate,
            generate(*candidate.model, plan.prompts, sampling, candidate.settings, progress));
  if (control) {
    QUALM_TRY(written.control,
              generate(*control->model, plan.prompts, sampling, control->settings, progress));
  }
  return written;
}

std::vector<bool> loops(const Outputs& outputs) {
  std::vector<bool> flags;
  for (const Output& output : outputs) flags.push_back(ending_loop(output.tokens).has_value());
  return flags;
}

std::vector<double> repeated(const Outputs& outputs, std::int64_t n) {
  std::vector<double> shares;
  for (const Output& output : outputs)
    shares.push_back(repeated_ngrams(output.tokens, n).value_or(kNone));
  return shares;
}

std::vector<double> distinct(const Outputs& outputs, std::int64_t n) {
  auto shares = repeated(outputs, n);
  for (double& share : shares) share = 1 - share;
  return shares;
}

std::string of_texts(const numeric::Metric& metric, std::size_t n) {
  return fmt::format("{:.0f} of {}", metric.estimate->value * static_cast<double>(n), n);
}

Symptom loop_symptom(const char* id, const char* way, const Written& written) {
  Symptom s = of_shares("repetition", id, loops(written.candidate), loops(written.control));
  if (!s.candidate.estimate) return s;
  const std::size_t n = written.candidate.size();
  s.says = fmt::format("{}: {} texts end in a loop", way, of_texts(s.candidate, n));
  if (s.control.estimate) s.says += fmt::format(", of the control's {}", of_texts(s.control, n));
  return s;
}

/// Completes what a mean says with its figures.
Symptom worded(Symptom s, const std::string& what) {
  if (!s.candidate.estimate) return s;
  s.says = fmt::format("{}: {}", what, numeric::format_estimate(*s.candidate.estimate));
  if (s.control.estimate)
    s.says += ", the control's " + numeric::format_estimate(*s.control.estimate);
  return s;
}

struct Figure {
  const char* symptom = "";
  const char* id = "";
  const char* unit = "";
  const char* what = "";  ///< in words
  bool more_is_worse = true;
};
constexpr Figure kRepeated{.symptom = "repetition",
                           .id = "rep_4",
                           .unit = "ratio",
                           .what = "Share of groups of 4 tokens that a text has had before"};
constexpr Figure kDistinct{.symptom = "repetition",
                           .id = "distinct_2",
                           .unit = "ratio",
                           .what = "Share of distinct pairs of tokens in a text",
                           .more_is_worse = false};
constexpr Figure kSurprise{.symptom = "incoherent",
                           .id = "nll",
                           .unit = "nat/token",
                           .what = "Surprise of the baseline at the text, in nat per token"};
constexpr Figure kPromptGain{
    .symptom = "off-topic",
    .id = "prompt_gain",
    .unit = "nat/token",
    .what = "What the prompt tells the baseline about the text, in nat per token",
    .more_is_worse = false};

Symptom means(const Figure& figure, const std::vector<double>& candidate,
              const std::vector<double>& control) {
  Symptom s =
      worded(of_means(figure.symptom, figure.id, figure.unit, candidate, control), figure.what);
  s.more_is_worse = figure.more_is_worse;
  return s;
}

Symptom divergence(const Written& written, std::int32_t length) {
  std::vector<bool> parted;
  std::vector<float> first;
  for (std::size_t i = 0; i < written.candidate.size(); ++i) {
    const auto at = first_divergence(written.candidate[i], written.control[i]);
    parted.push_back(at.has_value());
    first.push_back(static_cast<float>(at.value_or(length)));
  }
  Symptom s = of_shares("incoherent", "divergence", parted, {});
  s.control.absent = s.difference.absent = "it is against the control already";
  std::ranges::sort(first);
  const float median = first.empty() ? 0 : first[first.size() / 2];
  if (s.candidate.estimate)
    s.says = fmt::format(
        "Greedy: {} texts leave the control's within {} tokens, half of all {} token {:.0f}",
        of_texts(s.candidate, parted.size()), length,
        median < static_cast<float>(length) ? "before or at" : "not before", median);
  return s;
}

/// Passages of the same tokens behind the prompt and behind nothing (the window's start, or their
/// own first token where the vocabulary has none).
std::array<std::vector<Passage>, 2> with_and_without(const Plan& plan, const Outputs& outputs,
                                                     engine::Token start) {
  std::array<std::vector<Passage>, 2> sets;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    Passage with{plan.prompts[i], outputs[i].tokens};
    Passage without{{start}, outputs[i].tokens};
    if (start < 0 && !outputs[i].tokens.empty()) {
      with.context.push_back(with.text.front());
      without.context = {with.text.front()};
      with.text.erase(with.text.begin());
      without.text = with.text;
    }
    sets[0].push_back(std::move(with));
    sets[1].push_back(std::move(without));
  }
  return sets;
}

struct Reading {
  std::vector<double> nll;
  std::vector<double> gain;
};

Result<Reading> read(const Plan& plan, const Side& judge, const Outputs& outputs,
                     Progress& progress) {
  const auto sets = with_and_without(plan, outputs, judge.model->window_start());
  Reading reading;
  QUALM_TRY(reading.nll, mean_nll(*judge.model, sets[0], judge.settings, progress));
  if (!plan.off_topic) return reading;
  QUALM_TRY(reading.gain, mean_nll(*judge.model, sets[1], judge.settings, progress));
  for (std::size_t i = 0; i < reading.gain.size(); ++i) reading.gain[i] -= reading.nll[i];
  return reading;
}

}  // namespace

std::optional<std::int64_t> first_divergence(const Output& a, const Output& b) {
  const auto [x, y] = std::ranges::mismatch(a.tokens, b.tokens);
  if (x == a.tokens.end() && y == b.tokens.end() && a.ended == b.ended) return std::nullopt;
  return x - a.tokens.begin();
}

Result<std::vector<Symptom>> examine(const Plan& plan, const Side& candidate,
                                     const std::optional<Side>& control,
                                     const std::optional<Side>& judge, Progress& progress) {
  std::vector<Symptom> found;
  const bool read_texts = judge && (plan.incoherent || plan.off_topic);
  QUALM_TRY(const Written sampled,
            write(plan, candidate, control, {.length = plan.length, .greedy = false}, progress));
  if (plan.repetition || (plan.incoherent && control)) {
    QUALM_TRY(const Written greedy,
              write(plan, candidate, control, {.length = plan.length, .greedy = true}, progress));
    if (plan.repetition) found.push_back(loop_symptom("loops_greedy", "Greedy", greedy));
    if (plan.repetition) found.push_back(loop_symptom("loops_sampled", "Sampled", sampled));
    if (plan.incoherent && control) found.push_back(divergence(greedy, plan.length));
  }
  if (plan.repetition) {
    found.push_back(means(kRepeated, repeated(sampled.candidate, 4), repeated(sampled.control, 4)));
    found.push_back(means(kDistinct, distinct(sampled.candidate, 2), distinct(sampled.control, 2)));
  }
  if (!read_texts) return found;
  QUALM_TRY(const Reading own, read(plan, *judge, sampled.candidate, progress));
  Reading theirs;
  if (control) {
    QUALM_TRY(theirs, read(plan, *judge, sampled.control, progress));
  }
  if (plan.incoherent) found.push_back(means(kSurprise, own.nll, theirs.nll));
  if (plan.off_topic) found.push_back(means(kPromptGain, own.gain, theirs.gain));
  return found;
}

}  // namespace qualm::probe
