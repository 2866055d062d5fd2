#include "commands/bundled.h"

#include <cstdlib>
#include <filesystem>
#include <vector>

#include "base/file.h"

namespace qualm::commands {

void look_for_data_beside(const std::string& program) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path place =
      fs::canonical(program, ignored).parent_path().parent_path() / "share/qualm";
  if (fs::is_directory(place, ignored)) ::setenv("QUALM_DATA", place.c_str(), 0);
}

Result<std::string> data_file(const std::string& name) {
  namespace fs = std::filesystem;
  std::vector<fs::path> places;
  if (const char* set = std::getenv("QUALM_DATA")) places.emplace_back(set);
  std::error_code ignored;
  places.emplace_back(QUALM_BUILD_DATA_DIR);
  std::string tried;
  for (const fs::path& place : places) {
    if (fs::exists(place / name, ignored)) return (place / name).string();
    tried += (tried.empty() ? "" : ", ") + place.string();
  }
  return fail({Kind::input, "DATA-001", name, "", "this file of qualm's own", "not in " + tried,
               "Set QUALM_DATA to the folder that holds qualm's models/ and corpora/."});
}

Result<std::string> read_text(const std::string& path) {
  std::string file = path;
  if (file.empty()) {
    QUALM_TRY(file, data_file("corpora/frankenstein.txt"));
  }
  QUALM_TRY(const auto source, map_file(file));
  const auto bytes = source->bytes();
  std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (const auto at = text.find('\0'); at != std::string::npos)
    return fail({Kind::input, "DATA-002", file, "byte " + std::to_string(at), "text", "a NUL byte",
                 "Give a plain text file with -f."});
  return text;
}

}  // namespace qualm::commands
