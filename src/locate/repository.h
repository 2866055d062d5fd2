// Folders of model files as huggingface_hub, llama.cpp and LM Studio keep them.
#pragma once

#include <string>
#include <vector>

#include "base/error.h"
#include "locate/environment.h"
#include "locate/names.h"

namespace qualm::locate {

/// The files of one repository on this machine.
struct Repository {
  std::string store;               ///< the folder that no link may lead out of
  std::string folder;              ///< in which the files lie
  std::string id;                  ///< "ORG/REPO"
  std::vector<std::string> files;  ///< paths in `folder`, sorted
};

/// The snapshot that programs would take: of refs/main, else of the only ref, else the newest.
/// "": none.
[[nodiscard]] std::string snapshot_of(const std::string& store, const std::string& repository);

/// All repositories in the layout of the hub; `id` empty: of any name.
[[nodiscard]] std::vector<Repository> hub_repositories(const Environment& environment,
                                                       const std::string& id);
/// The same of LM Studio: PUBLISHER/REPO.
[[nodiscard]] std::vector<Repository> lm_studio_repositories(const Environment& environment,
                                                             const std::string& id);
/// Flat files of llama.cpp's old cache that begin with the name of this repository, as one; none
/// where there is none.
[[nodiscard]] std::vector<Repository> old_llama_repositories(const Environment& environment,
                                                             const RepoName& name);

/// What `name` means there: paths of files, or the folder of a safetensors model.
[[nodiscard]] std::vector<std::string> matches(const Repository& repository, const RepoName& name);

/// `path` of matches(), where it and the files beside it stay in the store, and it and its shards
/// are there. LOCATE-004, LOCATE-007.
[[nodiscard]] Result<std::string> checked(const Repository& repository, const std::string& path);

}  // namespace qualm::locate
