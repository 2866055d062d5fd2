// A reference pack (experiment/reference_pack.h) in place of the original.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "commands/session.h"
#include "diagnose/facts.h"
#include "experiment/reference_pack.h"
#include "report/report.h"

namespace qualm::commands {

/// PACK-008: an option that a pack decides (the original, the text and how it is read).
[[nodiscard]] Result<void> check_goes_with_pack(const job::Request& request);

/// A pack, or a base file of llama-perplexity, by its first bytes.
[[nodiscard]] bool is_reference(const std::string& path);

/// A pack or a base file. Errors: FILE-*, ST-*, PACK-001 to PACK-005, PACK-010.
[[nodiscard]] Result<experiment::ReferencePack> open_pack(const std::string& path);

/// The pack's texts, ready to be measured on. PACK-006: the reader's model has another vocabulary,
/// or splits one of them otherwise, with the first token that differs.
[[nodiscard]] Result<std::vector<DomainText>> texts_of_pack(const experiment::ReferencePack& pack,
                                                            const TextReader& reader);

[[nodiscard]] diagnose::GivenPack given_pack(const experiment::ReferencePack& pack);
/// How the text to judge on is called in reports.
[[nodiscard]] std::string label_of(const experiment::ReferencePack& pack);
/// The original as the pack describes it; a base file of llama-perplexity does not.
[[nodiscard]] std::optional<report::ModelCard> original_card(const experiment::ReferencePack& pack);
[[nodiscard]] report::ReferenceCard reference_card(const experiment::ReferencePack& pack,
                                                   const std::string& path);
/// What its distributions do to a KLD, where its maker measured it.
[[nodiscard]] std::optional<report::ReferenceError> error_of(const experiment::ReferencePack& pack);
/// What the file `path` holds.
[[nodiscard]] report::PackReport report_of_pack(const experiment::ReferencePack& pack,
                                                const std::string& path);

}  // namespace qualm::commands
