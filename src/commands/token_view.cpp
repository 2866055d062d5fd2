#include "commands/token_view.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "evaluate/token_study.h"

namespace qualm::commands {
namespace {

using evaluate::WindowScores;
using report::ShownWindow;

/// The texts of tokens, each asked for once.
class Pieces {
 public:
  explicit Pieces(const engine::Model& tokenizer) : tokenizer_(tokenizer) {}
  const std::string& of(engine::Token token) {
    const auto [it, fresh] = pieces_.try_emplace(token);
    if (fresh) it->second = tokenizer_.piece(token);
    return it->second;
  }
  void add(const ShownWindow& window) {
    for (const engine::Token token : window.tokens) of(token);
    for (const auto* const side : {&window.reference, &window.candidate})
      for (const evaluate::Tops& tops : *side)
        for (const evaluate::TopToken& top : tops) of(top.token);
  }
  [[nodiscard]] std::map<engine::Token, std::string> take() { return std::move(pieces_); }

 private:
  const engine::Model& tokenizer_;
  std::map<engine::Token, std::string> pieces_;
};

}  // namespace

Result<report::TokenView> token_view(const TokensWanted& wanted) {
  const evaluate::TextWindows& text = wanted.text.windows();
  Pieces pieces(wanted.tokenizer);
  report::TokenView view{
      .text = wanted.name,
      .reference = wanted.compared_with,
      .windows_read = static_cast<std::int64_t>(wanted.measured.windows.size()),
      .floor = wanted.floor,
      .study = evaluate::study_tokens(
          wanted.measured, text,
          [&](engine::Token t) { return evaluate::class_of_token(pieces.of(t)); }),
      .windows = {},
      .pieces = {}};
  const auto shown = evaluate::windows_to_show(wanted.measured, view.study, wanted.windows);
  std::erase_if(view.study.worst, [&](const evaluate::WorstToken& one) {
    return std::ranges::find(shown, one.window) == shown.end();
  });
  view.study.worst_share = 0;
  for (const evaluate::WorstToken& one : view.study.worst) view.study.worst_share += one.share;
  QUALM_TRY(auto reference, wanted.text.tops(wanted.reference, shown));
  QUALM_TRY(auto candidate, wanted.text.tops(wanted.candidate, shown));
  for (const std::int32_t window : shown) {
    const auto tokens = text.window(window);
    const auto scores =
        std::ranges::find(wanted.measured.windows, window, &WindowScores::window)->scores;
    view.windows.push_back({window,
                            {tokens.begin(), tokens.end()},
                            scores,
                            std::move(reference[window]),
                            std::move(candidate[window])});
    pieces.add(view.windows.back());
  }
  view.pieces = pieces.take();
  return view;
}

}  // namespace qualm::commands
