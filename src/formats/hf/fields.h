// The members of a config.json, each asked for by name, type and bounds.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"

namespace qualm::formats::hf {

/// A key with null counts as missing. Where several names are given, the first that is there.
class Fields {
 public:
  using Names = std::initializer_list<std::string_view>;

  /// `object` must outlive this. `file` and `place` ("text_config") are for messages.
  Fields(const nlohmann::json& object, std::string file, std::string place = {})
      : object_(object), file_(std::move(file)), place_(std::move(place)) {}

  [[nodiscard]] const std::string& file() const noexcept { return file_; }
  [[nodiscard]] const nlohmann::json* find(Names names) const;
  [[nodiscard]] bool states(std::string_view name) const;  ///< even if null
  /// The member of an object, or an empty object.
  [[nodiscard]] Fields inside(std::string_view name) const;

  /// An integer from 1 to 2^31 - 1, HF-004; `otherwise` where it is missing, or HF-005 without one.
  [[nodiscard]] Result<std::int64_t> size(Names names,
                                          std::optional<std::int64_t> otherwise = {}) const;
  /// A finite number above 0, HF-004.
  [[nodiscard]] Result<double> number(Names names, double otherwise) const;
  [[nodiscard]] std::optional<double> number(Names names) const;
  [[nodiscard]] bool flag(Names names, bool otherwise) const;
  [[nodiscard]] std::string text(Names names) const;  ///< "" where there is none

  [[nodiscard]] Error error(std::string code, std::string_view name, std::string expected,
                            std::string found) const;

 private:
  const nlohmann::json& object_;
  std::string file_;
  std::string place_;
};

}  // namespace qualm::formats::hf
