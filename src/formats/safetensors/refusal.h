// How the readers of safetensors files and of their index refuse.
#pragma once

#include <string>
#include <utility>

#include "base/error.h"

namespace qualm::safetensors {

struct Refusal {
  std::string code;
  std::string place;
  std::string expected;
  std::string found;
  std::string advice = "The file is damaged or was not finished; fetch it again.";
};

[[nodiscard]] inline std::unexpected<Error> refuse(const std::string& path, Refusal why) {
  return fail({Kind::input, std::move(why.code), path, std::move(why.place),
               std::move(why.expected), std::move(why.found), std::move(why.advice)});
}

}  // namespace qualm::safetensors
