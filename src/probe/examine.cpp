#include "probe/examine.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <initializer_list>
#include <limits>
#include <ranges>

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
  const auto by = [&](const Side& side) -> Result<Outputs> {
    QUALM_TRY(const auto model, side.load());
    return generate(*model, plan.prompts, sampling, side.settings, progress);
  };
  QUALM_TRY(written.candidate, by(candidate));
  if (control) {
    QUALM_TRY(written.control, by(*control));
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

/// How the judge finds the sampled texts of one side.
struct Reading {
  std::vector<double> nll;
  std::vector<double> gain;
};

Result<Reading> read(const Plan& plan, const Side& judge, const Outputs& outputs,
                     Progress& progress) {
  QUALM_TRY(const auto model, judge.load());
  const auto sets = with_and_without(plan, outputs, model->window_start());
  Reading reading;
  QUALM_TRY(reading.nll, mean_nll(*model, sets[0], judge.settings, progress));
  if (!plan.symptoms.wants(row_of(FigureId::prompt_gain).symptom)) return reading;
  QUALM_TRY(reading.gain, mean_nll(*model, sets[1], judge.settings, progress));
  for (std::size_t i = 0; i < reading.gain.size(); ++i) reading.gain[i] -= reading.nll[i];
  return reading;
}

/// All that figures are computed from; what no wanted figure needs is empty.
struct Texts {
  const Plan& plan;
  Written greedy = {};
  Written sampled = {};
  Reading own = {};     ///< of the candidate's texts
  Reading theirs = {};  ///< of the control's
};

/// "9 of 24" of a share, "0.03 [0.01, 0.05]" of a mean.
std::string in_words(const numeric::Metric& metric, FigureId figure, std::size_t texts) {
  if (row_of(figure).statistic == Statistic::mean)
    return numeric::format_estimate(*metric.estimate);
  return fmt::format("{:.0f} of {}", metric.estimate->value * static_cast<double>(texts), texts);
}

/// Says the figure of the candidate, then that of the control.
Symptom worded(Symptom s, const Texts& texts) {
  if (!s.candidate.estimate) return s;
  const std::size_t n = texts.plan.prompts.size();
  s.says = fmt::format("{}: {}", row_of(*s.figure).label, in_words(s.candidate, *s.figure, n));
  if (s.control.estimate)
    s.says += fmt::format("; {}: {}", texts.plan.control, in_words(s.control, *s.figure, n));
  return s;
}

Symptom loops_in(FigureId figure, const Written& written, const Texts& texts) {
  return worded(of_shares(figure, loops(written.candidate), loops(written.control)), texts);
}

Symptom means(FigureId figure, const std::vector<double>& candidate,
              const std::vector<double>& control, const Texts& texts) {
  return worded(of_means(figure, candidate, control), texts);
}

Symptom divergence(FigureId figure, const Texts& texts) {
  const std::int32_t length = texts.plan.length;
  std::vector<bool> parted;
  std::vector<std::int64_t> first;
  for (std::size_t i = 0; i < texts.greedy.candidate.size(); ++i) {
    const auto at = first_divergence(texts.greedy.candidate[i], texts.greedy.control[i]);
    parted.push_back(at.has_value());
    first.push_back(at.value_or(length));
  }
  Symptom s = of_shares(figure, parted, {});
  s.control.absent = s.difference.absent = "the figure itself compares both";
  if (!s.candidate.estimate) return s;
  s.says = fmt::format("{} from {} within {} tokens: {}", row_of(figure).label, texts.plan.control,
                       length, in_words(s.candidate, figure, parted.size()));
  std::ranges::sort(first);
  const std::int64_t median = first[first.size() / 2];
  if (median < length)
    s.says += fmt::format("; half of all texts already differ at token {}", median);
  return s;
}

/// How a figure is computed.
struct Computation {
  FigureId figure;
  Symptom (*of)(FigureId figure, const Texts& texts);
};

constexpr std::array kComputations{
    Computation{FigureId::loops_greedy,
                [](FigureId figure, const Texts& t) { return loops_in(figure, t.greedy, t); }},
    Computation{FigureId::loops_sampled,
                [](FigureId figure, const Texts& t) { return loops_in(figure, t.sampled, t); }},
    Computation{FigureId::rep_4,
                [](FigureId figure, const Texts& t) {
                  return means(figure, repeated(t.sampled.candidate, 4),
                               repeated(t.sampled.control, 4), t);
                }},
    Computation{FigureId::distinct_2,
                [](FigureId figure, const Texts& t) {
                  return means(figure, distinct(t.sampled.candidate, 2),
                               distinct(t.sampled.control, 2), t);
                }},
    Computation{FigureId::divergence, divergence},
    Computation{
        FigureId::nll,
        [](FigureId figure, const Texts& t) { return means(figure, t.own.nll, t.theirs.nll, t); }},
    Computation{FigureId::prompt_gain,
                [](FigureId figure, const Texts& t) {
                  return means(figure, t.own.gain, t.theirs.gain, t);
                }},
};
static_assert(std::ranges::equal(kComputations,
                                 kFigures | std::views::filter([](const FigureRow& row) {
                                   return row.source != Source::measurement;
                                 }),
                                 {}, &Computation::figure, &FigureRow::id),
              "a computation for each figure of texts, in the order of their table");

std::string text_of(const engine::Model& model, std::span<const engine::Token> tokens) {
  std::string text;
  for (const engine::Token token : tokens) text += model.piece(token);
  return text;
}

WrittenSide written_side(const engine::Model& model, const Output& output) {
  WrittenSide side{.text = text_of(model, output.tokens)};
  if (const auto loop = ending_loop(output.tokens)) {
    const auto tokens = std::span(output.tokens);
    const auto begin = static_cast<std::size_t>(loop->begin);
    side.loop = {
        text_of(model, tokens.first(begin)).size(),
        text_of(model, tokens.subspan(begin, static_cast<std::size_t>(loop->period))).size()};
  }
  return side;
}

std::vector<WrittenText> written_texts(const engine::Model& model, const Texts& texts) {
  const bool greedy = !texts.greedy.candidate.empty();
  const Written& written = greedy ? texts.greedy : texts.sampled;
  std::vector<WrittenText> all;
  for (std::size_t i = 0; i < std::min(kTextsKept, written.candidate.size()); ++i) {
    const Output& own = written.candidate[i];
    WrittenText text{.prompt = text_of(model, texts.plan.prompts[i]), .greedy = greedy};
    text.candidate = written_side(model, own);
    if (i < written.control.size()) {
      text.control = written_side(model, written.control[i]);
      if (const auto at = first_divergence(own, written.control[i]))
        text.parts_at =
            text_of(model, std::span(own.tokens).first(static_cast<std::size_t>(*at))).size();
    }
    all.push_back(std::move(text));
  }
  return all;
}

/// The plan wants the figure, and who it needs is there.
bool is_computed(const FigureRow& row, const Plan& plan, bool has_control, bool has_judge) {
  if (row.source == Source::measurement || !plan.symptoms.wants(row.symptom)) return false;
  if (row.source == Source::greedy_both) return has_control;
  return row.source != Source::judged || has_judge;
}

}  // namespace

