#include "remote/canaries.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace qualm::remote {
namespace {

constexpr std::size_t kParts = 4;  // lengths at which it is asked

bool differ(double a, double b) { return std::abs(a - b) > kMostDrift; }
std::string both(double a, double b) { return fmt::format("{:.4f} and {:.4f}", a, b); }

/// The first answer went on from a shorter prompt that the slot had read. After a prompt that
/// begins otherwise the slot reads all of it, and the answer must be what it was.
Result<void> check_repeat(Server& server, const Question& question, double first) {
  Question other = question;
  other.before = question.before.subspan(question.before.size() > 1 ? 1 : 0);
  QUALM_CHECK(server.ask(other));
  QUALM_TRY(const auto again, server.ask(question));
  if (!differ(first, again.target_log_p)) return {};
  return fail({Kind::undecided, "REMOTE-013", server.info().address.base, "log-probabilities",
               "the same answer to the same question", both(first, again.target_log_p),
               "Its prompt cache gives other answers: start it without, or update it."});
}

Result<void> check_temperature(Server& server, Question question, double cold) {
  question.temperature = 2;
  QUALM_TRY(const auto hot, server.ask(question));
  if (!differ(cold, hot.target_log_p)) return {};
  return fail({Kind::undecided, "REMOTE-014", server.info().address.base, "log-probabilities",
               "the same at temperature 2", both(cold, hot.target_log_p),
               "It gives log-probabilities after sampling: start it with the raw ones (vLLM: "
               "--logprobs-mode raw_logprobs)."});
}

Error forcing_tells(const Server& server, double not_forced, double forced) {
  return {Kind::undecided,
          "REMOTE-015",
          server.info().address.base,
          "log-probabilities",
          "the same, forced or not",
          both(not_forced, forced),
          "Update the server."};
}

/// A token of the list, forced, must have the log-probability that it has in the list.
Result<void> check_forcing(Server& server, Question question, const evaluate::PartialRow& row) {
  const auto top = *std::ranges::max_element(row.tokens, {}, &evaluate::TokenLogP::log_p);
  question.forced = top.token;
  QUALM_TRY(const auto forced, server.ask(question));
  if (!differ(double{top.log_p}, forced.target_log_p)) return {};
  return fail(forcing_tells(server, double{top.log_p}, forced.target_log_p));
}

/// And so must one of a window that is read as a whole. `asked`: the last one's.
Result<void> check_reading(Server& server, std::span<const engine::Token> window, double asked) {
  if (!server.reads_windows()) return {};
  QUALM_TRY(const auto rows, server.read(window));
  if (!differ(rows.back().target_log_p, asked)) return {};
  return fail(forcing_tells(server, rows.back().target_log_p, asked));
}

Result<void> check_settings(const ServerInfo& info, std::size_t tokens) {
  if (!info.speculation.empty())
    return fail({Kind::undecided, "REMOTE-012", info.address.base, "log-probabilities",
                 "a server that writes one token at a time",
                 fmt::format("it guesses tokens ahead ({})", info.speculation),
                 "Start it without a draft model and without speculation."});
  if (info.context == 0 || static_cast<std::int64_t>(tokens) < info.context) return {};
  return fail({Kind::undecided, "REMOTE-016", info.address.base, "context",
               fmt::format("more than {} tokens for each request", tokens),
               fmt::format("{}", info.context),
               "Start the server with a larger -c, or with fewer slots (-np); or give a smaller -c "
               "here."});
}

}  // namespace

Result<void> check_server(Server& server, std::span<const engine::Token> window) {
  QUALM_CHECK(check_settings(server.info(), window.size()));
  std::vector<double> answers;
  for (std::size_t part = 1; part <= kParts; ++part) {
    const auto before = window.first(std::max<std::size_t>(1, (window.size() - 1) * part / kParts));
    const Question question{.before = before, .forced = window[before.size()]};
    QUALM_TRY(const auto row, server.ask(question));
    answers.push_back(row.target_log_p);
    if (part == 1) continue;
    QUALM_CHECK(check_repeat(server, question, row.target_log_p));
    QUALM_CHECK(check_temperature(server, question, row.target_log_p));
    QUALM_CHECK(check_forcing(server, question, row));
  }
  QUALM_CHECK(check_reading(server, window, answers.back()));
  const auto [least, most] = std::ranges::minmax(answers);
  if (least < most) return {};
  return fail({Kind::undecided, "REMOTE-017", server.info().address.base, "log-probabilities",
               "other ones at other places", fmt::format("{} everywhere", least),
               "Start it without a draft model and without speculation."});
}

}  // namespace qualm::remote
