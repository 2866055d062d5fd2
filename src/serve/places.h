// Which files the page may name: those of one folder, and of the stores of other programs.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/error.h"
#include "locate/environment.h"

namespace qualm::serve {

inline constexpr std::size_t kMostListed = 5000;  ///< entries of a folder that are shown

/// Every path is looked at with all links followed: what it leads to lies in the folder, not below
/// a hidden name, or in a store.
class Places {
 public:
  /// SERVE-004: the root is no folder.
  [[nodiscard]] static Result<Places> open(const std::string& root,
                                           const locate::Environment& environment);

  [[nodiscard]] std::string root() const { return root_.string(); }

  /// {path, parent, entries: [{name, kind, bytes}], truncated}: folders first, by name. `path` is
  /// relative to the root, "" the root itself; parent is null there. Hidden files, and links that
  /// lead elsewhere, are left out. SERVE-011 outside, SERVE-012 no folder.
  [[nodiscard]] Result<nlohmann::ordered_json> list(const std::string& path) const;

  /// The path of a file or folder that a request names, absolute; the name of a model in a store
  /// (hf:, ollama:, lms:) stays as it is. SERVE-011, SERVE-012; SERVE-013 a URL; LOCATE-*, JSON-*.
  [[nodiscard]] Result<std::string> take(const std::string& said) const;

 private:
  Places() = default;
  [[nodiscard]] bool allows(const std::filesystem::path& real) const;
  /// What the path leads to, where that is allowed.
  [[nodiscard]] Result<std::filesystem::path> real(const std::filesystem::path& path,
                                                   const std::string& said) const;

  locate::Environment environment_;
  std::filesystem::path root_;
  std::vector<std::filesystem::path> stores_;
};

}  // namespace qualm::serve
