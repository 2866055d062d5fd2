// tokenizer.json with a BPE over characters and bytes as the last resort (TinyLlama, Mistral,
// Gemma): libllama's "llama" model, its scores made of the merges' ranks.
//
// libllama's SPM merges any two neighbours that make a token, the highest score first; the original
// merges listed pairs, the lowest rank first. With score = -rank both do the same, but for a token
// whose own text the original leaves as two symbols: no text makes it such a token, yet libllama
// would merge the two. (Two neighbours l r of some text were made inside their own span only, so
// the original, given that span alone, ends at l r as well.) Those tokens get another text.
#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <queue>

#include "base/text.h"
#include "formats/hf/tokenizer_parts.h"

namespace qualm::formats::hf {
namespace {

struct PairHash {
  std::size_t operator()(const std::pair<std::int64_t, std::int64_t>& pair) const noexcept {
    return std::hash<std::int64_t>{}(pair.first * 0x9E3779B9 + pair.second);
  }
};

/// The original's merging, by rank and from left to right.
class Bpe {
 public:
  Bpe(const std::vector<Merge>& merges, const TokenTable& table) : merges_(merges), table_(table) {
    for (std::size_t rank = 0; rank < merges.size(); ++rank)
      ranks_.try_emplace({merges[rank].left, merges[rank].right}, rank);
  }

  /// How many symbols are left of a text.
  [[nodiscard]] std::size_t symbols(const std::string& text) {
    split(text);
    std::size_t left = nodes_.size();
    for (std::size_t i = 1; i < nodes_.size(); ++i) offer(static_cast<std::int64_t>(i) - 1);
    while (!queue_.empty()) {
      const auto [rank, at] = queue_.top();
      queue_.pop();
      const Merge& merge = merges_[rank];
      Node& node = nodes_[static_cast<std::size_t>(at)];
      if (node.id != merge.left || node.next < 0) continue;
      Node& other = nodes_[static_cast<std::size_t>(node.next)];
      if (other.id != merge.right) continue;
      node.id = merge.result;
      other.id = kGone;
      node.next = other.next;
      if (node.next >= 0) nodes_[static_cast<std::size_t>(node.next)].previous = at;
      --left;
      offer(node.previous);
      offer(at);
    }
    return left;
  }

 private:
  static constexpr std::int64_t kGone = -2, kForeign = -1;
  struct Node {
    std::int64_t id, previous, next;
  };
  using Offer = std::pair<std::size_t, std::int64_t>;  // rank, left node

  void split(const std::string& text) {
    nodes_.clear();
    for (std::size_t at = 0; at < text.size();) {
      std::size_t end = at + 1;
      while (end < text.size() && continues_character(text[end])) ++end;
      const auto index = static_cast<std::int64_t>(nodes_.size());
      const auto id = table_.find(text.substr(at, end - at));
      nodes_.push_back({id.value_or(kForeign), index - 1, index + 1});
      at = end;
    }
    if (!nodes_.empty()) nodes_.back().next = -1;
  }

  void offer(std::int64_t at) {
    if (at < 0) return;
    const Node& node = nodes_[static_cast<std::size_t>(at)];
    if (node.next < 0) return;
    const auto found = ranks_.find({node.id, nodes_[static_cast<std::size_t>(node.next)].id});
    if (found != ranks_.end()) queue_.emplace(found->second, at);
  }

