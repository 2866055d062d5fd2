// What others measured: a published ladder, to show beside an estimate and never to mix into one.
//
// Llama-3-8B, wiki.test, 512 tokens, mean KLD in nat/token, without an importance matrix (IQ types
// and Q2_K: with one). Source: the README of llama.cpp's perplexity tool
// (revision f364eb6f).
#pragma once

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <utility>

namespace qualm::diagnose {

inline constexpr std::string_view kPublishedModel = "Llama-3-8B";
inline constexpr std::array kPublishedKld{
    std::pair<std::string_view, double>{"Q8_0", 0.001355},
    std::pair<std::string_view, double>{"Q6_K", 0.005452},
    std::pair<std::string_view, double>{"Q5_K_M", 0.010762},
    std::pair<std::string_view, double>{"Q5_K_S", 0.016595},
    std::pair<std::string_view, double>{"Q5_1", 0.018045},
    std::pair<std::string_view, double>{"Q5_0", 0.022239},
    std::pair<std::string_view, double>{"Q4_K_M", 0.031273},
    std::pair<std::string_view, double>{"IQ4_NL", 0.035742},
    std::pair<std::string_view, double>{"IQ4_XS", 0.036334},
    std::pair<std::string_view, double>{"Q4_K_S", 0.043136},
    std::pair<std::string_view, double>{"Q4_1", 0.071683},
    std::pair<std::string_view, double>{"Q4_0", 0.071940},
    std::pair<std::string_view, double>{"Q3_K_L", 0.087176},
    std::pair<std::string_view, double>{"Q3_K_M", 0.101913},
    std::pair<std::string_view, double>{"IQ3_M", 0.102534},
    std::pair<std::string_view, double>{"IQ3_S", 0.111278},
    std::pair<std::string_view, double>{"IQ3_XS", 0.138693},
    std::pair<std::string_view, double>{"IQ3_XXS", 0.183625},
    std::pair<std::string_view, double>{"Q3_K_S", 0.228217},
    std::pair<std::string_view, double>{"IQ2_M", 0.325989},
    std::pair<std::string_view, double>{"Q2_K", 0.332223},
    std::pair<std::string_view, double>{"Q2_K_S", 0.403360},
};

/// nat/token; absent for types that were not published.
[[nodiscard]] inline std::optional<double> published_kld(std::string_view type) {
  const auto* const it =
      std::ranges::find(kPublishedKld, type, &std::pair<std::string_view, double>::first);
  return it == kPublishedKld.end() ? std::nullopt : std::optional(it->second);
}

}  // namespace qualm::diagnose
