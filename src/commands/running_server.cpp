#include "commands/running_server.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "remote/address.h"
#include "remote/process.h"

namespace qualm::commands {
namespace {

/// llama-server's own, where it is not told another.
constexpr const char* kUsualPort = "8080";

bool serves(const remote::Process& process, const std::string& path) {
  const auto model = remote::value_of(remote::kModel, process);
  const bool is_server = std::ranges::any_of(process.words, [](const std::string& word) {
    return std::filesystem::path(word).filename() == "llama-server" || word == "--port";
  });
  std::error_code error;
  return model && is_server &&
         std::filesystem::equivalent(std::filesystem::path(process.folder) / *model, path, error) &&
         !error;
}

}  // namespace

Result<void> take_running_server(job::Request& request) {
  if (!request.server.as_run) return {};
  std::string& model = request.models.front();
  for (const remote::Process& process : remote::own_processes()) {
    if (!serves(process, model)) continue;
    request.server.file = model;
    model = "http://127.0.0.1:" + remote::value_of(remote::kPort, process).value_or(kUsualPort);
    return {};
  }
  return fail({Kind::input, "REMOTE-022", model, "--as-run",
               "a server of yours that runs this file", "none on this machine",
               "Start it (llama-server, or `ollama run`), or leave --as-run away. LM Studio runs "
               "models inside itself: its file is measured."});
}

}  // namespace qualm::commands
