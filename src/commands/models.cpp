// `qualm models`: what the stores of other programs hold, from headers alone.
#include <algorithm>
#include <filesystem>
#include <set>

#include "base/file.h"
#include "commands/base_name.h"
#include "commands/commands.h"
#include "commands/session.h"
#include "experiment/reference_pack.h"
#include "formats/read.h"
#include "locate/locate.h"
#include "report/document.h"

namespace qualm::commands {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostPacks = 1000;

/// A model, and the names under which its original may be known.
struct Known {
  report::ListedModel listed;
  std::set<std::string> bases{};
};

/// "hf:ORG/REPO:TAG" as the repository alone; of a path the name of its file.
std::string repository_of(const locate::Listed& model) {
  std::string name = model.name;
  if (model.store == locate::Store::llama_cpp) return fs::path(name).filename().string();
  name.erase(0, name.find(':') + 1);
  if (const auto colon = name.find(':'); colon != std::string::npos) name.resize(colon);
  const auto slash = name.find('/');
  const auto file = slash == std::string::npos ? slash : name.find('/', slash + 1);
  if (file != std::string::npos && model.store != locate::Store::ollama) name.resize(file);
  return name;
}

Known known(const locate::Listed& model) {
  Known made{.listed = {.name = model.name,
                        .store = std::string(to_string(model.store)),
                        .path = model.path,
                        .problem = model.problem}};
  if (!model.problem.empty()) return made;
  const auto file = formats::read_header(model.path);
  if (!file) {
    made.listed.problem = file.error().found.empty() ? file.error().code : file.error().found;
    return made;
  }
  made.listed.card = card(*file);
  const std::string& type = made.listed.card->type;
  made.listed.is_original = type == "F16" || type == "BF16" || type == "F32";
  made.bases = {base_name(repository_of(model)), base_name(made.listed.card->name)};
  made.bases.erase("");
  return made;
}

bool meet(const std::set<std::string>& a, const std::set<std::string>& b) {
  return std::ranges::any_of(a, [&](const std::string& one) { return b.contains(one); });
}

/// Names the first original of each quantized model.
void find_originals(std::vector<Known>& models) {
  for (Known& one : models) {
    if (!one.listed.card || one.listed.is_original) continue;
    const auto original = std::ranges::find_if(models, [&](const Known& other) {
      return other.listed.is_original && meet(one.bases, other.bases) &&
             other.listed.card->arch == one.listed.card->arch;
    });
    if (original != models.end()) one.listed.original = original->listed.name;
  }
}

struct Pack {
  std::string path;
  std::set<std::string> bases;
};

/// The packs of a folder that can be read.
std::vector<Pack> packs_in(const std::string& folder) {
  std::vector<Pack> packs;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end && packs.size() < kMostPacks;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->path().extension() != ".qref" || !entry->is_regular_file(ignored)) continue;
    const auto file = map_file(entry->path().string());
    const auto original = file ? experiment::original_of_pack(*file)
                               : Result<experiment::PackOriginal>(fail(file.error()));
    if (!original) continue;
    packs.push_back({entry->path().lexically_normal().string(),
                     {base_name(original->file), base_name(original->name)}});
    packs.back().bases.erase("");
  }
  std::ranges::sort(packs, {}, &Pack::path);
  return packs;
}

/// In the current folder, else beside the model.
void find_packs(std::vector<Known>& models) {
  const auto here = packs_in(".");
  std::map<std::string, std::vector<Pack>> beside;
  for (Known& one : models) {
    if (!one.listed.card || one.listed.is_original) continue;
    const std::string folder = fs::path(one.listed.path).parent_path().string();
    if (!beside.contains(folder)) beside[folder] = packs_in(folder);
    for (const std::vector<Pack>& packs : {here, beside[folder]})
      for (const Pack& pack : packs)
        if (one.listed.pack.empty() && meet(one.bases, pack.bases)) one.listed.pack = pack.path;
  }
}

}  // namespace

Result<job::Outcome> models(const locate::Environment& environment, Progress& progress) {
  std::vector<Known> found;
  const auto listed = locate::list(environment);
  for (const locate::Listed& one : listed) {
    if (progress.cancelled())
      return fail(
          {Kind::cancelled, "MODELS-001", "", "", "the list of models", "stopped on request", ""});
    progress.update("reading headers", std::ssize(found), std::ssize(listed));
    found.push_back(known(one));
  }
  find_originals(found);
  find_packs(found);
  report::ModelsReport report;
  for (Known& one : found) report.models.push_back(std::move(one.listed));
  for (const locate::StoreFolder& one : locate::store_folders(environment))
    report.stores.push_back({std::string(to_string(one.store)), one.path, one.exists});
  return job::Outcome{report::to_json(report), 0};
}

}  // namespace qualm::commands
