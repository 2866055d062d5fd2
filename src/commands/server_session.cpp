#include "commands/server_session.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <iterator>

#include "base/file.h"
#include "base/text.h"
#include "commands/server_cache.h"
#include "locate/environment.h"
#include "locate/inside.h"
#include "remote/process.h"
#include "remote/served_tokenizer.h"

namespace qualm::commands {
namespace {

constexpr std::int64_t kMostKey = 4096;  // bytes

/// A store that another program keeps models in, with all links followed.
bool in_a_store(const std::string& path) {
  for (const std::string& folder : locate::all_folders(locate::environment()))
    if (locate::inside(folder, path)) return true;
  return false;
}

/// Of --api-key-file, or of QUALM_API_KEY; empty: none.
Result<std::string> api_key(const job::Request& request) {
  const char* const set = std::getenv("QUALM_API_KEY");
  if (request.server.key_file.empty()) return set ? std::string(set) : std::string();
  QUALM_TRY(const std::string text, locate::small_file(request.server.key_file, kMostKey));
  return std::string(trimmed(text));
}

/// Empty: not known.
std::string file_of_server(const job::Request& request, const remote::ServerInfo& info) {
  if (!request.server.file.empty()) return request.server.file;
  return info.address.loopback && in_a_store(info.model_path) ? info.model_path : "";
}

std::string which_file(const remote::ServerInfo& info) {
  if (info.model_path.empty()) return "it does not say which";
  return "it says " + printable(info.model_path);
}

/// A model of which no weight is known.
model::Checkpoint what_is_told(const remote::ServerInfo& info) {
  model::Checkpoint told;
  told.format = info.kind + (info.build.empty() ? "" : " " + info.build);
  told.path = info.address.base;
  told.metadata.set("general.name", info.model_name);
  told.lacks.emplace_back("weights (a server runs it)");
  return told;
}

/// The token that every window begins with, or -1.
engine::Token first_token_of_all(const evaluate::TextWindows& windows) {
  const engine::Token first = windows.window(0).front();
  for (std::int32_t w = 1; w < windows.count(); ++w)
    if (windows.window(w).front() != first) return -1;
  return first;
}

bool is_llama_server(const remote::CommandLine& words) {
  return std::ranges::any_of(words, [](const std::string& word) {
    return std::filesystem::path(word).filename() == "llama-server";
  });
}

/// The server, where it is a process of this user. What listens may also be one that passes
/// requests on, such as ssh -L.
std::optional<remote::Process> process_of(const remote::ServerInfo& info) {
  if (!info.address.loopback) return std::nullopt;
  auto process = remote::listener(info.address.port);
  return process && is_llama_server(process->words) ? std::move(process) : std::nullopt;
}

void add_template(const remote::ServerInfo& info, Session& session) {
  const auto text = session.candidate->checkpoint().metadata.string("tokenizer.chat_template");
  if (!text || info.chat_template.empty() || trimmed(*text) == trimmed(info.chat_template)) return;
  session.facts.files.faults.push_back(
      {.kind = diagnose::FaultKind::chat_template,
       .effect = diagnose::Effect::prompts,
       .where = "server_template",
       .says = "the server renders chats with another template than the file's: start it without "
               "--chat-template"});
}

void add_adapters(const remote::ServerInfo& info, Session& session) {
  for (const std::string& adapter : info.adapters)
    session.facts.files.faults.push_back(
        {.kind = diagnose::FaultKind::server,
         .effect = diagnose::Effect::prompts,
         .where = "server_adapter",
         .says = fmt::format("the server adds a LoRA adapter to the model: {}. Start it without "
                             "--lora to have the model of the file",
                             printable(adapter))});
}

/// As it was started; types that are not given are llama.cpp's own.
void take_cache_of(const remote::Process& process, Session& session) {
  const std::string k = remote::value_of(remote::kCacheTypeK, process).value_or("f16");
  const std::string v = remote::value_of(remote::kCacheTypeV, process).value_or("f16");
  set_cache(session, {k, v}, fmt::format("it was started with {}/{}", k, v));
}

/// As its answers tell.
Result<void> look_for_cache(Session& session) {
  if (!session.facts.paired()) return {};
  QUALM_TRY(const FoundCache found, find_cache(*session.runner, session.facts.reference()));
  if (found.types)
    set_cache(session, *found.types, found.says);
  else
    session.facts.files.remarks.push_back(
        diagnose::fact("server_cache", "The server's cache is not known: " + found.says));
  return {};
}

}  // namespace

Result<NamedServer> name_server(job::Request& request, Progress& progress) {
  QUALM_TRY(const std::string key, api_key(request));
  QUALM_TRY(auto server, remote::open_server(request.models.front(), key));
  const remote::ServerInfo info = server->info();
  request.server.file = file_of_server(request, info);
  if (request.server.file.empty() && request.baseline.empty() && request.reference.empty())
    return fail({Kind::input, "REMOTE-008", info.address.base, "the model's file",
                 "--server-file, or --baseline, or --reference", which_file(info),
                 "Give the file that the server runs with --server-file."});
  if (!server->reads_windows())
    progress.note(
        fmt::format("{} is asked token by token: prompts that it has read leave its memory.",
                    info.address.base));
  NamedServer named{std::make_unique<remote::ServedModel>(std::move(server)), nullptr};
  if (!request.server.file.empty()) {
    request.models.front() = request.server.file;
    return named;
  }
  progress.note(
      fmt::format("The file that it runs is not read: {}. Give it with --server-file to have all "
                  "checks.",
                  which_file(info)));
  named.told = told_by(*named.model);
  return named;
}

std::shared_ptr<experiment::OpenedModel> told_by(remote::ServedModel& served) {
  const remote::ServerInfo& info = served.server().info();
  return experiment::OpenedModel::made(what_is_told(info), info.address.base,
                                       info.address.base + " " + info.build);
}

Result<void> open_server(Session& session) {
  if (!remote::is_server_word(session.request.models.front())) return {};
  QUALM_TRY(auto named, name_server(session.request, session.progress));
  session.served = std::move(named.model);
  session.candidate = std::move(named.told);
  return {};
}

std::shared_ptr<engine::Model> served_tokenizer(remote::ServedModel& served,
                                                const evaluate::TextWindows* windows,
                                                std::shared_ptr<const engine::Model> original) {
  engine::Token start = original ? original->window_start() : -1;
  if (windows) start = first_token_of_all(*windows);
  return std::make_shared<remote::ServedTokenizer>(served.server(), start, std::move(original));
}

report::ServerCard server_card(remote::ServedModel& served) {
  const remote::ServerInfo& info = served.server().info();
  return {info.address.base, info.kind, info.build, info.model_path, info.model_name, info.slots};
}

std::optional<diagnose::GivenServer> given_server(const Session& session) {
  if (!session.served) return std::nullopt;
  const remote::ServerInfo& info = session.served->server().info();
  return diagnose::GivenServer{.address = info.address.base,
                               .kind = info.kind,
                               .file_known = !session.request.server.file.empty(),
                               .own_cache = info.cache == remote::CacheOf::its_own};
}

Result<void> find_server_settings(Session& session) {
  if (!session.served) return {};
  const remote::ServerInfo& info = session.served->server().info();
  add_template(info, session);
  add_adapters(info, session);
  if (session.request.cache_told || session.facts.served_alone() ||
      info.cache != remote::CacheOf::llama_cpp)
    return {};
  const auto process = process_of(info);
  if (!process) return look_for_cache(session);
  take_cache_of(*process, session);
  return {};
}

}  // namespace qualm::commands
