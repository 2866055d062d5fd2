// Where a loss is, as plain values of a report: by depth, by text, by tensor, by token.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "evaluate/measurement.h"
#include "evaluate/token_study.h"
#include "evaluate/token_tops.h"
#include "weights/weight_map.h"

namespace qualm::report {

/// A window of a text with what both models say of each token.
struct ShownWindow {
  std::int32_t window = 0;              ///< in the text
  std::vector<engine::Token> tokens;    ///< all of it
  std::vector<evaluate::Score> scores;  ///< in order; position p is about tokens[p + 1]
  /// Most likely tokens, one list for each score; empty where they are not known.
  std::vector<evaluate::Tops> reference;
  std::vector<evaluate::Tops> candidate;
};

/// A text token by token, for a page.
struct TokenView {
  std::string text;               ///< its name
  std::string reference;          ///< what the candidate is compared with, for people
  std::int64_t windows_read = 0;  ///< that the study is of
  std::optional<double> floor;    ///< a kld under it is noise, nat; absent: not known
  evaluate::TokenStudy study;
  std::vector<ShownWindow> windows;
  std::map<engine::Token, std::string> pieces;  ///< the text of each token that is named
};

/// KLD by position in the window, of one thing that may lose with depth.
struct DepthSeries {
  std::string of;     ///< id: "as_run", "weights", "cache", "cache_k", "cache_v"
  std::string title;  ///< for people
  std::vector<evaluate::Bucket> buckets;
};

/// A text of one kind, and what the candidate loses on it.
struct DomainLoss {
  std::string name;
  std::int64_t windows = 0;
  evaluate::Metrics metrics;
};

/// Where the loss is: by depth, by how sure the original is, by text, by tensor, by token.
struct WhereLost {
  std::vector<DepthSeries> depth;
  std::vector<evaluate::Bucket> confidence;
  std::vector<DomainLoss> domains;
  std::optional<weights::WeightMap> weights{};  ///< where details were asked for
  std::optional<TokenView> tokens{};            ///< likewise
};

}  // namespace qualm::report
