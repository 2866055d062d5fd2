#include "locate/repository.h"

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "locate/choose.h"
#include "locate/inside.h"

namespace qualm::locate {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRepository = "models--";
constexpr std::int64_t kLongestRef = 256;
constexpr int kDepth = 6;  // of folders in a repository

bool is_commit(const std::string& text) {
  return text.size() == 40 && text.find_first_not_of("0123456789abcdefABCDEF") == text.npos;
}

/// The commit that a ref names; "" where it names none.
std::string commit_of(const std::string& store, const std::string& ref) {
  const auto path = inside(store, ref);
  const auto text = path ? small_file(*path, kLongestRef) : path;
  if (!text) return "";
  const std::string commit(trimmed(*text));
  return is_commit(commit) ? commit : "";
}

/// "models--ORG--REPO" as "ORG/REPO"; "" where it is none.
std::string id_of(const std::string& folder) {
  if (!folder.starts_with(kRepository)) return "";
  std::string id = folder.substr(kRepository.size());
  if (const auto at = id.find("--"); at != std::string::npos) id.replace(at, 2, "/");
  return parse_repo(std::string(kHub) + id) ? id : "";
}

std::string folder_of(std::string id) {
  if (const auto at = id.find('/'); at != std::string::npos) id.replace(at, 1, "--");
  return std::string(kRepository) + id;
}

std::string newest(const std::string& snapshots) {
  std::string found;
  fs::file_time_type latest{};
  for (const std::string& commit : folders_in(snapshots)) {
    std::error_code error;
    const auto time = fs::last_write_time(snapshots + "/" + commit, error);
    if (error || (!found.empty() && time <= latest)) continue;
    found = commit;
    latest = time;
  }
  return found;
}

void add_repository(Repository repository, std::vector<Repository>& all) {
  repository.files = files_below(repository.folder, kDepth);
  if (!repository.files.empty()) all.push_back(std::move(repository));
}

}  // namespace

std::string snapshot_of(const std::string& store, const std::string& repository) {
  const std::string snapshots = repository + "/snapshots/";
  const auto usable = [&](const std::string& commit) {
    return !commit.empty() && is_folder(snapshots + commit) &&
           inside(store, snapshots + commit).has_value();
  };
  if (const auto commit = commit_of(store, repository + "/refs/main"); usable(commit))
    return snapshots + commit;
  const auto refs = files_below(repository + "/refs", 3);
  if (refs.size() == 1)
    if (const auto commit = commit_of(store, repository + "/refs/" + refs.front()); usable(commit))
      return snapshots + commit;
  const auto commit = newest(snapshots);
  return usable(commit) ? snapshots + commit : "";
}

std::vector<Repository> hub_repositories(const Environment& environment, const std::string& id) {
  std::vector<Repository> all;
  for (const std::string& store : hub_folders(environment)) {
    const auto folders = id.empty() ? folders_in(store) : std::vector{folder_of(id)};
    for (const std::string& folder : folders) {
      const std::string own = id_of(folder);
      const std::string path = store + "/" + folder;
      if (own.empty() || !is_folder(path)) continue;
      if (const auto snapshot = snapshot_of(store, path); !snapshot.empty())
        add_repository({store, snapshot, own, {}}, all);
    }
  }
  return all;
}

std::vector<Repository> lm_studio_repositories(const Environment& environment,
                                               const std::string& id) {
  std::vector<Repository> all;
  for (const std::string& store : lm_studio_folders(environment)) {
    std::vector<std::string> ids{id};
    if (id.empty()) {
      ids.clear();
      for (const std::string& publisher : folders_in(store))
        for (const std::string& repo : folders_in(store + "/" + publisher))
          if (is_plain_part(publisher) && is_plain_part(repo))
            ids.push_back(publisher + "/" + repo);
    }
    for (const std::string& one : ids) add_repository({store, store + "/" + one, one, {}}, all);
  }
  return all;
}

std::vector<Repository> old_llama_repositories(const Environment& environment,
                                               const RepoName& name) {
  std::vector<Repository> all;
  const std::string prefix = name.org.empty() ? "" : name.org + "_" + name.repo + "_";
  for (const std::string& store : old_llama_folders(environment)) {
    Repository repository{store, store, name.id(), {}};
    for (const std::string& file : files_below(store, 1))
      if (!prefix.empty() && file.starts_with(prefix) && is_model_file(file))
        repository.files.push_back(file);
    if (!repository.files.empty()) all.push_back(std::move(repository));
  }
  return all;
}

std::vector<std::string> matches(const Repository& repository, const RepoName& name) {
  const std::string folder = repository.folder + "/";
  std::vector<std::string> found;
  if (!name.file.empty()) {
    // In the old cache the path is part of the name of the file.
    std::string flat = name.org + "_" + name.repo + "_" + name.file;
    std::ranges::replace(flat, '/', '_');
    for (const std::string& file : repository.files)
      if (file == name.file || file == flat) found.push_back(folder + file);
    return found;
  }
  for (const std::string& file : choose(repository.files, name.tag)) found.push_back(folder + file);
  if (name.tag.empty() && is_safetensors_model(repository.files))
    found.push_back(repository.folder);
  return found;
}

Result<std::string> checked(const Repository& repository, const std::string& path) {
  QUALM_TRY(std::string found, inside(repository.store, path));
  const std::string folder = is_folder(found) ? found : fs::path(found).parent_path().string();
  // A reader opens further files beside the one that was named.
  for (const std::string& file : files_below(folder, 1)) {
    const auto beside = inside(repository.store, folder + "/" + file);
    if (!beside && beside.error().code == "LOCATE-004") return beside;
  }
  return found;
}

}  // namespace qualm::locate
