#include "locate/inside.h"

#include <algorithm>
#include <filesystem>

#include "base/file.h"
#include "locate/refusals.h"

namespace qualm::locate {
namespace {

namespace fs = std::filesystem;

bool lies_in(const fs::path& folder, const fs::path& path) {
  return std::ranges::mismatch(folder, path).in1 == folder.end();
}

}  // namespace

bool is_folder(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

Result<std::string> small_file(const std::string& path, std::int64_t most) {
  std::error_code ignored;  // to open a pipe would wait for its other end
  if (fs::exists(path, ignored) && !fs::is_regular_file(path, ignored))
    return fail(bad_store_file(path, "", "a file", "a folder, a pipe or a device"));
  QUALM_TRY(const auto file, map_file(path));
  const auto bytes = file->bytes();
  if (std::cmp_greater(bytes.size(), most)) return fail(too_large(path, most, bytes.size()));
  return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
}

Result<std::string> inside(const std::string& store, const std::string& path) {
  std::error_code error;
  const fs::path root = fs::canonical(store, error);
  const fs::path real = error ? fs::path() : fs::canonical(path, error);
  if (error == std::errc::too_many_symbolic_link_levels)
    return fail(leaves_store(path, "a link that leads in a circle"));
  if (error) return fail(not_there(path));
  if (!lies_in(root, real))
    return fail(leaves_store(path, "a link out of it, to " + real.string()));
  if (!fs::is_regular_file(real, error) && !fs::is_directory(real, error))
    return fail(leaves_store(path, "a pipe, a device or a socket"));
  return path;
}

std::vector<std::string> files_below(const std::string& folder, int depth) {
  std::vector<std::string> found;
  std::error_code error;
  std::size_t seen = 0;
  fs::recursive_directory_iterator entry(folder, fs::directory_options::skip_permission_denied,
                                         error);
  for (const fs::recursive_directory_iterator end; !error && entry != end && seen < kMostEntries;
       entry.increment(error), ++seen) {
    if (entry.depth() + 1 >= depth) entry.disable_recursion_pending();
    std::error_code ignored;
    const auto kind = entry->symlink_status(ignored).type();
    if (kind == fs::file_type::regular || kind == fs::file_type::symlink)
      found.push_back(entry->path().lexically_relative(folder).string());
  }
  std::ranges::sort(found);
  return found;
}

std::vector<std::string> folders_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;
  fs::directory_iterator entry(folder, error);
  for (const fs::directory_iterator end; !error && entry != end && found.size() < kMostEntries;
       entry.increment(error)) {
    std::error_code ignored;
    if (entry->is_directory(ignored)) found.push_back(entry->path().filename().string());
  }
  std::ranges::sort(found);
  return found;
}

}  // namespace qualm::locate
