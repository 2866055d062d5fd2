// The names that qualm takes in place of a path, split into their parts.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::locate {

/// hf:ORG/REPO[:TAG], hf:ORG/REPO/FILE, and the same with lms:. Models of the first days of the hub
/// have no org: hf:gpt2.
struct RepoName {
  std::string org;
  std::string repo;
  std::string tag;   ///< of a quant type: "Q4_K_M"; or empty
  std::string file;  ///< path in the repository; or empty

  [[nodiscard]] std::string id() const { return org.empty() ? repo : org + "/" + repo; }
};

struct OllamaName {
  std::string host = "registry.ollama.ai";
  std::string owner = "library";
  std::string model;
  std::string tag = "latest";

  /// As `ollama list` shows it: without what is the default.
  [[nodiscard]] std::string shown() const;
};

inline constexpr std::string_view kHub = "hf:";
inline constexpr std::string_view kOllama = "ollama:";
inline constexpr std::string_view kLmStudio = "lms:";

/// It begins with one of these: all others are paths.
[[nodiscard]] bool is_name(const std::string& word);

/// `word` with its prefix. LOCATE-001: a part that no store allows, such as "..", or too long.
[[nodiscard]] Result<RepoName> parse_repo(const std::string& word);
[[nodiscard]] Result<OllamaName> parse_ollama(const std::string& word);

/// Letters, digits, _ - . and none of "", ".", "..": safe as a name of a file.
[[nodiscard]] bool is_plain_part(std::string_view part);

}  // namespace qualm::locate
