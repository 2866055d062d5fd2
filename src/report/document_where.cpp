// Where the loss is: by depth, by text, tensor by tensor, token by token.
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "report/document_parts.h"

namespace qualm::report {
namespace {

/// Digits that a picture needs: a report of 20,000 tokens stays small.
Json short_number(double value) {
  if (!std::isfinite(value)) return nullptr;
  if (value == 0) return 0;
  const double scale = std::pow(10.0, 3 - std::floor(std::log10(std::abs(value))));
  return std::isfinite(scale) ? Json(std::round(value * scale) / scale) : Json(0);
}

/// Tokens as places in a list of their texts.
class Vocabulary {
 public:
  explicit Vocabulary(const std::map<engine::Token, std::string>& pieces) : pieces_(pieces) {}
  std::size_t index(engine::Token token) {
    const auto [it, fresh] = places_.try_emplace(token, places_.size());
    if (fresh) {
      const auto piece = pieces_.find(token);
      texts_.push_back(piece == pieces_.end() ? "" : piece->second);
    }
    return it->second;
  }
  [[nodiscard]] Json take() { return std::move(texts_); }

 private:
  const std::map<engine::Token, std::string>& pieces_;
  std::map<engine::Token, std::size_t> places_;
  Json texts_ = Json::array();
};

Json tops(const std::vector<evaluate::Tops>& all, Vocabulary& vocabulary) {
  Json rows = Json::array();
  for (const evaluate::Tops& tops : all) {
    Json row = Json::array();
    for (const evaluate::TopToken& top : tops) {
      row.push_back(vocabulary.index(top.token));
      row.push_back(short_number(static_cast<double>(top.p)));
    }
    rows.push_back(row.empty() ? Json(nullptr) : std::move(row));
  }
  return rows;
}

template <class Of>
Json column(const std::vector<evaluate::Score>& scores, Of of) {
  Json values = Json::array();
  for (const evaluate::Score& score : scores)
    values.push_back(score.finite ? short_number(static_cast<double>(of(score))) : Json(nullptr));
  return values;
}

/// The same with a row for each token between the first scored and the last: where only each so
/// many-th was scored, the others have no numbers, like those that were lost.
ShownWindow without_gaps(const ShownWindow& window) {
  ShownWindow whole;
  whole.window = window.window;
  whole.tokens = window.tokens;
  const auto top = [](const std::vector<evaluate::Tops>& tops, std::size_t i) {
    return i < tops.size() ? tops[i] : evaluate::Tops();
  };
  const auto add = [&](const evaluate::Score& score, evaluate::Tops a, evaluate::Tops b) {
    whole.scores.push_back(score);
    if (!window.reference.empty()) whole.reference.push_back(std::move(a));
    if (!window.candidate.empty()) whole.candidate.push_back(std::move(b));
  };
  for (std::size_t i = 0; i < window.scores.size(); ++i) {
    const evaluate::Score& score = window.scores[i];
    while (!whole.scores.empty() && whole.scores.back().position + 1 < score.position)
      add({.position = whole.scores.back().position + 1, .finite = false}, {}, {});
    add(score, top(window.reference, i), top(window.candidate, i));
  }
  return whole;
}

Json shown(const ShownWindow& window, Vocabulary& vocabulary) {
  Json tokens = Json::array();
  for (const engine::Token token : window.tokens) tokens.push_back(vocabulary.index(token));
  std::string flips;
  for (const evaluate::Score& score : window.scores)
    flips += score.finite && !score.same_top ? '1' : '0';
  const auto& scores = window.scores;
  return {{"window", window.window},
          {"tokens", std::move(tokens)},
          {"first", scores.empty() ? 0 : scores.front().position + 1},
          {"kld", column(scores, [](const auto& s) { return s.kld; })},
          {"nll_original", column(scores, [](const auto& s) { return s.nll_p; })},
          {"nll", column(scores, [](const auto& s) { return s.nll_q; })},
          {"delta_p", column(scores, [](const auto& s) { return s.delta_p; })},
          {"flip", std::move(flips)},
          {"top_original", tops(window.reference, vocabulary)},
          {"top_candidate", tops(window.candidate, vocabulary)}};
}

Json numbers(const std::vector<double>& values) {
  Json all = Json::array();
  for (const double value : values) all.push_back(short_number(value));
  return all;
}

Json worst(const evaluate::TokenStudy& study) {
  Json tokens = Json::array();
  for (const evaluate::WorstToken& one : study.worst)
    tokens.push_back({{"window", one.window},
                      {"token", one.token},
                      {"kld", number(one.kld)},
                      {"share", number(one.share)}});
  return {{"share", number(study.worst_share)}, {"tokens", std::move(tokens)}};
}

Json classes(const evaluate::TokenStudy& study) {
  Json all = Json::array();
  for (const evaluate::ClassLoss& one : study.classes) {
    const auto& row =
        *std::ranges::find(evaluate::kTokenClasses, one.id, &evaluate::TokenClassRow::id);
    all.push_back({{"id", row.name},
                   {"title", row.title},
                   {"tokens", one.tokens},
                   {"token_share", number(one.token_share)},
                   {"loss_share", metric(one.loss_share)},
                   {"kld_mean", metric(one.kld_mean)}});
  }
  return all;
}

}  // namespace

Json to_json(const TokenView& view) {
  Vocabulary vocabulary(view.pieces);
  Json windows = Json::array();
  for (const ShownWindow& window : view.windows)
    windows.push_back(shown(without_gaps(window), vocabulary));
  return {{"text", view.text},
          {"compared_with", view.reference},
          {"windows_read", view.windows_read},
          {"top", evaluate::kTops},
          {"floor", view.floor ? Json(number(*view.floor)) : absent("not measured")},
          {"bands",
           {{"kld", numbers(view.study.kld_bands)},
            {"delta_p", numbers(view.study.delta_p_bands)},
            {"share", numbers(view.study.share_bands)}}},
          {"worst", worst(view.study)},
          {"classes", classes(view.study)},
          {"vocabulary", vocabulary.take()},
          {"windows", std::move(windows)}};
}

Json to_json(const weights::WeightMap& map) {
  Json tensors = Json::array();
  const auto known = [](const std::optional<double>& value) {
    return value ? short_number(*value) : Json(nullptr);
  };
  for (const weights::TensorError& one : map.tensors)
    tensors.push_back({{"name", one.name},
                       {"class", model::class_name(one.tensor_class)},
                       {"layer", one.layer ? Json(*one.layer) : Json(nullptr)},
                       {"type", one.encoding},
                       {"parameters", one.parameters},
                       {"bytes", one.bytes},
                       {"error", known(one.error)},
                       {"excess", known(one.excess)}});
  return {
      {"of", map.against_original ? "original" : "steps"},
      {"says", map.against_original
                   ? "Error of each tensor against the original, divided by what its quant type "
                     "costs by nearest rounding: 1 is as expected, more is worse."
                   : "Estimated error of each tensor, from the rounding steps in the file."},
      {"tensors", std::move(tensors)}};
}

void add_where(const WhereLost& where, Json& document) {
  Json depth = Json::array();
  for (const DepthSeries& one : where.depth)
    depth.push_back({{"of", one.of}, {"title", one.title}, {"buckets", buckets(one.buckets)}});
  Json domains = Json::array();
  for (const DomainLoss& one : where.domains)
    domains.push_back({{"name", one.name},
                       {"windows", one.windows},
                       {"kld_mean", metric(one.metrics[evaluate::MetricId::kld_mean])},
                       {"ppl_change", metric(one.metrics[evaluate::MetricId::ppl_change])}});
  constexpr const char* kNotAsked = "only for --format html";
  document["depth"] = std::move(depth);
  document["confidence"] = buckets(where.confidence);
  document["domains"] = std::move(domains);
  document["weights"] = where.weights ? to_json(*where.weights) : absent(kNotAsked);
  document["tokens"] = where.tokens ? to_json(*where.tokens) : absent(kNotAsked);
}

}  // namespace qualm::report