  const std::vector<Merge>& merges_;
  const TokenTable& table_;
  std::unordered_map<std::pair<std::int64_t, std::int64_t>, std::size_t, PairHash> ranks_;
  std::vector<Node> nodes_;
  std::priority_queue<Offer, std::vector<Offer>, std::greater<>> queue_;
};

/// Scores from ranks. Returns how many tokens have merges of ranks between which other tokens lie:
/// one score cannot stand for those.
std::int64_t score_by_rank(const std::vector<Merge>& merges, TokenTable& table) {
  std::vector<std::int64_t> last(static_cast<std::size_t>(table.rows()), -1);
  std::int64_t scattered = 0;
  for (std::size_t rank = 0; rank < merges.size(); ++rank) {
    const auto result = static_cast<std::size_t>(merges[rank].result);
    const auto now = static_cast<std::int64_t>(rank);
    if (last[result] < 0) {
      table.at(merges[rank].result).score = -static_cast<double>(rank);
    } else if (last[result] != now - 1) {
      ++scattered;
    }
    last[result] = now;
  }
  // What no merge makes is never asked for its score; it ranks behind everything.
  for (std::int64_t id = 0; id < table.rows(); ++id)
    if (last[static_cast<std::size_t>(id)] < 0 && table.at(id).type == kNormal)
      table.at(id).score = -static_cast<double>(merges.size());
  return scattered;
}

Result<void> set_dead_tokens_aside(const std::vector<Merge>& merges, TokenTable& table,
                                   std::vector<std::string>& notes) {
  std::vector<std::int64_t> dead;
  Bpe bpe(merges, table);
  for (std::int64_t id = 0; id < table.rows(); ++id)
    if (table.at(id).type == kNormal && bpe.symbols(table.at(id).text) == 2) dead.push_back(id);
  if (dead.empty()) return {};
  notes.push_back(fmt::format(
      "{} tokens that no text is split into (the first is {}, \"{}\") were renamed [DEADi]: "
      "libllama would make them of their parts",
      dead.size(), dead.front(), printable(table.at(dead.front()).text)));
  for (const std::int64_t id : dead)
    QUALM_CHECK(table.replace(id, fmt::format("[DEAD{}]", id), table.at(id).score, kNormal));
  return {};
}

/// Spaces as marks, which libllama makes as well, and the split at spaces after it, which finds
/// none.
bool is_of_spaces(const json& step, const std::string& type) {
  if (text_of(member(step, "pattern"), "String") != " ") return false;
  return type == "Split" || (type == "Replace" && text_of(step, "content") == kSpaceMark);
}

/// Whether a space goes before the text. Notes what libllama does otherwise.
bool space_prefix(const json& tokenizer, std::vector<std::string>& notes) {
  bool prefix = false;
  std::string others;
  const auto look = [&](const json& step) {
    const std::string type = text_of(step, "type");
    if (type == "Prepend" && text_of(step, "prepend") == kSpaceMark) {
      prefix = true;
    } else if (type == "Metaspace") {
      const std::string scheme = text_of(step, "prepend_scheme");
      prefix = prefix || (scheme.empty() ? flag_of(step, "add_prefix_space", true)
                                         : scheme == "always" || scheme == "first");
      if (scheme == "first")
        notes.emplace_back(
            "tokenizer.json puts a space before the text only, libllama also after a special "
            "token");
    } else if (!type.empty() && !is_of_spaces(step, type)) {
      others += (others.empty() ? "" : ", ") + type;
    }
  };
  for (const auto& [key, list] :
       {std::pair("normalizer", "normalizers"), std::pair("pre_tokenizer", "pretokenizers")}) {
    const json& part = member(tokenizer, key);
    if (text_of(part, "type") != "Sequence") look(part);
    for (const json& step : member(part, list)) look(step);
  }
  if (!others.empty())
    notes.push_back(fmt::format(
        "tokenizer.json treats text first in ways that libllama's 'llama' tokenizer does not ({}): "
        "tokens may differ",
        printable(others)));
  return prefix;
}

void note_missing_bytes(const TokenTable& table, std::vector<std::string>& notes) {
  std::int64_t bytes = 0;
  for (std::int64_t id = 0; id < table.rows(); ++id) bytes += table.at(id).type == kByte ? 1 : 0;
  if (bytes < 256)
    notes.push_back(
        fmt::format("the vocabulary has {} of 256 byte tokens: libllama cannot tokenize a text "
                    "with a character "
                    "that is no token (the original makes it the unknown token)",
                    bytes));
}

}  // namespace

Result<void> read_fallback_bpe(const json& tokenizer, const std::vector<Merge>& merges,
                               TokenTable& table, const TokenizerOutput& out) {
  auto& [metadata, notes] = out;
  const std::int64_t scattered = score_by_rank(merges, table);
  if (scattered > 0)
    notes.push_back(fmt::format(
        "{} merges rank apart from others that make the same token; libllama ranks tokens, not "
        "merges: rare splits may differ",
        scattered));
  QUALM_CHECK(set_dead_tokens_aside(merges, table, notes));
  note_missing_bytes(table, notes);
  metadata.set("tokenizer.ggml.model", std::string("llama"));
  metadata.set("tokenizer.ggml.pre", std::string("default"));
  table.write(metadata, TokenTable::Scores::written);
  // libllama's default is true.
  if (!space_prefix(tokenizer, notes)) metadata.set("tokenizer.ggml.add_space_prefix", false);
  return {};
}

}  // namespace qualm::formats::hf
