// What made a report, and a model in it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace qualm::report {

/// What made the report.
struct Tool {
  std::string version = QUALM_VERSION;
  std::string libllama;  ///< engine::Engine::version(); empty where no engine ran
};

/// A model in one line.
struct ModelCard {
  std::string path;    ///< as the user gave it
  std::string format;  ///< "GGUF v3", "EXL2", ...
  std::string arch;
  std::string type;  ///< "Q4_K_M", as the file calls itself or else what most weights are stored as
  std::string name;  ///< general.name; empty where the file gives none
  std::int64_t parameters = 0;
  std::uint64_t file_bytes = 0;
  double bpw = 0;  ///< bits of tensor data per weight
  std::vector<std::pair<std::string, double>>
      top_types;                               ///< type, share of the weights; largest first
  std::optional<std::int64_t> context_length;  ///< the model was trained for
};

}  // namespace qualm::report
