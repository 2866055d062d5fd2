// What a command ends with: a report document and the exit code of the program.
#pragma once

#include <nlohmann/json.hpp>

namespace qualm::job {

struct Outcome {
  nlohmann::ordered_json document;
  int exit_code = 0;
};

}  // namespace qualm::job
