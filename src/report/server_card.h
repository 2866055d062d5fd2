// A server in a report.
#pragma once

#include <cstdint>
#include <string>

namespace qualm::report {

/// A server that runs the candidate, as it tells of itself; empty where it does not.
struct ServerCard {
  std::string address;
  std::string kind;  ///< "llama-server"
  std::string build;
  std::string model_path;
  std::string model_name;
  std::int64_t slots = 1;
};

}  // namespace qualm::report