std::optional<std::int64_t> first_divergence(const Output& a, const Output& b) {
  const auto [x, y] = std::ranges::mismatch(a.tokens, b.tokens);
  if (x == a.tokens.end() && y == b.tokens.end() && a.ended == b.ended) return std::nullopt;
  return x - a.tokens.begin();
}

Result<Examined> examine(const Plan& plan, const Side& candidate,
                         const std::optional<Side>& control, const std::optional<Side>& judge,
                         Progress& progress) {
  const auto computed = [&](FigureId figure) {
    return is_computed(row_of(figure), plan, control.has_value(), judge.has_value());
  };
  const auto needs = [&](std::initializer_list<Source> sources) {
    return std::ranges::any_of(kFigures, [&](const FigureRow& row) {
      return computed(row.id) && std::ranges::find(sources, row.source) != sources.end();
    });
  };
  Texts texts{.plan = plan};
  if (needs({Source::sampled, Source::judged})) {
    QUALM_TRY(texts.sampled,
              write(plan, candidate, control, {.length = plan.length, .greedy = false}, progress));
  }
  if (needs({Source::greedy, Source::greedy_both})) {
    QUALM_TRY(texts.greedy,
              write(plan, candidate, control, {.length = plan.length, .greedy = true}, progress));
  }
  if (needs({Source::judged})) {
    QUALM_TRY(texts.own, read(plan, *judge, texts.sampled.candidate, progress));
    if (control) {
      QUALM_TRY(texts.theirs, read(plan, *judge, texts.sampled.control, progress));
    }
  }
  Examined found;
  for (const Computation& one : kComputations)
    if (computed(one.figure)) found.symptoms.push_back(one.of(one.figure, texts));
  QUALM_TRY(const auto model, candidate.load());
  found.texts = written_texts(*model, texts);
  return found;
}

}  // namespace qualm::probe
