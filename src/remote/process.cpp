#include "remote/process.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <set>
#include <span>
#include <sstream>

#include "base/platform.h"

namespace qualm::remote {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMostBytes = std::size_t{1} << 20;  // of a command line, or of variables
constexpr const char* kListens = "0A";                    // TCP_LISTEN in /proc/net/tcp

/// Inodes of the sockets that listen on `port`, as /proc/net/tcp tells.
std::set<std::string> listening_sockets(std::int64_t port) {
  std::set<std::string> inodes;
  for (const char* table : {"/proc/net/tcp", "/proc/net/tcp6"}) {
    std::ifstream file(table);
    for (std::string line; std::getline(file, line);) {
      std::istringstream fields(line);
      std::string number, local, remote, state, queues, timer, again, user, timeout, inode;
      fields >> number >> local >> remote >> state >> queues >> timer >> again >> user >> timeout >>
          inode;
      const auto colon = local.find(':');
      if (state == kListens && colon != std::string::npos &&
          local.substr(colon + 1) == fmt::format("{:04X}", port))
        inodes.insert(inode);
    }
  }
  return inodes;
}

/// Folders of the processes of this user below /proc.
std::vector<fs::path> folders_of_own_processes() {
  std::vector<fs::path> all;
  std::error_code error;
  for (fs::directory_iterator it("/proc", error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename();
    const bool is_number = std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    if (is_number && owned_by_this_user(it->path())) all.push_back(it->path());
  }
  return all;
}

bool holds_one_of(const fs::path& process, const std::set<std::string>& inodes) {
  std::error_code error;
  for (fs::directory_iterator it(process / "fd", error), end; !error && it != end;
       it.increment(error)) {
    std::error_code gone;
    const std::string to = fs::read_symlink(it->path(), gone).string();
    const std::string_view before = "socket:[";
    if (to.starts_with(before) && to.ends_with(']') &&
        inodes.contains(to.substr(before.size(), to.size() - before.size() - 1)))
      return true;
  }
  return false;
}

/// What a file of /proc lists with a zero byte after each.
std::vector<std::string> texts_in(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::vector<std::string> texts;
  std::size_t bytes = 0;
  for (std::string text; bytes < kMostBytes && std::getline(file, text, '\0');) {
    bytes += text.size();
    texts.push_back(std::move(text));
  }
  return texts;
}

Process process_in(const fs::path& folder) {
  std::error_code gone;
  Process process{.words = texts_in(folder / "cmdline"),
                  .folder = fs::read_symlink(folder / "cwd", gone).string(),
                  .variables = texts_in(folder / "environ")};
  std::erase_if(process.variables,
                [](const std::string& one) { return !one.starts_with("LLAMA_ARG_"); });
  return process;
}

std::optional<std::string> option_in(const CommandLine& words,
                                     std::span<const std::string_view> names) {
  std::optional<std::string> value;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const std::string_view name : names) {
      if (words[i] == name && i + 1 < words.size()) value = words[i + 1];
      const std::string with = std::string(name) + "=";
      if (name.starts_with("--") && words[i].starts_with(with))
        value = words[i].substr(with.size());
    }
  }
  return value;
}

}  // namespace

std::optional<Process> listener(std::int64_t port) {
  const auto inodes = listening_sockets(port);
  if (inodes.empty()) return std::nullopt;
  for (const fs::path& folder : folders_of_own_processes())
    if (holds_one_of(folder, inodes)) return process_in(folder);
  return std::nullopt;
}

std::vector<Process> own_processes() {
  std::vector<Process> all;
  for (const fs::path& folder : folders_of_own_processes()) all.push_back(process_in(folder));
  return all;
}

std::optional<std::string> value_of(const Option& option, const Process& process) {
  if (auto value = option_in(process.words, option.names)) return value;
  const std::string with = std::string(option.variable) + "=";
  for (const std::string& variable : process.variables)
    if (variable.starts_with(with)) return variable.substr(with.size());
  return std::nullopt;
}

}  // namespace qualm::remote
