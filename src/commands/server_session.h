// A diagnosis of what a server runs: which file that is, and how it runs it.
#pragma once

#include <memory>
#include <optional>

#include "base/error.h"
#include "commands/diagnose_session.h"
#include "diagnose/facts.h"

namespace qualm::commands {

/// A server that the request names in place of a model.
struct NamedServer {
  std::unique_ptr<remote::ServedModel> model;
  /// Of what it runs, where that is not read: a model without weights. Else null.
  std::shared_ptr<experiment::OpenedModel> told;
};

/// Asks who answers at the address in place of the model of the request, which becomes the file
/// that the server runs: --server-file, or the path that it tells where that is on this machine and
/// in a store of models. Where it is not known the model stays the address. Errors: those of
/// remote::open_server; REMOTE-008 neither the file nor an original is known.
[[nodiscard]] Result<NamedServer> name_server(job::Request& request, Progress& progress);

/// A model without weights that stands for what the server runs.
[[nodiscard]] std::shared_ptr<experiment::OpenedModel> told_by(remote::ServedModel& served);

/// Where the model of the session's request is an address.
[[nodiscard]] Result<void> open_server(Session& session);

/// The server's own, for texts of windows like these. `original`: knows the texts of its tokens; or
/// null.
[[nodiscard]] std::shared_ptr<engine::Model> served_tokenizer(
    remote::ServedModel& served, const evaluate::TextWindows* windows,
    std::shared_ptr<const engine::Model> original);

[[nodiscard]] report::ServerCard server_card(remote::ServedModel& served);
/// Absent where the candidate is a file.
[[nodiscard]] std::optional<diagnose::GivenServer> given_server(const Session& session);

/// What the server does with the file: another chat template, an adapter, and the types of its
/// cache: told by its command line, or found by which cache makes this file answer as the server
/// does. Needs the experiment. Errors: those of the server.
[[nodiscard]] Result<void> find_server_settings(Session& session);

}  // namespace qualm::commands
