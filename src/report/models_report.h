// Models that other programs keep.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "report/model_card.h"

namespace qualm::report {

/// A model that was given by its name in another program, and what that program does with it.
struct NamedModel {
  std::string name;                                          ///< "ollama:llama3.2:3b"
  std::string store;                                         ///< "Ollama"
  std::string path;                                          ///< of the file that was read
  std::vector<std::pair<std::string, std::string>> notes{};  ///< id, sentence
};

/// A model that a store of another program holds.
struct ListedModel {
  std::string name;
  std::string store;
  std::string path;
  std::optional<ModelCard> card{};  ///< absent: it cannot be read
  std::string problem{};            ///< why, in a few words
  bool is_original = false;         ///< stored as F16, BF16 or F32
  std::string original{};           ///< name of an original of it that is at hand; or empty
  std::string pack{};               ///< path of a reference pack of it; or empty
};
struct StoreCard {
  std::string name;
  std::string path;
  bool exists = false;
};
struct ModelsReport {
  Tool tool{};
  std::vector<ListedModel> models;
  std::vector<StoreCard> stores;  ///< looked in
};

}  // namespace qualm::report
