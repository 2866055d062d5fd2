#include "locate/locate.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "base/text.h"
#include "locate/choose.h"
#include "locate/inside.h"
#include "locate/names.h"
#include "locate/refusals.h"
#include "locate/repository.h"

namespace qualm::locate {
namespace {

namespace fs = std::filesystem;

/// A file that a name may mean.
struct Candidate {
  const Repository* repository = nullptr;
  std::string path;
};

/// Two paths of one file count as one.
void keep_different(std::vector<Candidate>& candidates) {
  std::vector<std::string> seen;
  std::erase_if(candidates, [&](const Candidate& one) {
    std::error_code error;
    std::string real = fs::canonical(one.path, error).string();
    if (error) real = one.path;
    if (std::ranges::find(seen, real) != seen.end()) return true;
    seen.push_back(std::move(real));
    return false;
  });
}

/// How a person names it instead: by its file, or by its path where two stores have that.
std::vector<std::string> alternatives(std::string_view prefix,
                                      const std::vector<Candidate>& candidates) {
  std::vector<std::string> names;
  const Repository* first = candidates.front().repository;
  for (const Candidate& one : candidates) {
    const std::string file = fs::path(one.path).lexically_relative(first->folder).string();
    const bool same_store =
        std::ranges::all_of(candidates, [&](const auto& c) { return c.repository == first; });
    names.push_back(same_store && file != "." ? std::string(prefix) + first->id + "/" + file
                                              : one.path);
  }
  return names;
}

/// What is there of the repository, for a file that is not.
std::string what_is_there(std::string_view prefix, const std::vector<Repository>& repositories) {
  std::string text;
  for (const Repository& repository : repositories)
    for (const std::string& file : repository.files)
      if (is_model_file(file) && text.size() < 400)
        text += fmt::format("{}{}{}", text.empty() ? "only " : ", ", prefix,
                            name_of(repository.id, file, repository.files));
  return text.empty() ? "none" : text;
}

std::string hub_command(const RepoName& name) {
  std::string command = "hf download " + name.id();
  if (!name.file.empty()) command += " " + shell_word(name.file);
  if (!name.tag.empty()) command += fmt::format(" --include \"*{}*\"", name.tag);
  return command;
}

Result<Located> choose_one(const std::string& name, const RepoName& parts,
                           const std::vector<Repository>& repositories, Located located) {
  const std::string_view prefix = located.store == Store::lm_studio ? kLmStudio : kHub;
  std::vector<Candidate> candidates;
  for (const Repository& repository : repositories)
    for (std::string& path : matches(repository, parts))
      candidates.push_back({&repository, std::move(path)});
  keep_different(candidates);
  if (candidates.empty())
    return fail(not_found(
        name, what_is_there(prefix, repositories),
        located.store == Store::lm_studio ? "lms get " + parts.id() : hub_command(parts)));
  if (candidates.size() > 1) return fail(several(name, alternatives(prefix, candidates)));
  QUALM_TRY(located.path, checked(*candidates.front().repository, candidates.front().path));
  return located;
}

Result<Located> locate_hub(const std::string& name, const Environment& environment) {
  QUALM_TRY(const RepoName parts, parse_repo(name));
  auto repositories = hub_repositories(environment, parts.id());
  for (Repository& old : old_llama_repositories(environment, parts))
    repositories.push_back(std::move(old));
  return choose_one(name, parts, repositories,
                    {.path = {}, .name = name, .store = Store::hugging_face});
}

Result<Located> locate_lm_studio(const std::string& name, const Environment& environment) {
  QUALM_TRY(const RepoName parts, parse_repo(name));
  if (parts.org.empty()) return fail(bad_name(name, "no publisher"));
  return choose_one(name, parts, lm_studio_repositories(environment, parts.id()),
                    {.path = {}, .name = name, .store = Store::lm_studio});
}

Result<Located> locate_ollama(const std::string& name, const Environment& environment) {
  QUALM_TRY(const OllamaName parts, parse_ollama(name));
  const auto found = manifests_of(environment, parts);
  if (found.empty()) return fail(not_found(name, "none", "ollama pull " + parts.shown()));
  Located located{.path = {}, .name = name, .store = Store::ollama};
  std::vector<std::string> paths;
  for (const Manifest& manifest : found) {
    QUALM_TRY(OllamaModel model, open_manifest(manifest));
    if (std::ranges::find(paths, model.path) == paths.end()) paths.push_back(model.path);
    if (paths.size() > 1) continue;
    located.path = std::move(model.path);
    if (!located.overrides) located.overrides = std::move(model.overrides);
  }
  if (paths.size() > 1) return fail(several(name, paths));
  return located;
}

void list_repositories(const std::vector<Repository>& repositories, Store store,
                       std::vector<Listed>& all) {
  const std::string prefix(store == Store::lm_studio ? kLmStudio : kHub);
  for (const Repository& repository : repositories) {
    const auto add = [&](const std::string& path, std::string name) {
      Listed one{std::move(name), path, store, {}};
      if (const auto good = checked(repository, path); !good) one.problem = good.error().found;
      all.push_back(std::move(one));
    };
    for (const std::string& file : repository.files)
      if (is_model_file(file))
        add(repository.folder + "/" + file,
            prefix + name_of(repository.id, file, repository.files));
    if (is_safetensors_model(repository.files)) add(repository.folder, prefix + repository.id);
  }
}

void list_old_llama(const Environment& environment, std::vector<Listed>& all) {
  for (const std::string& store : old_llama_folders(environment))
    for (const std::string& file : files_below(store, 1)) {
      if (!is_model_file(file)) continue;
      const std::string path = store + "/" + file;
      Listed one{path, path, Store::llama_cpp, {}};
      if (const auto good = inside(store, path); !good) one.problem = good.error().found;
      all.push_back(std::move(one));
    }
}

void list_ollama(const Environment& environment, std::vector<Listed>& all) {
  for (const Manifest& manifest : ollama_manifests(environment)) {
    Listed one{std::string(kOllama) + manifest.name.shown(), manifest.path, Store::ollama, {}};
    if (auto model = open_manifest(manifest))
      one.path = std::move(model->path);
    else
      one.problem = model.error().found;
    all.push_back(std::move(one));
  }
}

}  // namespace

std::string_view to_string(Store store) noexcept {
  switch (store) {
    case Store::path:
      return "path";
    case Store::hugging_face:
      return "Hugging Face";
    case Store::llama_cpp:
      return "llama.cpp";
    case Store::ollama:
      return "Ollama";
    case Store::lm_studio:
      return "LM Studio";
  }
  return "path";
}

Result<Located> locate(const std::string& name, const Environment& environment) {
  if (name.starts_with(kHub)) return locate_hub(name, environment);
  if (name.starts_with(kOllama)) return locate_ollama(name, environment);
  if (name.starts_with(kLmStudio)) return locate_lm_studio(name, environment);
  return Located{.path = name, .name = name};
}

std::vector<Listed> list(const Environment& environment) {
  std::vector<Listed> all;
  list_repositories(hub_repositories(environment, ""), Store::hugging_face, all);
  list_old_llama(environment, all);
  list_ollama(environment, all);
  list_repositories(lm_studio_repositories(environment, ""), Store::lm_studio, all);
  return all;
}

std::vector<StoreFolder> store_folders(const Environment& environment) {
  std::vector<StoreFolder> all;
  const auto add = [&](Store store, const std::vector<std::string>& folders) {
    for (const std::string& folder : folders) all.push_back({store, folder, is_folder(folder)});
  };
  add(Store::hugging_face, hub_folders(environment));
  add(Store::llama_cpp, old_llama_folders(environment));
  add(Store::ollama, ollama_folders(environment));
  add(Store::lm_studio, lm_studio_folders(environment));
  return all;
}

}  // namespace qualm::locate
