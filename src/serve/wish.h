// What the page asks to be run: a few fields, each looked at.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "job/request.h"
#include "serve/places.h"

namespace qualm::serve {

/// A string that is empty was not given. Models and the text are paths, relative to the root, or
/// names of models.
struct Wish {
  std::string command;  ///< "diagnose" or "measure"
  std::string candidate;
  std::string baseline;
  std::string reference;
  std::string base_model;
  std::string text;
  std::string type_k;
  std::string type_v;
  std::string symptom;
  std::optional<std::int32_t> ctx_size;  ///< tokens
  std::optional<double> budget;          ///< seconds
};

/// SERVE-010: a field that is not known, missing, of another type or out of range. JSON-*.
[[nodiscard]] Result<Wish> parse_wish(std::string_view json);
/// What was given, as parse_wish() takes it.
[[nodiscard]] nlohmann::ordered_json to_json(const Wish& wish);

/// "diagnose model-Q2_K.gguf": of one line, of any bytes.
[[nodiscard]] std::string title_of(const Wish& wish);

/// With absolute paths, each where the page may look. A value never becomes an option: it goes into
/// the request's own field. SERVE-011 to SERVE-013.
[[nodiscard]] Result<job::Request> request_of(const Wish& wish, const Places& places);

}  // namespace qualm::serve
