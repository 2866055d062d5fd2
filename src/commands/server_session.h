// A diagnosis of what a server runs: which file that is, and how it runs it.
#pragma once

#include <optional>
#include <string>

#include "base/error.h"
#include "commands/diagnose_session.h"
#include "diagnose/facts.h"

namespace qualm::commands {

/// The API key of --api-key-file, or of QUALM_API_KEY; empty: none. Errors: FILE-*.
[[nodiscard]] Result<std::string> api_key(const job::Request& request);

/// The file of the model that a server runs: --server-file, or the path that it tells where it is
/// on this machine and in a store of models. Empty: not known.
[[nodiscard]] std::string file_of_server(const job::Request& request,
                                         const remote::ServerInfo& info);

/// Where the model of the request is an address: asks what runs there. Its file, where it is known,
/// becomes the model of the request; else the candidate is a model without a file. Errors: those of
/// open_server; REMOTE-008 neither the file nor an original is known.
[[nodiscard]] Result<void> open_server(Session& session);

/// Of a candidate without a file: its server's tokenizer.
[[nodiscard]] std::shared_ptr<engine::Model> served_tokenizer(const Session& session);

/// Absent where the candidate is a file.
[[nodiscard]] std::optional<report::ServerCard> server_card(const Session& session);
[[nodiscard]] std::optional<diagnose::GivenServer> given_server(const Session& session);

/// What the server does with the file: another chat template, an adapter, and the types of its
/// cache: told by its command line, or found by which cache makes this file answer as the server
/// does. Needs the experiment. Errors: those of the server.
[[nodiscard]] Result<void> find_server_settings(Session& session);

}  // namespace qualm::commands
